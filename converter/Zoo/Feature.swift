import EspalierGraph
import Foundation

/// An activation within a network under construction, and what its values are expected to be like.
///
/// The moments are those for an image of mean 0 and variance 1, as if channels were independent and
/// images had no edges: enough to give batch normalisation the statistics that training would find.
struct Feature {
  var value: Graph.ValueID
  /// Mean of each channel.
  var means: [Float]
  /// Variance of each channel.
  var variances: [Float]

  var channels: Int { means.count }

  /// The moments of a convolution of this feature, one for each output channel.
  /// - Parameter weights: As ONNX orders them, [outputs, inputs / groups, taps].
  func convolved(
    _ weights: [Float], outputs: Int, groups: Int
  ) -> (means: [Float], variances: [Float]) {
    let inputs = channels / groups
    let taps = weights.count / (outputs * inputs)
    var result = (means: [Float](), variances: [Float]())
    var index = 0
    for output in 0..<outputs {
      let first = output / (outputs / groups) * inputs
      var (mean, variance): (Float, Float) = (0, 0)
      for channel in first..<first + inputs {
        var (sum, squares): (Float, Float) = (0, 0)
        for _ in 0..<taps {
          sum += weights[index]
          squares += weights[index] * weights[index]
          index += 1
        }
        mean += sum * means[channel]
        variance += squares * variances[channel]
      }
      result.means.append(mean)
      result.variances.append(variance)
    }
    return result
  }

  /// Sets the moments to those of a function of normal numbers, by summing over the bell.
  mutating func apply(_ activation: ZooActivation) {
    let steps = (-20...20).map { Double($0) / 5 }
    let bell = steps.map { exp(-0.5 * $0 * $0) }
    let total = bell.reduce(0, +)
    for channel in 0..<channels {
      let (centre, deviation) = (
        Double(means[channel]), Double(variances[channel]).squareRoot()
      )
      var (mean, square) = (0.0, 0.0)
      for (z, density) in zip(steps, bell) {
        let y = activation.apply(centre + deviation * z)
        mean += density * y
        square += density * y * y
      }
      mean /= total
      means[channel] = Float(mean)
      variances[channel] = Float(max(0, square / total - mean * mean))
    }
  }
}

/// An elementwise function after a layer.
enum ZooActivation {
  case none, relu, relu6, silu, sigmoid, tanh

  func apply(_ x: Double) -> Double {
    switch self {
    case .none: x
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .silu: x / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }
}
