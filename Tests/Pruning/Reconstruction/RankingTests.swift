import EspalierSeeded
import Testing

@testable import EspalierPruning

extension Seeded {
  /// Uniform elements in -1..<1.
  mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(rows, columns, (0..<rows * columns).map { _ in Double(float()) })
  }

  /// The covariance of some columns of a factor's rank.
  mutating func covariance(_ size: Int, rank: Int) -> Matrix {
    let factor = matrix(size, rank)
    return factor.times(factor, transposingOther: true, factor: 1 / Double(rank))
  }
}

@Suite struct RankingTests {
  /// The loss of the best weights without some inputs: `min tr((W - V) C (W - V)')`, V_P = 0.
  private func leastLoss(_ weights: Matrix, _ covariance: Matrix, without gone: Set<Int>) -> Double
  {
    let kept = (0..<weights.columns).filter { !gone.contains($0) }
    let inner = covariance.selecting(rows: kept, columns: kept)
    let cross = weights.times(covariance.selecting(columns: kept))
    let best = eliminate(inner, cross)
    var difference = weights
    for row in 0..<weights.rows {
      for (place, column) in kept.enumerated() { difference[row, column] -= best[row, place] }
    }
    return GroupConsumer.energy(difference, covariance)
  }

  /// Solves `x a = b` by elimination with pivots, apart from what is tested.
  private func eliminate(_ a: Matrix, _ b: Matrix) -> Matrix {
    var (a, x) = (a.transposed, b.transposed)
    for pivot in 0..<a.rows {
      let best = (pivot..<a.rows).max { abs(a[$0, pivot]) < abs(a[$1, pivot]) }!
      for column in 0..<a.columns {
        (a[pivot, column], a[best, column]) = (a[best, column], a[pivot, column])
      }
      for column in 0..<x.columns {
        (x[pivot, column], x[best, column]) = (x[best, column], x[pivot, column])
      }
      for row in 0..<a.rows where row != pivot {
        let factor = a[row, pivot] / a[pivot, pivot]
        for column in 0..<a.columns { a[row, column] -= factor * a[pivot, column] }
        for column in 0..<x.columns { x[row, column] -= factor * x[pivot, column] }
      }
    }
    for row in 0..<a.rows {
      for column in 0..<x.columns { x[row, column] /= a[row, row] }
    }
    return x.transposed
  }

  /// Worked by hand for three inputs and four samples.
  @Test func `a layer of three inputs`() throws {
    let x = Matrix(3, 4, [1, 0, 1, 2, 0, 1, 1, 1, 1, 1, 0, 1])
    let weights = Matrix(1, 3, [1, 2, -1])
    let covariance = x.times(x, transposingOther: true)
    let consumer = GroupConsumer(
      weights: weights, covariance: covariance, columns: [[0], [1], [2]], energy: 1,
      damping: 0)
    let losses = GroupRanking().losses(of: [consumer], count: 3)
    for (loss, wanted) in zip(losses, [2.4, 16.0 / 3, 4.0 / 3]) {
      #expect(abs(loss - wanted) < 1e-12)
    }
    let kept = [0, 1]
    let refit = LeastSquares(
      covariance: covariance.selecting(rows: kept, columns: kept),
      crossCovariance: weights.times(covariance.selecting(columns: kept)), damping: 0
    ).solved(towards: weights.selecting(columns: kept))
    #expect(abs(refit[0, 0] - 2.0 / 3) < 1e-12 && abs(refit[0, 1] - 5.0 / 3) < 1e-12)
  }

  @Test func `losses of blocks are what least squares cannot make good`() {
    var random = Seeded(seed: 21)
    let (weights, covariance) = (random.matrix(4, 9), random.covariance(9, rank: 20))
    let columns = [[0, 4, 8], [1], [], [2, 3, 5, 6, 7]]
    let ranking = GroupRanking()
    let damped = covariance.shifted(by: 0.02 * covariance.meanDiagonal)
    let consumer = GroupConsumer(
      weights: weights, covariance: covariance, columns: columns, damping: 0.02)
    let losses = ranking.losses(of: [consumer, consumer], count: 4)
    for (loss, places) in zip(losses, columns) {
      let wanted = 2 * leastLoss(weights, damped, without: Set(places)) / consumer.energy
      #expect(abs(loss - wanted) < 1e-10)
    }
  }

  @Test func `greedy scores follow the exact losses of what is left`() {
    var random = Seeded(seed: 22)
    let count = 12
    let consumers = (0..<2).map { kind in
      let width = kind == 0 ? count : 3 * count
      return GroupConsumer(
        weights: random.matrix(5, width), covariance: random.covariance(width, rank: 50),
        columns: (0..<count).map { kind == 0 ? [$0] : [$0, $0 + count, $0 + 2 * count] })
    }
    let scores = GroupRanking().greedyScores(of: consumers, count: count)
    // Least squares from scratch at every step.
    var gone: [Int] = []
    var largest = 0.0
    func loss(_ removed: [Int]) -> Double {
      consumers.reduce(0) { sum, consumer in
        let damped = consumer.covariance.shifted(by: 0.01 * consumer.covariance.meanDiagonal)
        let places = Set(removed.flatMap { consumer.columns[$0] })
        return sum + leastLoss(consumer.weights, damped, without: places) / consumer.energy
      }
    }
    while gone.count < count - 1 {
      let before = loss(gone)
      let candidates = (0..<count).filter { !gone.contains($0) }.map {
        ($0, loss(gone + [$0]) - before)
      }
      let best = candidates.min { $0.1 < $1.1 }!
      largest = max(largest, best.1)
      #expect(abs(scores[best.0] - largest) < 1e-8 * max(1, largest), "after \(gone)")
      gone.append(best.0)
    }
    let last = (0..<count).first { !gone.contains($0) }!
    #expect(scores[last] > 1e5 * largest)
  }

  @Test func `of two equal channels one is free, and the other then is not`() {
    var random = Seeded(seed: 23)
    let x = random.matrix(4, 200)
    var doubled = x
    for column in 0..<200 { doubled[3, column] = x[2, column] }
    let covariance = doubled.times(doubled, transposingOther: true, factor: 1 / 200)
    let consumer = GroupConsumer(
      weights: random.matrix(6, 4), covariance: covariance, columns: (0..<4).map { [$0] },
      damping: 1e-6)
    let ranking = GroupRanking()
    let alone = ranking.losses(of: [consumer], count: 4)
    #expect(alone[2] < 1e-4 && alone[3] < 1e-4)
    let greedy = ranking.greedyScores(of: [consumer], count: 4)
    #expect(min(greedy[2], greedy[3]) < 1e-4 && max(greedy[2], greedy[3]) > 1e-2)
  }

  @Test func `many indices go in bundles, and a silent consumer does not count`() {
    var random = Seeded(seed: 24)
    let count = 200
    let consumer = GroupConsumer(
      weights: random.matrix(10, count), covariance: random.covariance(count, rank: 300),
      columns: (0..<count).map { [$0] })
    var silent = consumer
    (silent.covariance, silent.energy) = (Matrix(zeros: count, count), 0)
    var shares: [Double] = []
    let scores = GroupRanking().greedyScores(of: [consumer, silent], count: count) {
      shares.append($0)
    }
    #expect(shares.count == 66 && shares == shares.sorted())
    #expect(scores.allSatisfy { $0 > 0 && $0.isFinite })
    #expect(scores.filter { $0 > 1e3 }.count == 2)
  }
}
