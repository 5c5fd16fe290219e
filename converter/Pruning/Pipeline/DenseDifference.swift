import EspalierEvaluation
public import EspalierGraph

/// How far a pruned model's outputs lie from the dense model's on the same inputs.
public struct DenseDifference: Sendable, Hashable {
  /// The share of the variance of the dense outputs that the pruned ones tell; of several outputs the
  /// least. 1 for equal ones; below 0 where the mean alone would tell more.
  public var explained: Double
  /// The standard deviation of the outputs from input to input as a share of the dense model's; of
  /// several outputs the least. Near 0 where the model ignores its input.
  public var spread: Double
  /// The share of rows of which the same element is the largest; `nil` where rows have one element.
  public var agreement: Double?
  /// Runs that were compared.
  public var runs: Int
  /// Whether the inputs were made up: then `spread` alone says anything of real ones.
  public var isNoise: Bool
  /// Layers whose outputs differ most, the worst first, with the variance that is told of each.
  public var worst: [Layer] = []

  public struct Layer: Sendable, Hashable, Encodable {
    public var name: String
    public var explained: Double
  }

  /// Below it a model is broken.
  static let least = 0.5
  /// Below it a model is damaged.
  static let good = 0.9

  /// Why the model is broken; `nil` where it is not.
  var fault: String? {
    let share = isNoise || spread < explained ? spread : explained
    guard !(share >= Self.least) else { return nil }
    return isNoise || spread < explained
      ? "its outputs vary \(shown(spread)) times as much as the dense model's from input to input"
      : "its outputs tell \(shown(explained)) of the variance of the dense model's"
  }

  /// What is wrong with a model that is not broken.
  var warning: String? {
    guard fault == nil, !isNoise, !(explained >= Self.good) else { return nil }
    let names = worst.prefix(3).map { "\($0.name) (\(shown($0.explained)))" }
    return
      "the pruned model's outputs tell \(shown(explained)) of the variance of the dense model's"
      + (names.isEmpty ? "" : "; least does it at \(names.joined(separator: ", "))")
  }

  private func shown(_ number: Double) -> String { "\((number * 1000).rounded() / 1000)" }
}

extension DenseDifference: Encodable {
  private enum Key: String, CodingKey {
    case explained = "r2"
    case spread, agreement, runs, worst
    case isNoise = "noise"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(explained, forKey: .explained)
    try container.encode(spread, forKey: .spread)
    try container.encode(agreement, forKey: .agreement)
    try container.encode(runs, forKey: .runs)
    try container.encode(isNoise, forKey: .isNoise)
    try container.encode(worst, forKey: .worst)
  }
}

// MARK: Measuring

extension DenseDifference {
  /// Runs both models; `nil` where nothing can be compared: outputs that are no floating-point numbers,
  /// or that do not vary.
  /// - Parameter namesLayers: Whether to find the worst layers.
  /// - Throws: `PruningError` with `.badCalibration` where a model fails on an input.
  init?(
    dense: Specialised, pruned: Specialised, _ calibration: Calibration, namesLayers: Bool = false
  ) throws(PruningError) {
    let (whole, left) = (Evaluator(dense), Evaluator(pruned))
    let runs = Array(calibration.prefix(128).runs)
    // What can be compared: outputs, and values of layers that have lost no output.
    var ids: [(dense: Graph.ValueID, pruned: Graph.ValueID, node: Int?)] = []
    for (a, b) in zip(dense.graph.outputs, pruned.graph.outputs)
    where dense.types[a]?.elementType.isFloatingPoint == true && dense.types[a] == pruned.types[b] {
      ids.append((a, b, nil))
    }
    let outputs = ids.count
    if namesLayers { ids += Self.layers(dense, pruned) }
    var sums = ids.map { VarianceSums(count: dense.type(of: $0.dense).count) }
    var rows = (same: 0, all: 0)
    let bundle = min(whole.bundle, left.bundle)
    for first in stride(from: 0, to: runs.count, by: bundle) {
      let own = runs[first..<min(first + bundle, runs.count)]
      let wanted = try whole.values(of: ids.map(\.dense), own, first: first)
      let found = try left.values(of: ids.map(\.pruned), own, first: first)
      for (wanted, found) in zip(wanted, found) {
        for place in ids.indices { sums[place].add(wanted[place], found[place]) }
        guard outputs > 0 else { continue }
        let width = dense.type(of: ids[0].dense).shape.last ?? 1
        rows.all += wanted[0].count / max(width, 1)
        rows.same += Self.agreeing(wanted[0], found[0], width)
      }
    }
    let measured = sums.prefix(outputs).filter { $0.wanted > 0 }
    guard let explained = measured.map(\.explained).min(), let spread = measured.map(\.spread).min()
    else { return nil }
    (self.explained, self.spread, self.runs) = (explained, spread, runs.count)
    isNoise = calibration.isNoise
    agreement =
      (dense.type(of: ids[0].dense).shape.last ?? 1) > 1
      ? Double(rows.same) / Double(max(rows.all, 1)) : nil
    worst = zip(ids, sums).dropFirst(outputs).compactMap { id, sums in
      sums.wanted > 0
        ? Layer(name: dense.graph.nodes[id.node!].name, explained: sums.explained) : nil
    }.sorted { ($0.explained, $0.name) < ($1.explained, $1.name) }
    worst = Array(worst.prefix(5))
  }

  private static func layers(
    _ dense: Specialised, _ pruned: Specialised
  ) -> [(dense: Graph.ValueID, pruned: Graph.ValueID, node: Int?)] {
    var outputs: [String: Graph.ValueID] = [:]
    for node in pruned.graph.nodes { outputs[node.name] = node.outputs.first ?? nil }
    return dense.graph.nodes.indices.compactMap { index in
      guard let layer = LinearLayer(index, of: dense),
        let other = outputs[dense.graph.nodes[index].name],
        pruned.types[other] == dense.types[layer.output]
      else { return nil }
      return (layer.output, other, index)
    }
  }

  /// Rows of which the same element is the largest.
  private static func agreeing(_ a: [Float], _ b: [Float], _ width: Int) -> Int {
    stride(from: 0, to: a.count, by: max(width, 1)).count { start in
      let places = start..<start + width
      return places.max { a[$0] < a[$1] } == places.max { b[$0] < b[$1] }
    }
  }
}

extension Evaluator {
  /// Some values of some samples, those included that the walk would have released.
  fileprivate func values(
    of ids: [Graph.ValueID], _ runs: ArraySlice<[String: Tensor]>, first: Int
  ) throws(PruningError) -> [[[Float]]] {
    var values = try start(runs, first: first)
    var result = values.map { _ in [[Float]](repeating: [], count: ids.count) }
    for node in nodes.indices {
      try namingSample(after: first) { () throws(SampleError) in try compute(node, all: &values) }
      for (place, id) in ids.enumerated() where nodes[node].outputs.contains(id) {
        for (sample, values) in values.enumerated() {
          result[sample][place] = values[id]?.floats ?? []
        }
      }
    }
    return result
  }
}

/// Sums over samples by which the variance of some values is compared with that of others.
private struct VarianceSums {
  private var sums: [Double]
  private var squares = 0.0
  private var otherSums: [Double]
  private var otherSquares = 0.0
  private var errors = 0.0
  private var count = 0.0

  init(count: Int) {
    sums = [Double](repeating: 0, count: count)
    otherSums = sums
  }

  mutating func add(_ wanted: [Float], _ found: [Float]) {
    guard wanted.count == sums.count, found.count == sums.count else { return }
    count += 1
    for place in wanted.indices {
      let (a, b) = (Double(wanted[place]), Double(found[place]))
      sums[place] += a
      otherSums[place] += b
      squares += a * a
      otherSquares += b * b
      errors += (a - b) * (a - b)
    }
  }

  /// Squared deviations from the mean of all samples.
  var wanted: Double { deviation(sums, squares) }
  private var found: Double { deviation(otherSums, otherSquares) }
  var explained: Double { 1 - errors / wanted }
  var spread: Double { (found / wanted).squareRoot() }

  private func deviation(_ sums: [Double], _ squares: Double) -> Double {
    guard count > 1 else { return 0 }
    let own = squares - sums.reduce(0) { $0 + $1 * $1 } / count
    // What rounding leaves of values that do not vary.
    return own > squares * 1e-9 ? own : 0
  }
}
