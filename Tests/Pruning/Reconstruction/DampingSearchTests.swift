import EspalierSeeded
import Testing

@testable import EspalierPruning

@Suite struct DampingSearchTests {
  /// Moments of columns `[size, places]` and targets `[outputs, places]`.
  private func moments(_ x: Matrix, _ t: Matrix) -> ColumnMoments.Result {
    let share = 1 / Double(x.columns)
    func means(_ matrix: Matrix) -> [Double] {
      (0..<matrix.rows).map { row in
        (0..<matrix.columns).reduce(0) { $0 + matrix[row, $1] } * share
      }
    }
    return ColumnMoments.Result(
      mean: means(x), second: x.times(x, transposingOther: true, factor: share),
      targetMean: means(t), cross: t.times(x, transposingOther: true, factor: share),
      count: x.columns)
  }

  private func plus(_ matrix: Matrix, _ other: Matrix, times factor: Double) -> Matrix {
    Matrix(
      matrix.rows, matrix.columns,
      zip(matrix.values, other.values).map { $0 + factor * $1 })
  }

  /// Fits one half for each damping that the search may try, and counts squares on the other.
  private func bestByHand(
    _ x: [Matrix], _ t: [Matrix], _ given: Matrix, dampings: [Double]
  ) -> Double {
    func error(_ damping: Double) -> Double {
      [(0, 1), (1, 0)].reduce(0) { sum, fold in
        let fit = moments(x[fold.0], t[fold.0])
        let solved = LeastSquares(
          covariance: fit.covariance, crossCovariance: fit.crossCovariance, damping: damping
        ).solved(towards: given)
        let (held, wanted) = (x[fold.1], t[fold.1])
        var squares = 0.0
        for place in 0..<held.columns {
          for row in 0..<wanted.rows {
            var made = fit.targetMean[row]
            for column in 0..<held.rows {
              made += solved[row, column] * (held[column, place] - fit.mean[column])
            }
            squares += (made - wanted[row, place]) * (made - wanted[row, place])
          }
        }
        return sum + squares / Double(held.columns)
      }
    }
    return dampings.min { error($0) < error($1) }!
  }

  @Test(arguments: [0.0, 0.3, 3.0])
  func `the damping is that of least squared error on what was held out`(noise: Double) {
    var random = Seeded(seed: 51)
    let (size, places, outputs) = (12, 20, 4)
    let weights = random.matrix(outputs, size)
    let x = (0..<2).map { _ in random.matrix(size, places) }
    let t = x.map { plus(weights.times($0), random.matrix(outputs, places), times: noise) }
    let given = plus(weights, random.matrix(outputs, size), times: 0.2)
    let search = DampingSearch(
      halves: zip(x, t).map { moments($0, $1) }, hasBias: true, mask: [], weights: given)
    let found = search.damping(from: 0.1)
    var dampings = [0.1]
    for step in 1...5 {
      var power = 1.0
      for _ in 0..<step { power *= 4 }
      dampings += [0.1 * power, 0.1 / power]
    }
    #expect(found == bestByHand(x, t, given, dampings: dampings))
    // What is no noise is learned by heart, and noise is not.
    #expect(noise == 0 ? found < 0.01 : noise == 3 ? found > 1 : true)
  }

  @Test func `halves make the moments of the whole`() {
    var random = Seeded(seed: 52)
    let (x, t) = (random.matrix(5, 30), random.matrix(2, 30))
    func part(_ matrix: Matrix, _ range: Range<Int>) -> Matrix {
      matrix.selecting(columns: Array(range))
    }
    let whole = moments(x, t)
    let sum = moments(part(x, 0..<12), part(t, 0..<12))
      .adding(moments(part(x, 12..<30), part(t, 12..<30)))
    #expect(sum.count == 30)
    for (a, b) in zip(
      sum.second.values + sum.cross.values, whole.second.values + whole.cross.values)
    {
      #expect(abs(a - b) < 1e-12)
    }
    for (a, b) in zip(sum.mean + sum.targetMean, whole.mean + whole.targetMean) {
      #expect(abs(a - b) < 1e-12)
    }
  }

  @Test func `some rows stand for many masks`() {
    let mask = (0..<8).flatMap { row in (0..<8).map { $0 == row } }
    let problem = LeastSquares(
      covariance: Matrix(zeros: 8, 8), crossCovariance: Matrix(zeros: 8, 8), damping: 0)
    #expect(problem.rows(mask: mask, workLimit: 1e9) == Array(0..<8))
    // Each row's seven inputs take 343 / 6.
    #expect(problem.rows(mask: mask, workLimit: 8 * 343 / 6 / 4.0 + 1) == [0, 4])
    #expect(problem.rows(mask: [], workLimit: 1) == Array(0..<8))
  }
}
