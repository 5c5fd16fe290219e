internal import CEspalierBLAS
internal import EspalierEvaluation

/// Sums over many columns `x`, and targets `t` beside them, of `x`, `t`, `x x'` and `t x'`.
///
/// Columns are gathered in a buffer; products of a full buffer are taken in single precision and
/// added in double precision, by strips of rows on several threads.
final class ColumnMoments {
  /// Elements of a column, and of a target.
  let size: Int
  let targetSize: Int
  /// Columns that the buffer takes.
  let capacity: Int
  /// Whether `x x'` is summed.
  let sumsProducts: Bool
  /// `[size + targetSize, capacity]`: a row for each element of a column, then of a target.
  private var buffer: [Float]
  private var filled = 0
  private var sums: [Double]
  /// `[size, size]` of which the upper triangle counts, if it is summed; then `[targetSize, size]`.
  private var products: [Double]
  private(set) var count = 0

  /// - Parameter sumsProducts: `false` where `x x'` is known from before, and takes the most time.
  init(size: Int, targetSize: Int = 0, sumsProducts: Bool = true) {
    (self.size, self.targetSize, self.sumsProducts) = (size, targetSize, sumsProducts)
    capacity = Self.capacity(size)
    buffer = [Float](repeating: 0, count: (size + targetSize) * capacity)
    sums = [Double](repeating: 0, count: size + targetSize)
    products = [Double](repeating: 0, count: ((sumsProducts ? size : 0) + targetSize) * size)
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
    unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      guard let columns = buffer.baseAddress else { return }
      unsafe fill(
        columns + filled, targetSize > 0 ? columns + size * capacity + filled : nil)
    }
    filled += count
    if room == 0 { flush() }
  }

  private func flush() {
    guard filled > 0, size > 0 else { return }
    count += filled
    let strips = Self.strips(of: 0..<size) + Self.strips(of: size..<size + targetSize)
    unsafe buffer.withUnsafeBufferPointer { buffer in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe products.withUnsafeMutableBufferPointer { products in
          // Each piece of work has a strip of rows of its own.
          nonisolated(unsafe) let (columns, sums, products) = (
            buffer.baseAddress!, sums.baseAddress!, products.baseAddress!
          )
          nonisolated(unsafe) let moments = self
          Threads.forEach(strips.count) { piece in
            let rows = strips[piece]
            unsafe moments.add(rows, of: columns, to: sums)
            if unsafe rows.lowerBound >= moments.size || moments.sumsProducts {
              unsafe moments.addProducts(rows, columns, to: products)
            }
          }
        }
      }
    }
    filled = 0
  }

  /// Rows that are multiplied together: few enough to keep several threads busy, but not so few that
  /// more time goes into reading the columns than into multiplying them.
  private static func strips(of rows: Range<Int>) -> [Range<Int>] {
    let height = min(512, max(64, (rows.count / 8 + 63) / 64 * 64))
    return stride(from: rows.lowerBound, to: rows.upperBound, by: height).map {
      $0..<min($0 + height, rows.upperBound)
    }
  }

  /// Adds up some rows of the buffer.
  private func add(
    _ rows: Range<Int>, of columns: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Double>
  ) {
    for row in rows {
      var sum = 0.0
      for place in 0..<filled { unsafe sum += Double(columns[row * capacity + place]) }
      unsafe sums[row] += sum
    }
  }

  /// Adds the products of some rows with the columns: with those from its diagonal element on, of a
  /// row of `x x'`.
  private func addProducts(
    _ rows: Range<Int>, _ columns: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Double>
  ) {
    let isTriangle = rows.lowerBound < size
    let start = isTriangle ? rows.lowerBound : 0
    let (height, width) = (rows.count, size - start)
    let first = unsafe columns + rows.lowerBound * capacity
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: height * width) { buffer in
      let product = buffer.baseAddress!
      let square = isTriangle ? height : 0
      if isTriangle {
        unsafe espalier_ssyrk(
          Int32(height), Int32(filled), first, Int32(capacity), 0, product, Int32(width))
      }
      if width > square {
        unsafe espalier_sgemm(
          false, true, Int32(height), Int32(width - square), Int32(filled), 1, first,
          Int32(capacity), columns + (start + square) * capacity, Int32(capacity), 0,
          product + square, Int32(width))
      }
      let before = sumsProducts ? 0 : size
      for row in 0..<height {
        let to = unsafe sums + (rows.lowerBound - before + row) * size + start
        for column in (isTriangle ? row : 0)..<width {
          unsafe to[column] += Double(product[row * width + column])
        }
      }
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

    /// Columns that were added.
    var count: Int

    /// Of the columns of both.
    func adding(_ other: Result) -> Result {
      let share = Double(other.count) / Double(count + other.count)
      func mixed(_ a: [Double], _ b: [Double]) -> [Double] {
        zip(a, b).map { $0 + share * ($1 - $0) }
      }
      var sum = self
      (sum.count, sum.mean) = (count + other.count, mixed(mean, other.mean))
      sum.targetMean = mixed(targetMean, other.targetMean)
      sum.second.values = mixed(second.values, other.second.values)
      sum.cross.values = mixed(cross.values, other.cross.values)
      return sum
    }

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
  /// - Parameter node: Which node reads the columns.
  /// - Precondition: at least one column has been added.
  /// - Throws: `PruningError` with `.badCalibration` where the sums are not finite.
  func result(_ node: String) throws(PruningError) -> Result {
    flush()
    guard sums.allSatisfy(\.isFinite), products.allSatisfy(\.isFinite) else {
      throw PruningError(
        .badCalibration,
        "what the node reads or makes is NaN, infinite or too large to be squared on these inputs; "
          + "repair the model or give inputs of its own domain", at: node)
    }
    precondition(count > 0, "there are no moments of nothing")
    let share = 1 / Double(count)
    let means = sums.map { $0 * share }
    let own = products.count - targetSize * size
    var second = sumsProducts ? Matrix(size, size, Array(products[..<own])) : Matrix(zeros: 0, 0)
    second.scale(by: share)
    second.mirrorUpper()
    var cross = Matrix(targetSize, size, Array(products[own...]))
    cross.scale(by: share)
    return Result(
      mean: Array(means[..<size]), second: second, targetMean: Array(means[size...]), cross: cross,
      count: count)
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
}
