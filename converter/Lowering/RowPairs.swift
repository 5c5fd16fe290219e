/// Packs a matrix in row pairs: which rows share loads of x, and in which order pairs are run.
extension PackedWeight {
  /// Pairs in a band: rows that may become pairs, and that one work item takes.
  static let pairsPerBand = 128

  mutating func packRowPairs(_ weight: Program.Weight) {
    panelsPerList = Self.pairsPerBand
    columnBlock = Self.pairColumnBlock(weight)
    let perGroup = weight.rows / weight.groups
    for group in 0..<weight.groups {
      for block in stride(from: 0, to: weight.columns, by: columnBlock) {
        let columns = block..<min(block + columnBlock, weight.columns)
        for start in stride(from: 0, to: perGroup, by: 2 * Self.pairsPerBand) {
          let first = group * perGroup + start
          let rows = first..<first + min(2 * Self.pairsPerBand, perGroup - start)
          packBand(weight, rows: rows, columns: columns)
        }
      }
    }
  }

  /// About 72 columns where every other weight is kept, so that a block of a tile of 7 vectors stays in
  /// the first-level cache beside weights and sums; more where fewer are, so that pairs stay worth
  /// their sums. Whole windows of four channels, so that rows of an N:M pattern keep alike many.
  static func pairColumnBlock(_ weight: Program.Weight) -> Int {
    let kept = weight.values.count { $0 != 0 }
    let density = Double(max(kept, 1)) / Double(weight.values.count)
    let target = min(192, Int(51 / density.squareRoot()))
    let blocks = max(1, (weight.columns + target / 2) / target)
    let window = 4 * weight.taps <= 2 * target ? 4 * weight.taps : 1
    let size = (weight.columns + blocks - 1) / blocks
    return (size + window - 1) / window * window
  }

  /// Rows of one band and block. Pairs are sorted, so that loops as long as the last one's follow.
  private mutating func packBand(
    _ weight: Program.Weight, rows: Range<Int>, columns: Range<Int>
  ) {
    var members = rows.map { Row(weight, $0, number: $0 - rows.lowerBound, columns) }
    if rows.count % 2 == 1 { members.append(Row(number: rows.count, columns)) }
    var pairs = Self.paired(members)
    pairs.sort {
      ($0.size.shared, $0.size.alone, $0.first.number)
        < ($1.size.shared, $1.size.alone, $1.first.number)
    }
    for pair in pairs { append(pair, weight, rows, columns) }
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

  private mutating func append(
    _ pair: Pair, _ weight: Program.Weight, _ rows: Range<Int>, _ columns: Range<Int>
  ) {
    func value(_ row: Row, _ column: Int?) -> Float {
      guard let column, row.number < rows.count else { return 0 }
      return weight.values[
        (rows.lowerBound + row.number) * weight.columns + columns.lowerBound + column]
    }
    let (first, second, shared) = pair.columns()
    let header = [pair.first.number, pair.second.number, pair.size.alone, pair.size.shared]
    stream += header.map { UInt16($0) }
    for entry in 0..<pair.size.alone {
      for (row, list) in [(pair.first, first), (pair.second, second)] {
        let column = entry < list.count ? list[entry] : nil
        stream.append(UInt16(column ?? 0))
        values.append(value(row, column))
      }
    }
    for column in shared {
      stream.append(UInt16(column))
      values.append(value(pair.first, column))
      values.append(value(pair.second, column))
    }
  }
}

/// Which columns of a block a row keeps.
private struct Row {
  /// Within the band.
  let number: Int
  /// One bit for each column of the block.
  private(set) var bits: [UInt64]
  private(set) var count = 0

  /// A row behind the last.
  init(number: Int, _ columns: Range<Int>) {
    self.number = number
    bits = Array(repeating: 0, count: (columns.count + 63) / 64)
  }

  init(_ weight: Program.Weight, _ row: Int, number: Int, _ columns: Range<Int>) {
    self.init(number: number, columns)
    let start = row * weight.columns + columns.lowerBound
    for column in 0..<columns.count where weight.values[start + column] != 0 {
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
