import EspalierEvaluation
import EspalierGraph

/// What layers read: the damped covariances of their inputs.
struct InputStatistics: Sendable {
  struct Layer: Sendable {
    /// For each group, `[columns, columns]`.
    var covariances: [Matrix]
    /// The variance of all outputs together.
    var energy: Double
  }

  /// By number of a layer.
  private(set) var layers: [Int: Layer] = [:]

  /// Damping as a share of a covariance's mean diagonal element.
  private static let damping = 0.01
  /// Bytes of moments that are held at one time; layers beyond it wait for another pass over the inputs.
  private static let momentByteLimit = 2 << 30

  /// - Parameters:
  ///   - wanted: Numbers of layers.
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input, or a layer reads
  ///   what is not finite.
  init(
    _ flow: ChannelFlow, of wanted: [Int], _ evaluator: Evaluator,
    _ calibration: Calibration, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) {
    var passes: [[Int]] = [[]]
    var held = 0
    for each in wanted {
      let linear = flow.layers[each].linear
      let size = HalvedMoments.byteCount(linear, runs: calibration.runs.count)
      if held + size > Self.momentByteLimit, !passes[passes.count - 1].isEmpty {
        passes.append([])
        held = 0
      }
      held += size
      passes[passes.count - 1].append(each)
    }
    for (number, pass) in passes.enumerated() where !pass.isEmpty {
      try add(pass, flow, evaluator, calibration) {
        progress?((Double(number) + $0) / Double(passes.count))
      }
    }
  }

  private mutating func add(
    _ wanted: [Int], _ flow: ChannelFlow, _ evaluator: Evaluator,
    _ calibration: Calibration, _ progress: (Double) -> Void
  ) throws(PruningError) {
    var moments: [Int: [HalvedMoments]] = [:]
    for layer in wanted {
      let linear = flow.layers[layer].linear
      moments[linear.node] = (0..<linear.groups).map { _ in
        HalvedMoments(linear, runs: calibration.runs.count)
      }
    }
    let linear = Dictionary(
      uniqueKeysWithValues: wanted.map {
        (flow.layers[$0].linear.node, flow.layers[$0].linear)
      })
    try evaluator.visit(
      calibration.runs, upTo: moments.keys.max()!, progress: { progress(0.8 * $0) }
    ) { node, inputs, samples in
      guard let linear = linear[node] else { return }
      nonisolated(unsafe) let own = moments[node]!
      let read = inputs().map { $0[linear.inputPlace]!.floats }
      // Each group has moments of its own.
      Threads.forEach(linear.groups) { group in
        for (run, input) in zip(samples, read) {
          unsafe linear.add(input, group: group, run: run, to: own[group][run])
        }
      }
    }
    for (place, each) in wanted.enumerated() {
      let linear = flow.layers[each].linear
      layers[each] = try Self.layer(
        linear, moments.removeValue(forKey: linear.node)!, evaluator)
      progress(0.8 + 0.2 * Double(place + 1) / Double(wanted.count))
    }
  }

  private static func layer(
    _ linear: LinearLayer, _ moments: [HalvedMoments], _ evaluator: Evaluator
  ) throws(PruningError) -> Layer {
    var result = Layer(covariances: [], energy: 0)
    for (group, moments) in moments.enumerated() {
      let weights = linear.weights(evaluator.constant(linear.weight)!, group: group)
      let (all, damping) = try moments.result(
        evaluator.nodes[linear.node].name, read: weights, taps: linear.taps, damping: damping)
      let covariance = all.covariance
      result.energy += GroupConsumer.energy(weights, covariance)
      // Inputs that never vary cost nothing.
      let shift = max(damping * covariance.meanDiagonal, 1e-30)
      result.covariances.append(covariance.shifted(by: shift))
    }
    return result
  }
}
