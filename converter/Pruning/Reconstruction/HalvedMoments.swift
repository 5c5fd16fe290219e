/// Moments of what a layer reads; where places are few, of each half of the runs, so that a damping can
/// be found for them.
final class HalvedMoments {
  private let parts: [ColumnMoments]

  init(_ layer: LinearLayer, runs: Int) {
    let count = DampingSearch.isNeeded(layer, runs: runs) ? 2 : 1
    parts = (0..<count).map { _ in ColumnMoments(size: layer.columns) }
  }

  /// Bytes that a layer's moments take.
  static func byteCount(_ layer: LinearLayer, runs: Int) -> Int {
    let count = DampingSearch.isNeeded(layer, runs: runs) ? 2 : 1
    return count * layer.groups * ColumnMoments.byteCount(size: layer.columns)
  }

  /// Where a run belongs.
  subscript(run: Int) -> ColumnMoments { parts[run % parts.count] }

  /// The moments of all runs, and the damping of their covariance.
  /// - Parameters:
  ///   - weights: What reads them.
  ///   - damping: The damping where places are many, and the first that is tried where they are few.
  /// - Throws: `PruningError` with `.badCalibration` where the sums are not finite.
  func result(
    _ node: String, read weights: Matrix, taps: Int, damping: Double
  ) throws(PruningError) -> (moments: ColumnMoments.Result, damping: Double) {
    var halves: [ColumnMoments.Result] = []
    for part in parts { halves.append(try part.result(node)) }
    guard halves.count == 2 else { return (halves[0], damping) }
    let search = DampingSearch(ofEveryOther: weights, taps: taps, halves)
    return (halves[0].adding(halves[1]), search.damping(from: damping))
  }
}

extension DampingSearch {
  /// For ranking what may go: every other input is taken away, and the rest has to make up for it.
  init(ofEveryOther weights: Matrix, taps: Int, _ halves: [ColumnMoments.Result]) {
    let isGone = (0..<weights.columns).map { $0 / taps % 2 == 1 }
    var left = weights
    for place in left.values.indices where isGone[place % weights.columns] {
      left.values[place] = 0
    }
    let targets = halves.map { half in
      var half = half
      half.cross = weights.times(half.second)
      half.targetMean = weights.times(Matrix(weights.columns, 1, half.mean)).values
      return half
    }
    self.init(
      halves: targets, hasBias: true,
      mask: (0..<weights.rows).flatMap { _ in isGone }, weights: left)
  }
}
