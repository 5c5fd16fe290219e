/// One constant matrix that reads the channels of a coupled group: what ranking needs of it.
///
/// A product of two activations is one as well: contracting `q` with `k` over an index is the product
/// of `k` by any matrix whose Gram matrix is `E[q q']`.
struct GroupConsumer: Sendable {
  /// `[outputs, n]`.
  var weights: Matrix
  /// The covariance of the `n` inputs; the second moment where no bias can take up a mean.
  var covariance: Matrix
  /// For each index of the group, the inputs that go with it.
  var columns: [[Int]]
  /// What losses are divided by: the energy of the whole output, or of several consumers' together.
  var energy: Double
  /// Damping as a share of the covariance's mean diagonal element.
  var damping: Double

  init(
    weights: Matrix, covariance: Matrix, columns: [[Int]], energy: Double? = nil,
    damping: Double = 0.01
  ) {
    (self.weights, self.covariance, self.columns) = (weights, covariance, columns)
    self.damping = damping
    self.energy = energy ?? Self.energy(weights, covariance)
  }

  /// `tr(W C W')`: the variance of all outputs together.
  static func energy(_ weights: Matrix, _ covariance: Matrix) -> Double {
    zip(weights.times(covariance).values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

/// Optimal-brain ranking of the indices of a group over all its consumers.
///
/// The loss of removing inputs `P` is what least squares on the other inputs cannot make good:
/// `tr(W_P ([C^-1]_PP)^-1 W_P')`, with a damped covariance `C`, as a share of the output's energy.
struct GroupRanking: Sendable {
  /// Removals after which all losses are computed anew, at most.
  var rounds = 64

  /// The loss of removing each index by itself.
  func losses(of consumers: [GroupConsumer], count: Int) -> [Double] {
    var result = [Double](repeating: 0, count: count)
    for consumer in consumers {
      guard let state = ConsumerState(consumer) else { continue }
      for index in 0..<count { result[index] += state.loss(of: index) }
    }
    return result
  }

  /// Removes the cheapest indices, makes it good in all consumers, and looks again.
  ///
  /// - Parameter progress: Called with the share of indices removed.
  /// - Returns: For each index the largest loss met up to its removal, so that scores follow the order
  ///   of removal; the last ones, which never went, stand far above all others.
  func greedyScores(
    of consumers: [GroupConsumer], count: Int, progress: ((Double) -> Void)? = nil
  ) -> [Double] {
    var states = consumers.compactMap(ConsumerState.init)
    var alive = Array(0..<count)
    var scores = [Double](repeating: 0, count: count)
    let bundle = max(1, count / rounds)
    var largest = 0.0
    while alive.count > bundle {
      var losses = [Double](repeating: 0, count: count)
      for state in states {
        for index in alive { losses[index] += state.loss(of: index) }
      }
      let order = alive.sorted { (losses[$0], $0) < (losses[$1], $1) }
      let gone = order[..<bundle]
      for index in gone {
        largest = max(largest, losses[index])
        scores[index] = largest
      }
      alive = order[bundle...].sorted()
      for place in states.indices { states[place].remove(Array(gone)) }
      progress?(1 - Double(alive.count) / Double(count))
    }
    for index in alive { scores[index] = max(largest, 1e-30) * 1e6 }
    return scores
  }
}

/// A consumer while indices are removed: weights made good, and the inverse covariance of what is left.
private struct ConsumerState {
  private var weights: Matrix
  private var inverse: Matrix
  private var columns: [[Int]]
  private let energy: Double

  /// Nothing where the consumer has no energy to lose.
  init?(_ consumer: GroupConsumer) {
    let shift = consumer.damping * consumer.covariance.meanDiagonal
    guard consumer.energy > 0,
      let factor = consumer.covariance.shifted(by: shift).factored()
    else { return nil }
    weights = consumer.weights
    inverse = factor.inverse()
    columns = consumer.columns
    energy = consumer.energy
  }

  /// The share of the energy that is lost with an index; above all others, but finite, where rounding
  /// has left nothing to compute it from.
  func loss(of index: Int) -> Double {
    guard !columns[index].isEmpty else { return 0 }
    let loss = computedLoss(of: index)
    return loss.isFinite ? min(loss, Self.most) : Self.most
  }

  private static let most = 1e100

  private func computedLoss(of index: Int) -> Double {
    let places = columns[index]
    let first = places[0]
    let size = places.count
    let width = weights.columns
    if size == 1 {
      var square = 0.0
      unsafe weights.values.withUnsafeBufferPointer { values in
        for row in 0..<weights.rows {
          let weight = unsafe values[row * width + first]
          square += weight * weight
        }
      }
      return square / inverse[first, first] / energy
    }
    var gram = Matrix(zeros: size, size)
    unsafe weights.values.withUnsafeBufferPointer { values in
      unsafe gram.values.withUnsafeMutableBufferPointer { gram in
        for row in 0..<weights.rows {
          let start = row * width
          for i in 0..<size {
            let left = unsafe values[start + places[i]]
            for j in i..<size { unsafe gram[i * size + j] += left * values[start + places[j]] }
          }
        }
      }
    }
    gram.mirrorUpper()
    // tr(W_P B^-1 W_P') = tr(B^-1 W_P' W_P).
    guard let factor = inverse.selecting(rows: places, columns: places).factored() else {
      return Self.most
    }
    let solved = factor.solving(gram)
    return solved.diagonal.reduce(0, +) / energy
  }

  /// Makes the removal of some indices good in what is left.
  mutating func remove(_ indices: [Int]) {
    let gone = indices.flatMap { columns[$0] }.sorted()
    for index in indices { columns[index] = [] }
    guard !gone.isEmpty else { return }
    let all = Array(0..<inverse.rows)
    let square = inverse.selecting(rows: gone, columns: gone)
    let rows = inverse.selecting(rows: gone, columns: all)
    guard let factor = square.factored() else { return }
    // G = B^-1 H^-1_P: by symmetry its transpose solves rows.
    let gain = factor.solving(rows.transposed)
    weights.add(weights.selecting(columns: gone), gain, transposingSecond: true, factor: -1)
    inverse.add(rows, gain, transposingFirst: true, transposingSecond: true, factor: -1)
    let removed = Set(gone)
    keep(all.filter { !removed.contains($0) })
  }

  /// Drops what is removed.
  private mutating func keep(_ left: [Int]) {
    var places = [Int](repeating: -1, count: inverse.rows)
    for (place, column) in left.enumerated() { places[column] = place }
    weights = weights.selecting(columns: left)
    inverse = inverse.selecting(rows: left, columns: left)
    for index in columns.indices { columns[index] = columns[index].map { places[$0] } }
  }
}
