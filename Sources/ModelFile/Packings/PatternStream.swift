/// Walks the stream of a weight packed in pattern groups, panel by panel.
struct PatternStream {
  /// The columns of one panel within one block.
  struct Panel {
    /// First row within the group, and how many there are, 1 ... 4.
    let firstRow, rows: Int
    let group: Int
    /// First column, and how many there are.
    let firstColumn, width: Int
    /// Where in the stream the columns of set s begin; those of s + 1 begin where they end.
    fileprivate let starts: InlineArray<17, Int>

    /// Positions in the stream of the columns of a set, 1 ... 15.
    func columns(ofSet set: Int) -> Range<Int> { starts[set]..<starts[set + 1] }
    var allColumns: Range<Int> { starts[1]..<starts[16] }
  }

  private let weight: VerifiedModel.Weight
  private let structure: WeightStructure
  private var position = 0
  private var group = 0
  private var firstColumn = 0
  private var firstRow = 0

  init(_ weight: VerifiedModel.Weight, _ structure: WeightStructure) {
    self.weight = weight
    self.structure = structure
  }

  /// The next panel, or nil at the end of the weight.
  /// - Throws: Where the stream ends too early or too late.
  mutating func next() throws(WeightFault) -> Panel? {
    guard group < weight.groups else {
      guard position == structure.streamCount else {
        throw WeightFault("a stream that is longer than the weight")
      }
      return nil
    }
    guard structure.streamCount - position >= 15 else {
      throw WeightFault("a stream that ends too early")
    }
    var starts = InlineArray<17, Int>(repeating: 0)
    starts[1] = position + 15
    for set in 1...15 {
      starts[set + 1] = starts[set] + structure.streamed(position + set - 1)
    }
    guard starts[16] <= structure.streamCount else {
      throw WeightFault("a stream that ends too early")
    }
    position = starts[16]
    let rows = weight.rows / weight.groups
    let panel = Panel(
      firstRow: firstRow, rows: Swift.min(4, rows - firstRow), group: group,
      firstColumn: firstColumn,
      width: Swift.min(weight.columnBlock, weight.columns - firstColumn), starts: starts)
    firstRow += 4
    if firstRow >= rows {
      firstRow = 0
      firstColumn += weight.columnBlock
      if firstColumn >= weight.columns {
        firstColumn = 0
        group += 1
      }
    }
    return panel
  }
}
