/// Weights that give targets from inputs as well as can be: ridge regression towards given weights.
///
/// `W' = (T + d W)(C + d I)^-1`, where `C` is the inputs' covariance, `T` that of targets and inputs,
/// and `d` a share of `C`'s mean diagonal element. Inputs that never vary keep their weights.
struct LeastSquares: Sendable {
  /// `[n, n]`.
  var covariance: Matrix
  /// `[outputs, n]`.
  var crossCovariance: Matrix
  /// Damping as a share of the covariance's mean diagonal element.
  var damping: Double

  /// The refitted weights; the given ones where the damped covariance is singular.
  func solved(towards weights: Matrix) -> Matrix {
    solver.solved(crossCovariance, towards: weights)
  }

  /// The factored problem, for targets that are yet to come.
  var solver: Solver {
    let shift = damping * covariance.meanDiagonal
    return Solver(factor: covariance.shifted(by: shift).factored(), shift: shift)
  }

  struct Solver: Sendable {
    /// Of the damped covariance; `nil` where it is singular.
    fileprivate let factor: CholeskyFactor?
    fileprivate let shift: Double

    func solved(_ crossCovariance: Matrix, towards weights: Matrix) -> Matrix {
      guard let factor else { return weights }
      var targets = crossCovariance
      for place in targets.values.indices { targets.values[place] += shift * weights.values[place] }
      return factor.solving(targets)
    }
  }

  /// The same with weights that must stay zero, row by row; rows of one mask are solved together.
  /// - Parameter mask: For each weight, whether it is zero.
  func solved(
    towards weights: Matrix, mask: [Bool], progress: ((Double) -> Void)? = nil
  ) -> Matrix {
    precondition(mask.count == weights.values.count, "the mask does not fit the weights")
    let shift = damping * covariance.meanDiagonal
    let shifted = covariance.shifted(by: shift)
    var rowsOfMask: [ArraySlice<Bool>: [Int]] = [:]
    var order: [ArraySlice<Bool>] = []
    for row in 0..<weights.rows {
      let key = mask[row * weights.columns..<(row + 1) * weights.columns]
      if rowsOfMask[key] == nil { order.append(key) }
      rowsOfMask[key, default: []].append(row)
    }
    var result = weights
    for (number, key) in order.enumerated() {
      let rows = rowsOfMask[key]!
      let kept = zip(0..<weights.columns, key).filter { !$1 }.map { $0.0 }
      for row in rows {
        for (column, isZero) in zip(0..<weights.columns, key) where isZero {
          result[row, column] = 0
        }
      }
      guard !kept.isEmpty,
        let factor = shifted.selecting(rows: kept, columns: kept).factored()
      else { continue }
      var targets = crossCovariance.selecting(rows: rows, columns: kept)
      let own = weights.selecting(rows: rows, columns: kept)
      for place in targets.values.indices { targets.values[place] += shift * own.values[place] }
      let solution = factor.solving(targets)
      for (place, row) in rows.enumerated() {
        for (index, column) in kept.enumerated() { result[row, column] = solution[place, index] }
      }
      progress?(Double(number + 1) / Double(order.count))
    }
    return result
  }
}
