internal import CEspalierBLAS

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
          unsafe espalier_dgemm(
            transposingFirst, transposingSecond, Int32(rows), Int32(columns), Int32(inner), factor,
            left.baseAddress!, Int32(a.columns), right.baseAddress!, Int32(b.columns), 1,
            sum.baseAddress!, Int32(columns))
        }
      }
    }
  }

  /// The Cholesky factor of a symmetric matrix; `nil` where it is not positive definite.
  func factored() -> CholeskyFactor? {
    precondition(rows == columns, "only square matrices have a factor")
    var values = values
    guard rows > 0 else { return CholeskyFactor(factor: self) }
    let status = unsafe values.withUnsafeMutableBufferPointer {
      unsafe espalier_dpotrf(Int32(rows), $0.baseAddress!, Int32(rows))
    }
    return status == 0 ? CholeskyFactor(factor: Matrix(rows, rows, values)) : nil
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
    unsafe factor.values.withUnsafeBufferPointer { factor in
      unsafe result.values.withUnsafeMutableBufferPointer { values in
        unsafe espalier_dpotrs(
          Int32(rows.columns), Int32(rows.rows), factor.baseAddress!, Int32(rows.columns),
          values.baseAddress!, Int32(rows.columns))
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
    let block = 64
    unsafe values.withUnsafeMutableBufferPointer { values in
      for top in stride(from: 0, to: rows, by: block) {
        for left in stride(from: top, to: rows, by: block) {
          for row in top..<min(top + block, rows) {
            for column in max(left, row + 1)..<max(min(left + block, rows), row + 1) {
              unsafe values[column * rows + row] = values[row * rows + column]
            }
          }
        }
      }
    }
  }
}
