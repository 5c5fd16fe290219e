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
  ///   where the graph is not well formed.
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
    do throws(GraphError) {
      var runs: [Evaluator.Values] = []
      for inputs in calibration.runs { runs.append(try evaluator.start(inputs)) }
      for node in evaluator.nodes.indices {
        for (id, tensor) in statistics(node, evaluator, runs) {
          evaluator.replaceConstant(id, by: tensor)
          result.values[id].constant = tensor
        }
        for run in runs.indices { try evaluator.step(node, &runs[run]) }
        progress?(Double(node + 1) / Double(evaluator.nodes.count))
      }
    } catch {
      throw PruningError(.badCalibration, error.message, at: error.node)
    }
    return result
  }

  /// The mean and variance of each channel that reaches a node, with the constants they replace.
  private func statistics(
    _ node: Int, _ evaluator: Evaluator, _ runs: [Evaluator.Values]
  ) -> [(Graph.ValueID, Tensor)] {
    let inputs = evaluator.nodes[node].inputs
    guard let norm = evaluator.graph.operators[node] as? BatchNormalization, !norm.isTraining,
      let mean = inputs[3], let variance = inputs[4],
      let old = evaluator.constant(mean), evaluator.constant(variance) != nil,
      old.elementType == .float32, evaluator.graph.type(of: inputs[0]!).rank > 1
    else { return [] }
    var sums = [Double](repeating: 0, count: old.count)
    var squares = sums
    var count = 0
    for values in runs {
      let x = evaluator.inputs(ofNode: node, values)[0]!
      let plane = x.shape.dropFirst(2).reduce(1, *)
      count += x.shape[0] * plane
      let numbers = x.floats
      for row in 0..<x.shape[0] * x.shape[1] {
        var (sum, square) = (0.0, 0.0)
        for value in numbers[row * plane..<(row + 1) * plane] {
          sum += Double(value)
          square += Double(value) * Double(value)
        }
        sums[row % x.shape[1]] += sum
        squares[row % x.shape[1]] += square
      }
    }
    guard count > 0 else { return [] }
    let means = sums.map { $0 / Double(count) }
    let variances = zip(squares, means).map { max($0 / Double(count) - $1 * $1, 0) }
    return [
      (mean, Tensor(means.map(Float.init), shape: old.shape)),
      (variance, Tensor(variances.map(Float.init), shape: old.shape)),
    ]
  }
}
