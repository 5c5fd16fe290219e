internal import CEspalierBLAS
internal import EspalierEvaluation

/// A matrix of doubles in row-major order: second moments, and the weights that are solved for.
struct Matrix: Sendable, Equatable {
  let rows: Int
  let columns: Int
  var values: [Double]

  /// - Precondition: there are as many values as places.
  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    precondition(values.count == rows * columns, "values do not fill the matrix")
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  init(zeros rows: Int, _ columns: Int) {
    self.init(rows, columns, [Double](repeating: 0, count: rows * columns))
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  /// The elements at some rows and columns.
  func selecting(rows: [Int], columns: [Int]) -> Matrix {
    precondition(
      rows.allSatisfy { $0 >= 0 && $0 < self.rows }
        && columns.allSatisfy { $0 >= 0 && $0 < self.columns }, "elements lie outside the matrix")
    let count = rows.count * columns.count
    let picked = unsafe [Double](unsafeUninitializedCapacity: count) { result, filled in
      unsafe values.withUnsafeBufferPointer { values in
        var place = 0
        for row in rows {
          let start = row * self.columns
          for column in columns {
            unsafe result[place] = values[start + column]
            place += 1
          }
        }
      }
      filled = count
    }
    return Matrix(rows.count, columns.count, picked)
  }

  func selecting(columns: [Int]) -> Matrix { selecting(rows: Array(0..<rows), columns: columns) }

  var transposed: Matrix {
    var result = Matrix(zeros: columns, rows)
    for row in 0..<rows {
      for column in 0..<columns { result[column, row] = self[row, column] }
    }
    return result
  }

  var diagonal: [Double] { (0..<rows).map { self[$0, $0] } }

  /// The mean of the diagonal; 0 of an empty matrix.
  var meanDiagonal: Double { rows == 0 ? 0 : diagonal.reduce(0, +) / Double(rows) }

  /// Each row times its factor.
  func scalingRows(by factors: [Double]) -> Matrix {
    Matrix(rows, columns, values.indices.map { values[$0] * factors[$0 / columns] })
  }

  /// The matrix with a number added along the diagonal.
  func shifted(by number: Double) -> Matrix {
    var result = self
    for index in 0..<rows { result[index, index] += number }
    return result
  }

  /// The product, either operand transposed if asked to, times a factor.
  /// - Precondition: inner extents agree.
  func times(
    _ other: Matrix, transposingSelf: Bool = false, transposingOther: Bool = false,
    factor: Double = 1
  ) -> Matrix {
    let count = transposingSelf ? columns : rows
    let width = transposingOther ? other.rows : other.columns
    var result = Matrix(zeros: count, width)
    result.add(
      self, other, transposingFirst: transposingSelf, transposingSecond: transposingOther,
      factor: factor)
    return result
  }

  /// Adds a multiple of a product.
  /// - Precondition: extents agree.
  mutating func add(
    _ a: Matrix, _ b: Matrix, transposingFirst: Bool = false, transposingSecond: Bool = false,
    factor: Double = 1
  ) {
    let inner = transposingFirst ? a.rows : a.columns
    precondition(
      rows == (transposingFirst ? a.columns : a.rows)
        && columns == (transposingSecond ? b.rows : b.columns)
        && inner == (transposingSecond ? b.columns : b.rows), "matrices do not multiply")
    guard rows > 0, columns > 0, inner > 0 else { return }
    unsafe a.values.withUnsafeBufferPointer { left in
      unsafe b.values.withUnsafeBufferPointer { right in
        unsafe values.withUnsafeMutableBufferPointer { sum in
          nonisolated(unsafe) let (left, right, sum) = (
            left.baseAddress!, right.baseAddress!, sum.baseAddress!
          )
          let (strideA, strideB, stride) = (a.columns, b.columns, columns)
          ProductStrips(rows: rows, inner: inner, columns: columns).forEach { own, places in
            unsafe espalier_dgemm(
              transposingFirst, transposingSecond, Int32(own.count), Int32(places.count),
              Int32(inner), factor, left + own.lowerBound * (transposingFirst ? 1 : strideA),
              Int32(strideA), right + places.lowerBound * (transposingSecond ? strideB : 1),
              Int32(strideB), 1, sum + own.lowerBound * stride + places.lowerBound, Int32(stride))
          }
        }
      }
    }
  }

  /// The Cholesky factor of a symmetric matrix; `nil` where it is not positive definite.
  func factored() -> CholeskyFactor? {
    precondition(rows == columns, "only square matrices have a factor")
    var values = values
    let isPositive = unsafe values.withUnsafeMutableBufferPointer { values in
      nonisolated(unsafe) let a = values.baseAddress
      return stride(from: 0, to: rows, by: Self.factorStrip).allSatisfy {
        unsafe factorRows(from: $0, of: a!)
      }
    }
    return isPositive ? CholeskyFactor(factor: Matrix(rows, rows, values)) : nil
  }

  /// Rows of a factor that are found together.
  private static let factorStrip = 256

  /// Turns the next strip of rows into those of the factor, and takes what they give from the rows
  /// below them.
  /// - Returns: whether the strip is positive definite.
  private func factorRows(from start: Int, of matrix: UnsafeMutablePointer<Double>) -> Bool {
    let (size, strip) = (rows, Self.factorStrip)
    let height = min(strip, size - start)
    nonisolated(unsafe) let (a, top) = unsafe (matrix, matrix + start * size)
    guard unsafe espalier_dpotrf(Int32(height), top + start, Int32(size)) == 0 else { return false }
    let rest = stride(from: start + height, to: size, by: strip).map { $0..<min($0 + strip, size) }
    Threads.forEach(rest.count) { piece in
      unsafe espalier_dtrsm(
        Int32(height), Int32(rest[piece].count), top + start, Int32(size),
        top + rest[piece].lowerBound, Int32(size))
    }
    Threads.forEach(rest.count) { piece in
      let first = rest[piece].lowerBound
      unsafe espalier_dgemm(
        true, false, Int32(rest[piece].count), Int32(size - first), Int32(height), -1, top + first,
        Int32(size), top + first, Int32(size), 1, a + first * size + first, Int32(size))
    }
    return true
  }

  /// Eigenvalues of a symmetric matrix in ascending order, and eigenvectors, one a row.
  /// - Precondition: the matrix is finite.
  func eigen() -> (values: [Double], vectors: Matrix) {
    precondition(rows == columns, "only square matrices have eigenvalues")
    guard rows > 0 else { return ([], self) }
    var vectors = values
    var result = [Double](repeating: 0, count: rows)
    let status = unsafe vectors.withUnsafeMutableBufferPointer { vectors in
      unsafe result.withUnsafeMutableBufferPointer { result in
        unsafe espalier_dsyevd(
          Int32(rows), vectors.baseAddress!, Int32(rows), result.baseAddress!)
      }
    }
    precondition(status == 0, "the eigenvalues of a finite symmetric matrix were not found")
    return (result, Matrix(rows, rows, vectors))
  }
}

/// `u` with `a = u' u`, for solving with a symmetric positive definite matrix.
struct CholeskyFactor: Sendable {
  /// The upper triangle; what lies below has no meaning.
  let factor: Matrix

  /// The rows `x` with `x a = rows`.
  func solving(_ rows: Matrix) -> Matrix {
    precondition(rows.columns == factor.rows, "right-hand sides do not fit the factor")
    guard rows.rows > 0, rows.columns > 0 else { return rows }
    var result = rows
    let (count, size) = (rows.rows, rows.columns)
    // At least so many rows at a time: each time the whole factor is read.
    let strip = max(128, (count + 7) / 8)
    unsafe factor.values.withUnsafeBufferPointer { factor in
      unsafe result.values.withUnsafeMutableBufferPointer { values in
        nonisolated(unsafe) let (factor, values) = (
          factor.baseAddress!, values.baseAddress!
        )
        Threads.forEach((count + strip - 1) / strip) { piece in
          let first = piece * strip
          unsafe espalier_dpotrs(
            Int32(size), Int32(min(strip, count - first)), factor, Int32(size),
            values + first * size, Int32(size))
        }
      }
    }
    return result
  }

  /// The inverse of the matrix, whole.
  func inverse() -> Matrix {
    var result = factor
    guard result.rows > 0 else { return result }
    let status = unsafe result.values.withUnsafeMutableBufferPointer {
      unsafe espalier_dpotri(Int32(factor.rows), $0.baseAddress!, Int32(factor.rows))
    }
    precondition(status == 0, "a Cholesky factor has no zero pivot")
    result.mirrorUpper()
    return result
  }
}

extension Matrix {
  /// Copies the upper triangle to the lower one.
  mutating func mirrorUpper() {
    let edge = 64
    unsafe values.withUnsafeMutableBufferPointer { values in
      for top in stride(from: 0, to: rows, by: edge) {
        for left in stride(from: top, to: rows, by: edge) {
          for row in top..<min(top + edge, rows) {
            for column in max(left, row + 1)..<max(min(left + edge, rows), row + 1) {
              unsafe values[column * rows + row] = values[row * rows + column]
            }
          }
        }
      }
    }
  }
}
