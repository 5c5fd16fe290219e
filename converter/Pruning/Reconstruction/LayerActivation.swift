import EspalierEvaluation
import EspalierGraph

/// What becomes of a layer's outputs `y`: `clamp(gain y + shift + other, limits)`.
///
/// Where the dense model lies beyond a limit, any output beyond it serves as well.
struct LayerActivation: Sendable {
  /// For each output of the layer, what batch normalisations make of it.
  var gains: [Float]
  var shifts: [Float]
  /// A value computed earlier that is added.
  var other: Graph.ValueID?
  var limits: ClosedRange<Float>
  /// Elements of one output that follow each other.
  var run: Int

  /// Targets that are as near to the outputs as they are now as the dense activation allows.
  ///
  /// Solving for such targets again and again never makes the error behind the activation larger.
  /// - Parameters:
  ///   - dense: The dense layer's outputs, `width` of them, and what is added.
  ///   - kept: Which of these are left.
  ///   - pruned: The outputs as they are now, and what is added.
  func targets(
    dense: (output: [Float], other: [Float]?), kept: [Int], of width: Int,
    pruned: (output: [Float], other: [Float]?)
  ) -> [Float] {
    var result = pruned.output
    for start in stride(from: 0, to: result.count, by: run) {
      let (outer, row) = (start / run / kept.count, start / run % kept.count)
      let source = (outer * width + kept[row]) * run
      let (gain, shift) = (gains[row], shifts[row])
      guard gain.isFinite, gain != 0 else { continue }
      // A nearly silent channel would ask for huge outputs.
      let factor = min(max(1 / gain, -20), 20)
      for index in 0..<run {
        let aim = gain * dense.output[source + index] + shift + (dense.other?[source + index] ?? 0)
        let now = gain * result[start + index] + shift + (pruned.other?[start + index] ?? 0)
        let wanted =
          if aim <= limits.lowerBound {
            min(now, limits.lowerBound)
          } else if aim >= limits.upperBound {
            max(now, limits.upperBound)
          } else {
            aim
          }
        result[start + index] += (wanted - now) * factor
      }
    }
    return result
  }
}

extension LayerSurroundings {
  /// The activation behind a layer, past batch normalisations and one sum; `nil` where the outputs
  /// meet something else, or other readers.
  func activation(of layer: LinearLayer) -> LayerActivation? {
    let type = graph.type(of: layer.output)
    let count = layer.groups * layer.rows
    var result = LayerActivation(
      gains: [Float](repeating: 1, count: count), shifts: [Float](repeating: 0, count: count),
      limits: 0...(.infinity), run: type.shape.dropFirst(layer.outputAxis + 1).reduce(1, *))
    var value = layer.output
    while let next = reader[value] {
      let node = graph.graph.nodes[next]
      switch graph.operators[next] {
      case is Relu: return result
      case let clip as Clip:
        guard let limits = limits(clip, node) else { return nil }
        result.limits = limits
        return result
      case is Add:
        guard let other = node.inputs.first(where: { $0 != value }) ?? nil,
          graph.constants[other] == nil, graph.types[other] == type, result.other == nil
        else { return nil }
        result.other = other
      case let norm as BatchNormalization:
        guard layer.outputAxis == 1, !norm.isTraining, result.other == nil else { return nil }
        let vectors = node.inputs.dropFirst().compactMap {
          $0.flatMap { graph.constants[$0]?.floats }
        }
        guard vectors.count == 4, vectors.allSatisfy({ $0.count == count }) else { return nil }
        for index in 0..<count {
          let factor = vectors[0][index] / (vectors[3][index] + norm.epsilon).squareRoot()
          result.gains[index] *= factor
          result.shifts[index] =
            (result.shifts[index] - vectors[2][index]) * factor + vectors[1][index]
        }
      default: return nil
      }
      guard let output = node.outputs[0], graph.types[output] == type else { return nil }
      value = output
    }
    return nil
  }

  /// The constant bounds of a clip, where there is room between them.
  private func limits(_ clip: Clip, _ node: Graph.Node) -> ClosedRange<Float>? {
    func bound(_ place: Int, _ fallback: Float) -> Float? {
      guard place < node.inputs.count, let id = node.inputs[place] else { return fallback }
      return graph.constants[id]?.floats.first
    }
    let given = clip.attributeBounds.map { (Float($0.lower), Float($0.upper)) }
    guard let lower = given?.0 ?? bound(1, -.infinity), let upper = given?.1 ?? bound(2, .infinity),
      lower < upper
    else { return nil }
    return lower...upper
  }
}
