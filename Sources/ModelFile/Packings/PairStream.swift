/// Walks the stream of a weight packed in row pairs, pair by pair.
struct PairStream {
  /// The columns of one pair within one block.
  struct Pair {
    /// Rows within the group; the second may lie behind its end.
    let rows: (Int, Int)
    let group: Int
    /// First column of the block, and how many it has.
    let firstColumn, width: Int
    /// Columns of each row for itself, and of both.
    let alone, shared: Int
    /// Where the pair's columns stand in the stream.
    let columns: Range<Int>
  }

  private let weight: VerifiedModel.Weight
  private let structure: WeightStructure
  private let pairsPerGroup: Int
  private var position = 0
  private var group = 0
  private var firstColumn = 0
  private var number = 0
  /// Rows of the band that have had their pair.
  private var seen = RowSet()

  init(_ weight: VerifiedModel.Weight, _ structure: WeightStructure) {
    self.weight = weight
    self.structure = structure
    pairsPerGroup = dividedUp(weight.rows / weight.groups, 2)
  }

  /// The next pair, or nil at the end of the weight.
  /// - Throws: Where the stream ends too early or too late, or what it says of a pair cannot be.
  mutating func next() throws(WeightFault) -> Pair? {
    guard group < weight.groups else {
      guard position == structure.streamCount else {
        throw WeightFault("a stream that is longer than the weight")
      }
      return nil
    }
    guard structure.streamCount - position >= 4 else {
      throw WeightFault("a stream that ends too early")
    }
    let place = number % weight.panelsPerList
    if place == 0 { seen = RowSet() }
    let band = number - place
    let rows = 2 * Swift.min(weight.panelsPerList, pairsPerGroup - band)
    let first = structure.streamed(position)
    let second = structure.streamed(position + 1)
    guard first < rows, second < rows, seen.insert(first), seen.insert(second) else {
      throw WeightFault("a row that is not in its band, or stands in two pairs")
    }
    let alone = structure.streamed(position + 2)
    let shared = structure.streamed(position + 3)
    guard alone % 2 == 0, shared % 2 == 0 else {
      throw WeightFault("columns of a pair that do not come in twos")
    }
    let start = position + 4
    guard 2 * alone + shared <= structure.streamCount - start else {
      throw WeightFault("a stream that ends too early")
    }
    let pair = Pair(
      rows: (2 * band + first, 2 * band + second), group: group, firstColumn: firstColumn,
      width: Swift.min(weight.columnBlock, weight.columns - firstColumn), alone: alone,
      shared: shared, columns: start..<start + 2 * alone + shared)
    position = pair.columns.upperBound
    advance()
    return pair
  }

  private mutating func advance() {
    number += 1
    guard number == pairsPerGroup else { return }
    number = 0
    firstColumn += weight.columnBlock
    guard firstColumn >= weight.columns else { return }
    firstColumn = 0
    group += 1
  }
}

/// A set of numbers below 256.
private struct RowSet {
  private var bits = InlineArray<4, UInt64>(repeating: 0)

  /// False where the number was there.
  mutating func insert(_ number: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(number % 64)
    guard bits[number / 64] & bit == 0 else { return false }
    bits[number / 64] |= bit
    return true
  }
}
