/// Packing 6: rows taken two and two, so that columns which both keep are loaded once.
///
/// panel_height is 2, column_block 1 ... 4096, panels_per_list 1 ... 128. Columns are cut into blocks
/// of column_block (the last may be short); the rows of a group, taken two and two, into bands of
/// panels_per_list pairs (the last may have fewer). For each group, for each block, for each band, for
/// each pair of the band: row 0, row 1, alone, shared, columns[alone][2] and columns[shared]. Rows
/// count from the first of the band; each of twice as many rows as the band has pairs stands in one
/// pair (where a group has an odd number of rows, its last band has one row more than there are: what
/// is stored of it is not read out). Column [i][r] is one that row r has for itself; the others belong
/// to both rows. alone and shared are even and at most the block's width, rounded up to even. Columns count from the first of the block, in any order.
/// All these numbers are u16, one behind the other, in stream. values[alone + shared][2] in the same
/// order, for row 0 and row 1. Fill has value 0 and any column.
///
/// N:M is promised within each column block.
enum RowPairs {
  static var rules: PackingRules {
    PackingRules(
      kernel: "row pairs", servesConvolutions: true, servesLinear: true, validate: validate,
      keeps: keeps)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == 2, (1...4096).contains(weight.columnBlock),
      (1...128).contains(weight.panelsPerList), structure.countCount == 0,
      structure.columnCount == 0
    else {
      throw WeightFault("row pairs have bands of 1 to 128 pairs and blocks of 1 to 4096 columns")
    }
    var reader = PairStream(weight, structure)
    var values: UInt64 = 0
    while let pair = try reader.next() {
      guard pair.alone <= pair.width + 1, pair.shared <= pair.width + 1 else {
        throw WeightFault("more columns in a pair than its block has")
      }
      guard structure.isStreamBelow(pair.width, in: pair.columns) else {
        throw WeightFault("a column that is out of range")
      }
      values += UInt64(2 * (pair.alone + pair.shared))
    }
    return values * UInt64(weight.elementSize)
  }

  /// Windows are counted for the two rows side by side. Fill is not counted: its values are zero.
  private static func keeps(_ promise: WeightPromise, _ counts: inout [UInt16]) -> Bool {
    guard promise.weight.encoding != .block else { return true }
    let structure = promise.structure
    var reader = PairStream(promise.weight, structure)
    var windows = promise.blockWindows(rows: 2)
    counts += [UInt16](repeating: 0, count: max(0, windows.counts - counts.count))
    var value = 0
    while let pair = try? reader.next() {
      windows.enter(pair.firstColumn)
      // No early exit: nothing here depends on what a weight holds.
      var largest: UInt16 = 0
      func count(_ position: Int, _ row: Int) {
        let slot = windows.slots[structure.streamed(position)] + row
        counts[slot] += unsafe promise.values[value] != 0 ? 1 : 0
        largest = max(largest, counts[slot])
        value += 1
      }
      let shared = pair.columns.lowerBound + 2 * pair.alone
      for position in pair.columns.lowerBound..<shared {
        count(position, (position - pair.columns.lowerBound) % 2)
      }
      for position in shared..<pair.columns.upperBound {
        count(position, 0)
        count(position, 1)
      }
      guard Int(largest) <= promise.most else { return false }
      for position in pair.columns {
        let slot = windows.slots[structure.streamed(position)]
        (counts[slot], counts[slot + 1]) = (0, 0)
      }
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension RowPairs: MatrixPacker {
  /// Pairs in a band: rows that may become pairs, and that one work item takes.
  private static let pairsPerBand = 128

  /// Calls the body with the rows and columns of each band and block, in the stream's order.
  private static func forEachBand<Element>(
    of matrix: DenseMatrix<Element>, _ weight: WeightDescription,
    _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for group in 0..<matrix.groups {
      let end = (group + 1) * matrix.rowsPerGroup
      for block in stride(from: 0, to: matrix.columns, by: weight.columnBlock) {
        let columns = block..<min(block + weight.columnBlock, matrix.columns)
        for first in stride(
          from: end - matrix.rowsPerGroup, to: end, by: 2 * weight.panelsPerList)
        {
          body(first..<min(first + 2 * weight.panelsPerList, end), columns)
        }
      }
    }
  }

  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    weight.panelsPerList = choice.panelsPerList ?? pairsPerBand
    weight.columnBlock = choice.columnBlock ?? columnBlock(matrix, taps: choice.taps)
    var entries = 0
    var stream: [UInt16] = []
    forEachBand(of: matrix, weight) { rows, columns in
      for pair in pairs(of: matrix, rows, columns) {
        let header = [pair.first.number, pair.second.number, pair.size.alone, pair.size.shared]
        stream += header.map { UInt16($0) }
        let (first, second, shared) = pair.columns()
        for entry in 0..<pair.size.alone {
          for list in [first, second] {
            stream.append(entry < list.count ? UInt16(list[entry]) : 0)
          }
        }
        stream += shared.map { UInt16($0) }
        entries += pair.size.alone + pair.size.shared
      }
    }
    weight.stream = stream
    return 2 * entries * MemoryLayout<Element>.stride
  }

  /// About 72 columns where every other weight is kept, so that a block of a tile of 7 vectors stays in
  /// the first-level cache beside weights and sums; more where fewer are, so that pairs stay worth
  /// their sums. Whole windows of four channels, so that rows of an N:M pattern keep alike many.
  private static func columnBlock<Element>(_ matrix: DenseMatrix<Element>, taps: Int) -> Int {
    let density = Double(max(matrix.nonzeroCount, 1)) / Double(matrix.values.count)
    let target = min(192, Int(51 / density.squareRoot()))
    let blocks = max(1, (matrix.columns + target / 2) / target)
    let window = 4 * taps <= 2 * target ? 4 * taps : 1
    let size = (matrix.columns + blocks - 1) / blocks
    return (size + window - 1) / window * window
  }

  /// Pairs of one band and block, sorted, so that loops as long as the last one's follow.
  private static func pairs<Element>(
    of matrix: DenseMatrix<Element>, _ rows: Range<Int>, _ columns: Range<Int>
  ) -> [Pair] {
    var members = rows.map { row in
      Row(number: row - rows.lowerBound, columns.count) { column in
        !matrix.isZero(row, columns.lowerBound + column)
      }
    }
    if rows.count % 2 == 1 { members.append(Row(number: rows.count, columns.count) { _ in false }) }
    return paired(members).sorted {
      ($0.size.shared, $0.size.alone, $0.first.number)
        < ($1.size.shared, $1.size.alone, $1.first.number)
    }
  }

  /// Of all two rows, those that gain most by being a pair are paired first.
  private static func paired(_ rows: [Row]) -> [Pair] {
    var gains: [Int] = []
    gains.reserveCapacity(rows.count * (rows.count - 1) / 2)
    for second in rows.indices {
      for first in 0..<second { gains.append(PairSize(rows[first], rows[second]).gain) }
    }
    // Sorted by counting: bands are many.
    guard let most = gains.max(), let least = gains.min() else { return [] }
    var starts = [Int](repeating: 0, count: most - least + 2)
    for gain in gains { starts[most - gain + 1] += 1 }
    for index in 1..<starts.count { starts[index] += starts[index - 1] }
    var order = [(first: Int, second: Int)](repeating: (0, 0), count: gains.count)
    var place = 0
    for second in rows.indices {
      for first in 0..<second {
        order[starts[most - gains[place]]] = (first, second)
        starts[most - gains[place]] += 1
        place += 1
      }
    }
    var isPaired = [Bool](repeating: false, count: rows.count)
    var pairs: [Pair] = []
    for (first, second) in order where !isPaired[first] && !isPaired[second] {
      (isPaired[first], isPaired[second]) = (true, true)
      pairs.append(Pair(first: rows[first], second: rows[second]))
    }
    return pairs
  }

  /// A column stands once for each row that keeps it; whatever else a row lists is fill.
  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let target = unsafe target.bindMemory(to: Element.self)
    var (place, value) = (0, 0)
    forEachBand(of: matrix, weight) { rows, columns in
      var isTaken = [Bool](repeating: false, count: 2 * columns.count)
      func element(_ row: Int, _ column: Int, of side: Int) -> Element {
        guard row < rows.count, !isTaken[2 * column + side] else { return .zero }
        isTaken[2 * column + side] = true
        let value = matrix[rows.lowerBound + row, columns.lowerBound + column]
        return value == .zero ? .zero : value
      }
      for _ in 0..<(rows.count + 1) / 2 {
        let header = (0..<4).map { Int(weight.stream[place + $0]) }
        let (alone, shared) = (header[2], header[3])
        let listed = place + 4..<place + 4 + 2 * alone + shared
        let common = value + 2 * alone
        for entry in 0..<shared {
          let column = Int(weight.stream[listed.lowerBound + 2 * alone + entry])
          for side in 0..<2 {
            unsafe target[common + 2 * entry + side] = element(header[side], column, of: side)
          }
        }
        for entry in 0..<2 * alone {
          let column = Int(weight.stream[listed.lowerBound + entry])
          unsafe target[value + entry] = element(header[entry % 2], column, of: entry % 2)
        }
        for column in weight.stream[listed] {
          isTaken[2 * Int(column)] = false
          isTaken[2 * Int(column) + 1] = false
        }
        place = listed.upperBound
        value = common + 2 * shared
      }
    }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    let pairs = dividedUp(matrix.rowsPerGroup, 2)
    var stream = weight.stream[...]
    func next() -> Int? { stream.popFirst().map { Int($0) } }
    for group in 0..<matrix.groups {
      for block in stride(from: 0, to: matrix.columns, by: weight.columnBlock) {
        var seen: Set<Int> = []
        for pair in 0..<pairs {
          let band = pair / weight.panelsPerList * weight.panelsPerList * 2
          guard let first = next(), let second = next(), let alone = next(), let shared = next(),
            alone % 2 == 0, shared % 2 == 0
          else { return false }
          let members = [band + first, band + second]
          seen.formUnion(members)
          for entry in 0..<alone + shared {
            var column = 0
            for (side, row) in members.enumerated() {
              if entry < alone || side == 0 {
                guard let listed = next() else { return false }
                column = block + listed
              }
              guard let value = values.next() else { return false }
              guard value != .zero else { continue }
              guard row < matrix.rowsPerGroup,
                column < min(matrix.columns, block + weight.columnBlock)
              else { return false }
              let place = group * matrix.rowsPerGroup + row
              guard matrix[place, column] == .zero else { return false }
              matrix[place, column] = value
            }
          }
        }
        guard seen == Set(0..<2 * pairs) else { return false }
      }
    }
    return stream.isEmpty && weight.counts.isEmpty && weight.columnLists.isEmpty
  }
}

/// Which columns of a block a row keeps.
private struct Row {
  /// Within the band.
  let number: Int
  /// One bit for each column of the block.
  private(set) var bits: [UInt64]
  private(set) var count = 0

  init(number: Int, _ width: Int, keeps: (Int) -> Bool) {
    self.number = number
    bits = Array(repeating: 0, count: (width + 63) / 64)
    for column in 0..<width where keeps(column) {
      bits[column / 64] |= 1 << UInt64(column % 64)
      count += 1
    }
  }

  var columns: [Int] {
    bits.indices.flatMap { word in
      (0..<64).filter { bits[word] >> UInt64($0) & 1 == 1 }.map { word * 64 + $0 }
    }
  }
}

/// How many columns are listed for each of two rows alone and for both.
private struct PairSize {
  let alone, shared: Int
  /// Columns that the rows keep, one by one.
  private let kept: Int

  init(_ first: Row, _ second: Row) {
    var common = 0
    for word in first.bits.indices {
      common += (first.bits[word] & second.bits[word]).nonzeroBitCount
    }
    shared = common / 2 * 2
    alone = (max(first.count, second.count) - shared + 1) / 2 * 2
    kept = first.count + second.count
  }

  /// Loads of x, and half of the multiplications, that the pair saves: they take about the same time.
  /// Fill costs as many.
  var gain: Int { 3 * kept - (2 * alone + shared) * 2 - 2 * (alone + shared) }
}

private struct Pair {
  let first, second: Row
  let size: PairSize

  init(first: Row, second: Row) {
    self.first = first
    self.second = second
    size = PairSize(first, second)
  }

  /// Those of each row alone, then of both.
  func columns() -> (first: [Int], second: [Int], shared: [Int]) {
    let kept = Set(second.columns)
    let common = first.columns.filter(kept.contains).prefix(size.shared)
    let taken = Set(common)
    return (
      first.columns.filter { !taken.contains($0) }, second.columns.filter { !taken.contains($0) },
      Array(common)
    )
  }
}
#endif
