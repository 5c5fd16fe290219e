import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Optimal-brain scores of single weights: `|w| / sqrt([C^-1]_jj)` for input `j`, with a damped covariance
/// `C` of the inputs, whose square is what the layer's output loses once the other weights have made good
/// what they can.
enum WeightScores {
  /// The scores of some weights, by initializer; those that no known layer alone reads have none.
  /// - Throws: `PruningError` with `.badCalibration`.
  static func scores(
    _ weights: [SelectedWeight], _ graph: Graph, _ coupling: Coupling, _ flow: ChannelFlow,
    _ calibration: Calibration, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> [Graph.ValueID: [Float]] {
    var weightOfLayer: [Int: SelectedWeight] = [:]
    for (number, layer) in flow.layers.enumerated() where !layer.isPassage {
      weightOfLayer[number] = weights.first { weight in
        weight.reason == nil && weight.layers.count == 1
          && weight.matrix.map(layer.fits) ?? false
          && graph.nodes[weight.layers[0].node].outputs.first == layer.linear.output
      }
    }
    let numbers = weightOfLayer.keys.sorted()
    let statistics = try InputStatistics(
      flow, of: numbers, Evaluator(coupling.graph), calibration.prefix(BlockChoice.samples),
      progress: progress)
    var result: [Graph.ValueID: [Float]] = [:]
    for number in numbers {
      let (linear, weight) = (flow.layers[number].linear, weightOfLayer[number]!)
      let matrix = weight.matrix!
      var values = graph.values[weight.initializer].constant!.floats
      for (group, covariance) in statistics.layers[number]!.covariances.enumerated() {
        guard let inverse = covariance.factored()?.inverse() else { continue }
        let factors = inverse.diagonal.map { Float(1 / max($0, 1e-300).squareRoot()) }
        for row in 0..<matrix.rows {
          for column in 0..<linear.columns {
            let place =
              matrix.groupStarts[group] + row * matrix.rowStride
              + column / linear.taps * matrix.columnStride
              + matrix.tapOffsets[column % linear.taps]
            values[place] *= factors[column]
          }
        }
      }
      result[weight.initializer] = values
    }
    return result
  }
}
