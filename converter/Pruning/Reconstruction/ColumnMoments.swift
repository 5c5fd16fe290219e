internal import CEspalierBLAS

/// Sums over many columns `x`, and targets `t` beside them, of `x`, `t`, `x x'` and `t x'`.
///
/// Columns are gathered in a buffer; products of a full buffer are taken in single precision and
/// added in double precision.
final class ColumnMoments {
  /// Elements of a column, and of a target.
  let size: Int
  let targetSize: Int
  /// Columns that the buffer takes.
  let capacity: Int
  /// Whether `x x'` is summed.
  let sumsProducts: Bool
  private var columns: [Float]
  private var targets: [Float]
  private var filled = 0
  private var products: Matrix
  private var targetProducts: Matrix
  private var sums: [Double]
  private var targetSums: [Double]
  private(set) var count = 0

  /// - Parameter sumsProducts: `false` where `x x'` is known from before, and takes the most time.
  init(size: Int, targetSize: Int = 0, sumsProducts: Bool = true) {
    (self.size, self.targetSize, self.sumsProducts) = (size, targetSize, sumsProducts)
    capacity = Self.capacity(size)
    columns = [Float](repeating: 0, count: size * capacity)
    targets = [Float](repeating: 0, count: targetSize * capacity)
    products = sumsProducts ? Matrix(zeros: size, size) : Matrix(zeros: 0, 0)
    targetProducts = Matrix(zeros: targetSize, size)
    sums = [Double](repeating: 0, count: size)
    targetSums = [Double](repeating: 0, count: targetSize)
  }

  private static func capacity(_ size: Int) -> Int { min(1024, max(64, (1 << 20) / max(size, 1))) }

  /// Bytes that moments of these sizes occupy, the scratch space of a flush included.
  static func byteCount(size: Int, targetSize: Int = 0) -> Int {
    (size + targetSize) * (12 * size + 4 * capacity(size) + 8)
  }

  /// Columns that can be added before the next flush.
  var room: Int { capacity - filled }

  /// Adds columns and their targets.
  /// - Parameter fill: Writes the columns, and the targets, each as rows `capacity` elements apart.
  /// - Precondition: there is room for them.
  func add(
    _ count: Int, _ fill: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>?) -> Void
  ) {
    precondition(count <= room, "the buffer is full")
    unsafe columns.withUnsafeMutableBufferPointer { columns in
      unsafe targets.withUnsafeMutableBufferPointer { targets in
        unsafe fill(columns.baseAddress! + filled, targets.baseAddress.map { unsafe $0 + filled })
      }
    }
    filled += count
    if room == 0 { flush() }
  }

  private func flush() {
    guard filled > 0, size > 0 else { return }
    count += filled
    Self.add(rowsOf: columns, capacity, filled, to: &sums)
    Self.add(rowsOf: targets, capacity, filled, to: &targetSums)
    let scratch = max(size, targetSize) * size
    var product = unsafe [Float](unsafeUninitializedCapacity: scratch) { $1 = scratch }
    unsafe columns.withUnsafeBufferPointer { columns in
      unsafe targets.withUnsafeBufferPointer { targets in
        unsafe product.withUnsafeMutableBufferPointer { product in
          let (product, x) = (product.baseAddress!, columns.baseAddress!)
          if sumsProducts {
            unsafe espalier_ssyrk(
              Int32(size), Int32(filled), x, Int32(capacity), 0, product, Int32(size))
            for row in 0..<size {
              unsafe products.addRow(row, product + row * size, from: row)
            }
          }
          guard targetSize > 0 else { return }
          unsafe espalier_sgemm(
            false, true, Int32(targetSize), Int32(size), Int32(filled), 1, targets.baseAddress!,
            Int32(capacity), x, Int32(capacity), 0, product, Int32(size))
          for row in 0..<targetSize {
            unsafe targetProducts.addRow(row, product + row * size, from: 0)
          }
        }
      }
    }
    filled = 0
  }

  private static func add(
    rowsOf values: [Float], _ stride: Int, _ count: Int, to sums: inout [Double]
  ) {
    for row in sums.indices {
      var sum = 0.0
      for value in values[row * stride..<row * stride + count] { sum += Double(value) }
      sums[row] += sum
    }
  }

  /// Means and second moments of all columns added.
  struct Result: Sendable {
    var mean: [Double]
    /// `E[x x']`; empty where it was not summed.
    var second: Matrix
    var targetMean: [Double]
    /// `E[t x']`.
    var cross: Matrix

    /// The columns' covariance.
    var covariance: Matrix {
      var result = second
      result.subtractProduct(mean, mean)
      return result
    }

    /// The covariance of targets and columns.
    var crossCovariance: Matrix {
      var result = cross
      result.subtractProduct(targetMean, mean)
      return result
    }
  }

  /// What has been added so far.
  /// - Precondition: at least one column has been added.
  func result() -> Result {
    flush()
    precondition(count > 0, "there are no moments of nothing")
    let share = 1 / Double(count)
    var second = products
    second.scale(by: share)
    second.mirrorUpper()
    var cross = targetProducts
    cross.scale(by: share)
    return Result(
      mean: sums.map { $0 * share }, second: second, targetMean: targetSums.map { $0 * share },
      cross: cross)
  }
}

extension Matrix {
  mutating func scale(by factor: Double) {
    for index in values.indices { values[index] *= factor }
  }

  /// Takes away the product of a column and a row.
  mutating func subtractProduct(_ column: [Double], _ row: [Double]) {
    precondition(column.count == rows && row.count == columns, "extents disagree")
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe row.withUnsafeBufferPointer { row in
        for index in 0..<rows {
          let (factor, start) = (column[index], index * columns)
          for place in 0..<columns { unsafe values[start + place] -= factor * row[place] }
        }
      }
    }
  }

  /// Adds single-precision numbers to a row from a column on.
  fileprivate mutating func addRow(_ row: Int, _ numbers: UnsafePointer<Float>, from start: Int) {
    let (first, count) = (row * columns, columns)
    unsafe values.withUnsafeMutableBufferPointer { values in
      for column in start..<count {
        unsafe values[first + column] += Double(numbers[column])
      }
    }
  }
}
