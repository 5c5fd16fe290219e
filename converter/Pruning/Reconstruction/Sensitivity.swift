import EspalierEvaluation
import EspalierGraph

/// How much an error in one sum's output shows in the graph's outputs, found by making such errors.
///
/// An output is moved by the difference of what two other samples have there, so that errors look as
/// the output itself does; no gradients are needed.
struct Sensitivity {
  /// Samples that are disturbed, at most: behind every sum the rest of the network runs once for each.
  var samples = 8
  /// The share of the difference that is added.
  var share: Float = 0.3

  /// For each sum's node, the relative squared error of the graph's outputs for each unit of squared
  /// error in the sum's output, at one place of every run.
  /// - Returns: nothing where samples are too few, or some sum does not show in the outputs.
  func measured(
    at products: [GroupConsumers.Product], _ evaluator: Evaluator, _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> [Int: Double]? {
    let limit = (1 << 31) / max(3 * evaluator.peakByteCount, 1)
    let count = min(samples, limit, calibration.runs.count)
    guard count >= 3 else { return nil }
    var product: [Int: GroupConsumers.Product] = [:]
    for each in products { product[each.node] = each }
    var values = try evaluator.start(calibration.runs.prefix(count))
    var result: [Int: Double] = [:]
    func compute(_ node: Int, _ values: inout [Evaluator.Values]) throws(PruningError) {
      try namingSample { () throws(Evaluator.SampleError) in
        try evaluator.compute(node, all: &values)
      }
    }
    // One disturbed walk after another: to hold them all would take too much memory.
    var clean = values
    for node in evaluator.nodes.indices { try compute(node, &clean) }
    let outputs = clean.map { evaluator.outputs($0) }
    for (sample, outputs) in outputs.enumerated() {
      for (name, tensor) in outputs.sorted(by: { $0.key < $1.key })
      where tensor.elementType.isFloatingPoint && tensor.floats.contains(where: \.isNaN) {
        throw PruningError(
          .badCalibration,
          "sample \(sample) gives NaN; repair the model or give inputs of its own domain",
          at: "output \"\(name)\"")
      }
    }
    for node in evaluator.nodes.indices {
      // The later a node, the fewer follow it.
      let left = 1 - Double(node) / Double(evaluator.nodes.count)
      progress?(1 - left * left)
      try compute(node, &values)
      guard let product = product[node] else { continue }
      var moved = values
      let energy = disturb(&moved, product, evaluator)
      for later in evaluator.nodes.indices.dropFirst(node + 1) { try compute(later, &moved) }
      let error = Self.error(moved.map { evaluator.outputs($0) }, outputs)
      guard let error, error > 0, energy > 0, (error / energy).isFinite else { return nil }
      result[node] = error / energy
    }
    return result
  }

  /// Moves a sum's outputs.
  /// - Returns: the squared error at one place of every run.
  private func disturb(
    _ values: inout [Evaluator.Values], _ product: GroupConsumers.Product, _ evaluator: Evaluator
  ) -> Double {
    let output = evaluator.nodes[product.node].outputs[0]!
    let tensors = values.map { $0[output]! }
    let numbers = tensors.map(\.floats)
    var energy = 0.0
    for sample in values.indices {
      var own = numbers[sample]
      let (first, second) = (
        numbers[(sample + 1) % numbers.count], numbers[(sample + 2) % numbers.count]
      )
      for place in own.indices {
        let error = share * (first[place] - second[place])
        own[place] += error
        energy += Double(error) * Double(error)
      }
      values[sample][output] = Tensor(own, shape: tensors[sample].shape)
    }
    return energy / Double(product.placeCount(outputs: tensors[0].count))
  }

  /// The squared error as a share of the squares; `nil` where there is nothing to compare.
  private static func error(
    _ found: [[String: Tensor]], _ wanted: [[String: Tensor]]
  ) -> Double? {
    var (error, energy) = (0.0, 0.0)
    for (found, wanted) in zip(found, wanted) {
      for (name, tensor) in wanted where tensor.elementType.isFloatingPoint {
        for (a, b) in zip(found[name]!.floats, tensor.floats) {
          error += Double(a - b) * Double(a - b)
          energy += Double(b) * Double(b)
        }
      }
    }
    return energy > 0 ? error / energy : nil
  }
}

extension GroupConsumers.Product {
  /// Places of one run, where the output has so many elements.
  fileprivate func placeCount(outputs: Int) -> Int {
    switch self {
    case .layer(let layer): outputs / (layer.groups * layer.rows)
    case .activations(let product): outputs / product.parts
    }
  }
}
