import EspalierModelFile

/// Every way to store and compute one weight, and what the cost model expects of each.
///
/// Expected costs decide where no device measures; where one does, it is asked about every candidate,
/// and dense is always among them.
package struct WeightCandidates: Sendable {
  package struct Candidate: Sendable {
    package var choice: WeightChoice
    /// Multiplications done, as a share of the dense layer's.
    package var work: Double
    /// Expected share of the dense time.
    package var cost: Double
  }

  /// Dense first, zeros and all; then dense by Winograd's transforms, then what leaves zeros out.
  package private(set) var all: [Candidate]
  /// Why nothing that leaves zeros out is among them; empty where something is.
  private let reasonForDense: String
  /// What times on a device depend on, beside the layer's geometry and the candidates: how full the
  /// panels of each height are, to one part in a hundred.
  package let fingerprint: String

  /// Below this share of the dense time a candidate is worth taking: less is noise.
  package static let leastGain = 0.97
  /// The model is less sure than a measurement.
  private static let leastExpectedGain = 0.95

  package init(_ weight: Program.Weight, allowSparse: Bool = true) {
    self.init(weight, weight.matrix(), allowSparse: allowSparse)
  }

  /// - Parameter matrix: The weight's own.
  init(_ weight: Program.Weight, _ matrix: DenseMatrix<Float>, allowSparse: Bool) {
    let zeros = ZeroPattern(weight, matrix)
    fingerprint = ZeroPattern.panelHeights.map {
      "\(Int((100 * zeros.panelDensity[$0]!).rounded()))"
    }.joined(separator: " ")
    let dense = WeightChoice(
      encoding: .dense, packing: weight.isDepthwise ? .depthwise : .panels,
      panelHeight: Self.densePanelHeight(weight), pattern: [], zeros: zeros, reason: "")
    all = [Candidate(choice: dense, work: 1, cost: 1)]
    reasonForDense = Self.reasonForDense(weight, zeros, allowSparse)
    let model = CostModel(weight)
    for packing in WeightPacking.allCases where packing.winogradTile != nil {
      for way in model.ways(packing, zeros, matrix) { add(packing, way, .dense, [], zeros) }
    }
    guard reasonForDense.isEmpty else { return }
    for packing in WeightPacking.allCases where packing.winogradTile == nil {
      for way in model.ways(packing, zeros, matrix) {
        let (encoding, pattern) = zeros.description(packing: packing, height: way.panelHeight)
        add(packing, way, encoding, pattern, zeros)
      }
    }
  }

  private mutating func add(
    _ packing: WeightPacking, _ way: CostModel.Way, _ encoding: WeightEncoding, _ pattern: [Int],
    _ zeros: ZeroPattern
  ) {
    let choice = WeightChoice(
      encoding: encoding, packing: packing, panelHeight: way.panelHeight, pattern: pattern,
      zeros: zeros, reason: "")
    all.append(Candidate(choice: choice, work: way.work, cost: way.cost))
  }

  /// Why there are no zeros to leave out, or none that would be; empty where there are.
  private static func reasonForDense(
    _ weight: Program.Weight, _ zeros: ZeroPattern, _ allowSparse: Bool
  ) -> String {
    if weight.isDepthwise { return "depthwise kernels are bound by memory, not by arithmetic" }
    if !allowSparse { return "dense was asked for" }
    guard zeros.density >= 0.92 else { return "" }
    let percent = Int((100 * (1 - zeros.density)).rounded())
    return percent == 0 ? "no zeros" : "\(percent) % zeros are too few to pay"
  }

  private static func densePanelHeight(_ weight: Program.Weight) -> Int {
    let rows = weight.rows / weight.groups
    return rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1
  }
}

// MARK: Deciding

extension WeightCandidates {
  /// The cheapest by the cost model: a place in `all`.
  private var cheapest: Int {
    let best = all.indices.min { all[$0].cost < all[$1].cost }!
    return all[best].cost < Self.leastExpectedGain ? best : 0
  }

  /// What the cost model takes.
  package var expected: WeightChoice {
    var choice = all[0].choice
    choice.reason = reasonForDense
    let best = all[cheapest]
    guard best.cost < 1 else {
      guard reasonForDense.isEmpty else { return choice }
      let percent = Int((100 * (1 - choice.density)).rounded())
      choice.reason = "\(percent) % zeros, but scattered so that no kernel can skip them"
      return choice
    }
    choice = best.choice
    // Where every weight is zero nothing is left to multiply.
    choice.reason =
      best.cost > 0
      ? "about \(ratio(1 / best.cost)) fewer cycles expected" : "every weight is zero"
    if !reasonForDense.isEmpty { choice.reason = "\(reasonForDense); \(choice.reason)" }
    return choice
  }

  /// All candidates beside what a device measured.
  ///
  /// - Parameter nanoseconds: One for each; nil for what the device cannot run.
  func ways(_ nanoseconds: [UInt64?]) -> [TimedWay] {
    all.indices.map { index in
      TimedWay(
        encoding: all[index].choice.name, kernel: all[index].choice.kernelName,
        work: all[index].work, expectedShare: all[index].cost, nanoseconds: nanoseconds[index],
        isExpected: index == cheapest)
    }
  }

  /// The fastest by what a device measured.
  ///
  /// - Parameter nanoseconds: One for each candidate; nil for what the device cannot run.
  /// - Returns: Nil where dense itself was not timed, so that there is nothing to compare with.
  package func fastest(_ nanoseconds: [UInt64?]) -> WeightChoice? {
    guard let dense = nanoseconds.first ?? nil, dense > 0 else { return nil }
    let others = zip(all, nanoseconds).dropFirst().compactMap { candidate, time in
      time.map { (choice: candidate.choice, time: max($0, 1)) }
    }
    var choice = all[0].choice
    choice.times = MeasuredTimes(chosen: dense, dense: dense)
    guard let best = others.min(by: { $0.time < $1.time }) else {
      choice.reason = "measured \(milliseconds(dense)); nothing else runs it"
      return choice
    }
    guard Double(best.time) < Self.leastGain * Double(dense) else {
      choice.reason =
        "dense takes \(milliseconds(dense)), "
        + "\(best.choice.name) in \(best.choice.kernelName) \(milliseconds(best.time))"
      return choice
    }
    choice = best.choice
    choice.times = MeasuredTimes(chosen: best.time, dense: dense)
    choice.reason =
      "measured \(milliseconds(best.time)), dense \(milliseconds(dense)) "
      + "(\(ratio(Double(dense) / Double(best.time))))"
    return choice
  }
}

/// "1.87x".
private func ratio(_ value: Double) -> String {
  let hundredths = Int((100 * value).rounded())
  return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)x"
}

/// Three digits that tell: "12.3 ms", "1.23 ms", "0.0123 ms".
private func milliseconds(_ nanoseconds: UInt64) -> String {
  var (unit, digits) = (10, 1)
  while digits < 4, nanoseconds * UInt64(unit) < 100_000_000 {
    (unit, digits) = (unit * 10, digits + 1)
  }
  let value = Int((Double(nanoseconds) / 1e6 * Double(unit)).rounded())
  let rest = "\(value % unit)"
  return "\(value / unit)." + String(repeating: "0", count: digits - rest.count) + rest + " ms"
}
