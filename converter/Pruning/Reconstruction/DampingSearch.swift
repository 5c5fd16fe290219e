/// How strongly a refit is drawn to the weights that were left, by cross-validation.
///
/// Where a layer has not many more places than columns, as behind a pooling of the whole image, least
/// squares learns the samples by heart. Each half of the runs is fitted with several dampings and judged
/// on the other half.
struct DampingSearch {
  /// Moments of the two halves.
  let halves: [ColumnMoments.Result]
  /// Whether a bias takes up the means.
  let hasBias: Bool
  /// For each weight, whether it must stay zero; nothing where none must.
  let mask: [Bool]
  /// The weights that were left.
  let weights: Matrix

  /// Fewer places for each column than this leave the damping in doubt.
  private static let placesPerColumn = 64
  /// Above so many columns factors take too long to be found for each damping.
  private static let largestSize = 2048
  /// Fewer runs cannot be halved.
  static let fewestRuns = 4
  /// What factors of one damping may take; of more, some rows stand for all.
  private static let workLimit = 2e9
  /// From one damping to the next, and how far from the first.
  private static let factor = 4.0
  private static let steps = 5

  /// Whether a layer's damping is in doubt.
  static func isNeeded(_ layer: LinearLayer, runs: Int) -> Bool {
    runs >= fewestRuns && layer.columns <= largestSize
      && runs * layer.placeCount < placesPerColumn * layer.columns
  }

  /// The damping with the least error on what was not fitted: upwards from a first one as long as it
  /// gets better, else downwards.
  func damping(from first: Double) -> Double {
    let folds = [(0, 1), (1, 0)].map { Fold(self, fit: halves[$0], held: halves[$1]) }
    func error(_ damping: Double) -> Double {
      folds.reduce(0) { $0 + $1.error(damping) }
    }
    let start = error(first)
    for factor in [Self.factor, 1 / Self.factor] {
      var best = (damping: first, error: start)
      for _ in 0..<Self.steps {
        let next = error(best.damping * factor)
        guard next < best.error else { break }
        best = (best.damping * factor, next)
      }
      if best.damping != first { return best.damping }
    }
    return first
  }

  private struct Fold {
    private var problem: LeastSquares
    private let own: Matrix
    private let mask: [Bool]
    /// Moments of what is held out, about the means of what is fitted.
    private let second: Matrix
    private let cross: Matrix

    init(_ search: DampingSearch, fit: ColumnMoments.Result, held: ColumnMoments.Result) {
      var whole = LeastSquares(
        covariance: search.hasBias ? fit.covariance : fit.second,
        crossCovariance: search.hasBias ? fit.crossCovariance : fit.cross, damping: 0)
      let rows = whole.rows(mask: search.mask, workLimit: DampingSearch.workLimit)
      let columns = Array(0..<search.weights.columns)
      whole.crossCovariance = whole.crossCovariance.selecting(rows: rows, columns: columns)
      own = search.weights.selecting(rows: rows, columns: columns)
      mask =
        search.mask.isEmpty
        ? [] : rows.flatMap { search.mask[$0 * columns.count..<($0 + 1) * columns.count] }
      problem = whole
      guard search.hasBias else {
        (second, cross) = (held.second, held.cross.selecting(rows: rows, columns: columns))
        return
      }
      let inputs = zip(fit.mean, held.mean).map { $0 - $1 }
      let targets = zip(held.targetMean, fit.targetMean).map { $0 - $1 }
      var (square, product) = (held.covariance, held.crossCovariance)
      square.subtractProduct(inputs, inputs.map { -$0 })
      product.subtractProduct(targets, inputs)
      (second, cross) = (square, product.selecting(rows: rows, columns: columns))
    }

    /// The squared error of one place on what is held out, but for the targets' own squares.
    func error(_ damping: Double) -> Double {
      var problem = problem
      problem.damping = damping
      let solved =
        mask.isEmpty
        ? problem.solved(towards: own) : problem.solved(towards: own, mask: mask)
      let products = solved.times(second)
      return solved.values.indices.reduce(0) { sum, place in
        sum + solved.values[place] * (products.values[place] - 2 * cross.values[place])
      }
    }
  }
}
