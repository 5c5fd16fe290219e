/// The blocks that a weight divides into: some rows by some columns within one group and one kernel tap.
///
/// Single weights are numbered by flat position, larger blocks by group, block row, block column and
/// tap, the last fastest.
struct BlockGrid: Sendable {
  let matrix: WeightMatrix
  let rows: Int
  let columns: Int
  private let blockRows: Int
  private let blockColumns: Int

  /// - Precondition: the block has a positive size.
  init(_ matrix: WeightMatrix, rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0, "blocks are not empty")
    self.matrix = matrix
    self.rows = rows
    self.columns = columns
    blockRows = (matrix.rows + rows - 1) / rows
    blockColumns = (matrix.columns + columns - 1) / columns
  }

  /// Whether every weight is a block.
  private var isSingle: Bool { rows == 1 && columns == 1 }

  /// Number of blocks.
  var count: Int {
    matrix.groupStarts.count * blockRows * blockColumns * matrix.tapOffsets.count
  }

  /// Elements of every block, where no edge makes one smaller.
  var uniformSize: Int? {
    matrix.rows % rows == 0 && matrix.columns % columns == 0 ? rows * columns : nil
  }

  /// Blocks above each other, and beside each other, in one group.
  var rowCount: Int { blockRows }
  var columnCount: Int { blockColumns }

  /// The number of a block.
  func number(_ group: Int, _ row: Int, _ column: Int, _ tap: Int) -> Int {
    isSingle
      ? matrix.groupStarts[group] + row * matrix.rowStride + column * matrix.columnStride
        + matrix.tapOffsets[tap]
      : ((group * blockRows + row) * blockColumns + column) * matrix.tapOffsets.count + tap
  }

  /// Calls the body with each block's number, first flat position, height and width.
  private func forEachBlock(_ body: (Int, Int, Int, Int) -> Void) {
    var number = 0
    for start in matrix.groupStarts {
      for row in stride(from: 0, to: matrix.rows, by: rows) {
        for column in stride(from: 0, to: matrix.columns, by: columns) {
          let corner = start + row * matrix.rowStride + column * matrix.columnStride
          let height = min(rows, matrix.rows - row)
          let width = min(columns, matrix.columns - column)
          for tap in matrix.tapOffsets {
            body(number, corner + tap, height, width)
            number += 1
          }
        }
      }
    }
  }

  /// Elements of each block.
  func sizes() -> [Int] {
    var result = [Int](repeating: 0, count: count)
    forEachBlock { number, _, height, width in result[number] = height * width }
    return result
  }

  /// The magnitude of each block, as bits that order as the magnitudes do.
  func keys(_ values: [Float], _ criterion: MagnitudeCriterion) -> [UInt32] {
    if isSingle { return values.map { abs($0).bitPattern } }
    var result = [UInt32](repeating: 0, count: count)
    forEachBlock { number, corner, height, width in
      var sum = 0.0
      for row in 0..<height {
        var position = corner + row * matrix.rowStride
        for _ in 0..<width {
          sum += criterion.term(values[position])
          position += matrix.columnStride
        }
      }
      // Normalised by size, so that small blocks at edges are not pruned for being small.
      let mean = criterion.root(sum / Double(height * width))
      result[number] = Float(mean).bitPattern
    }
    return result
  }

  /// Which elements belong to chosen blocks, by their flat positions.
  func mask(_ chosen: [Bool]) -> [Bool] {
    if isSingle { return chosen }
    var mask = [Bool](repeating: false, count: matrix.count)
    forEachBlock { number, corner, height, width in
      guard chosen[number] else { return }
      for row in 0..<height {
        var position = corner + row * matrix.rowStride
        for _ in 0..<width {
          mask[position] = true
          position += matrix.columnStride
        }
      }
    }
    return mask
  }
}

/// How magnitudes of several weights become one.
public enum MagnitudeCriterion: String, Sendable, Hashable, CaseIterable {
  /// Mean of absolute values.
  case l1
  /// Root of the mean of squares.
  case l2

  func term(_ value: Float) -> Double {
    self == .l1 ? Double(abs(value)) : Double(value) * Double(value)
  }

  func root(_ mean: Double) -> Double { self == .l1 ? mean : mean.squareRoot() }
}
