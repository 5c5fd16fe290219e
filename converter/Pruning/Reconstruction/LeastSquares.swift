import EspalierEvaluation

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

  private var shift: Double { damping * covariance.meanDiagonal }

  /// The factored problem, for targets that are yet to come.
  var solver: Solver {
    let part = Part(rows: Array(0..<crossCovariance.rows), kept: Array(0..<covariance.rows))
    return Solver(parts: [part], factors: [factor(part.kept)], shift: shift)
  }

  /// The factored problem with weights that must stay zero, for targets that are yet to come; `nil`
  /// where the factors would take too much memory.
  /// - Parameter mask: For each weight, whether it is zero.
  func solver(mask: [Bool], byteLimit: Int) -> Solver? {
    let parts = parts(mask)
    let bytes = parts.reduce(0) { $0 + 8 * $1.kept.count * $1.kept.count }
    guard bytes <= byteLimit else { return nil }
    return Solver(
      parts: parts, factors: Threads.map(parts.count) { factor(parts[$0].kept) }, shift: shift)
  }

  /// The same with weights that must stay zero, row by row; rows of one mask are solved together.
  /// - Parameter mask: For each weight, whether it is zero.
  func solved(towards weights: Matrix, mask: [Bool]) -> Matrix {
    precondition(mask.count == weights.values.count, "the mask does not fit the weights")
    var result = weights
    for part in parts(mask) {
      Solver.solve(part, factor(part.kept), shift, crossCovariance, towards: weights, to: &result)
    }
    return result
  }

  /// Some rows, evenly chosen, whose factors take so many multiplications at most; all where they may.
  func rows(mask: [Bool], workLimit: Double) -> [Int] {
    guard !mask.isEmpty else { return Array(0..<crossCovariance.rows) }
    let parts = parts(mask)
    let work = parts.reduce(0.0) { sum, part in
      let size = Double(part.kept.count)
      return sum + size * size * size / 6
    }
    let step = max(1, Int((work / workLimit).rounded(.up)))
    return stride(from: 0, to: parts.count, by: step).flatMap { parts[$0].rows }
  }

  /// Rows of which the same weights may differ from zero.
  fileprivate struct Part: Sendable {
    var rows: [Int]
    var kept: [Int]
  }

  private func parts(_ mask: [Bool]) -> [Part] {
    let columns = covariance.rows
    var places: [ArraySlice<Bool>: Int] = [:]
    var parts: [Part] = []
    for row in 0..<crossCovariance.rows {
      let key = mask[row * columns..<(row + 1) * columns]
      if let place = places[key] {
        parts[place].rows.append(row)
      } else {
        places[key] = parts.count
        parts.append(Part(rows: [row], kept: zip(0..<columns, key).filter { !$1 }.map { $0.0 }))
      }
    }
    return parts
  }

  /// Of the damped covariance of some inputs; `nil` where it is singular.
  private func factor(_ kept: [Int]) -> CholeskyFactor? {
    guard !kept.isEmpty else { return nil }
    let own =
      kept.count == covariance.rows ? covariance : covariance.selecting(rows: kept, columns: kept)
    return own.shifted(by: shift).factored()
  }

  struct Solver: Sendable {
    fileprivate let parts: [Part]
    fileprivate let factors: [CholeskyFactor?]
    fileprivate let shift: Double

    /// Bytes of the factors.
    var byteCount: Int {
      factors.reduce(0) { $0 + 8 * ($1.map { $0.factor.values.count } ?? 0) }
    }

    /// The weights for other targets; what must be zero is, and what is singular stays as given.
    func solved(_ crossCovariance: Matrix, towards weights: Matrix) -> Matrix {
      var result = weights
      for (part, factor) in zip(parts, factors) {
        Self.solve(part, factor, shift, crossCovariance, towards: weights, to: &result)
      }
      return result
    }

    fileprivate static func solve(
      _ part: Part, _ factor: CholeskyFactor?, _ shift: Double, _ crossCovariance: Matrix,
      towards weights: Matrix, to result: inout Matrix
    ) {
      let isWhole = part.kept.count == weights.columns
      if !isWhole {
        let kept = Set(part.kept)
        for row in part.rows {
          for column in 0..<weights.columns where !kept.contains(column) { result[row, column] = 0 }
        }
      }
      guard let factor else { return }
      var targets = crossCovariance.selecting(rows: part.rows, columns: part.kept)
      let own = weights.selecting(rows: part.rows, columns: part.kept)
      for place in targets.values.indices { targets.values[place] += shift * own.values[place] }
      let solution = factor.solving(targets)
      for (place, row) in part.rows.enumerated() {
        for (index, column) in part.kept.enumerated() {
          result[row, column] = solution[place, index]
        }
      }
    }
  }
}
