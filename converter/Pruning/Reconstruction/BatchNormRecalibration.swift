import EspalierEvaluation
public import EspalierGraph

/// Takes the statistics of batch normalisations anew from what reaches them in a pruned graph.
///
/// It brings back much of what pruning without a refit loses, adds nothing after one, and does harm
/// where the inputs are not of the model's own domain.
public struct BatchNormRecalibration: Sendable {
  public init() {}

  /// - Parameter inputShapes: Shapes of inputs that the file leaves open, by name.
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input, `.badGraph`
  ///   where the graph is not well formed, `.nothingDone` where it has no statistics to take anew.
  public func recalibrated(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> Graph {
    var result = graph.withOwnBiases()
    let specialised: Specialised
    do throws(GraphProblems) {
      specialised = try Specialised(result, inputShapes: inputShapes, purpose: .rewriting)
    } catch {
      throw PruningError(.badGraph, "\(error)")
    }
    var evaluator = Evaluator(specialised)
    var runs = try evaluator.start(calibration.runs[...])
    var renewed = 0
    for node in evaluator.nodes.indices {
      for (id, tensor) in try statistics(node, evaluator, runs) {
        evaluator.replaceConstant(id, by: tensor)
        result.values[id].constant = tensor
        renewed += 1
      }
      try namingSample { () throws(Evaluator.SampleError) in
        try evaluator.compute(node, all: &runs)
      }
      progress?(Double(node + 1) / Double(evaluator.nodes.count))
    }
    guard renewed > 0 else {
      throw PruningError(
        .nothingDone,
        "the network has no batch normalisation whose statistics could be taken anew; exporters fold "
          + "them into the layers before: take a refit instead of a recalibration")
    }
    return result
  }

  /// The mean and variance of each channel that reaches a node, with the constants they replace.
  private func statistics(
    _ node: Int, _ evaluator: Evaluator, _ runs: [Evaluator.Values]
  ) throws(PruningError) -> [(Graph.ValueID, Tensor)] {
    let inputs = evaluator.nodes[node].inputs
    guard let norm = evaluator.graph.operators[node] as? BatchNormalization, !norm.isTraining,
      let mean = inputs[3], let variance = inputs[4],
      let old = evaluator.constant(mean), evaluator.constant(variance) != nil,
      old.elementType == .float32, evaluator.graph.type(of: inputs[0]!).rank > 1
    else { return [] }
    let read = runs.map { values in
      let x = evaluator.inputs(ofNode: node, values)[0]!
      return (images: x.shape[0], plane: x.shape.dropFirst(2).reduce(1, *), numbers: x.floats)
    }
    let channels = old.count
    let moments = Threads.map(channels) { channel -> (mean: Double, variance: Double, count: Int) in
      var (sum, square, count) = (0.0, 0.0, 0)
      for x in read {
        count += x.images * x.plane
        for image in 0..<x.images {
          var (own, ownSquare) = (0.0, 0.0)
          let start = (image * channels + channel) * x.plane
          for value in x.numbers[start..<start + x.plane] {
            own += Double(value)
            ownSquare += Double(value) * Double(value)
          }
          sum += own
          square += ownSquare
        }
      }
      let mean = sum / Double(max(count, 1))
      return (mean: mean, variance: max(square / Double(max(count, 1)) - mean * mean, 0), count)
    }
    guard moments.allSatisfy({ $0.count > 0 }) else { return [] }
    let (means, variances) = (moments.map { Float($0.mean) }, moments.map { Float($0.variance) })
    guard (means + variances).allSatisfy(\.isFinite) else {
      throw PruningError(
        .badCalibration,
        "what the node reads is NaN, infinite or too large to be squared on these inputs; repair the "
          + "model or give inputs of its own domain", at: evaluator.nodes[node].name)
    }
    return [
      (mean, Tensor(means, shape: old.shape)), (variance, Tensor(variances, shape: old.shape)),
    ]
  }
}
