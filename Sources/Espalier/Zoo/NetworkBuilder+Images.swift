import EspalierGraph
import Foundation

/// The square window of a convolution.
struct ZooWindow {
  var kernel: Int
  var stride = 1

  var attributes: [String: Attribute] {
    let pad = Int64((kernel - 1) / 2)
    return [
      "kernel_shape": .integers([Int64(kernel), Int64(kernel)]),
      "strides": .integers([Int64(stride), Int64(stride)]),
      "pads": .integers([pad, pad, pad, pad]),
    ]
  }
}

extension NetworkBuilder {
  /// A convolution without bias, batch normalisation and an activation.
  /// - Parameters:
  ///   - gain: The deviation of what batch normalisation gives; less than 1 damps a residual branch.
  mutating func convolution(
    _ x: Feature, _ name: String, norm: String, channels: Int, _ window: ZooWindow,
    groups: Int = 1, gain: Float = 1, _ activation: ZooActivation = .none
  ) -> Feature {
    let fanIn = x.channels / groups * window.kernel * window.kernel
    let weight = weight(
      name + ".weight", [channels, x.channels / groups, window.kernel, window.kernel],
      deviation: (2 / Double(fanIn)).squareRoot())
    var attributes = window.attributes
    attributes["group"] = .integer(Int64(groups))
    let y = node("Conv", [x.value, weight], name: name, attributes: attributes)
    let normed = batchNorm(y, norm, of: x, weight, channels, gain)
    return activate(normed, activation, norm)
  }

  /// Batch normalisation after a convolution, with the statistics that its weight and input imply.
  private mutating func batchNorm(
    _ y: Graph.ValueID, _ name: String, of x: Feature, _ weight: Graph.ValueID, _ channels: Int,
    _ gain: Float
  ) -> Feature {
    let scale = vector(name + ".weight", channels, gain * 0.8...gain * 1.2)
    let bias = vector(name + ".bias", channels, gain * -0.2...gain * 0.2)
    let weights = elements(weight)
    let fanIn = weights.count / channels
    var random = random(name + ".running")
    var (means, variances): ([Float], [Float]) = ([], [])
    for channel in 0..<channels {
      var (sum, squares): (Float, Float) = (0, 0)
      for index in channel * fanIn..<(channel + 1) * fanIn {
        sum += weights[index]
        squares += weights[index] * weights[index]
      }
      let variance = squares * Float(x.variance)
      means.append(sum * Float(x.mean) + variance.squareRoot() * random.uniform(-0.1...0.1))
      variances.append(variance * random.uniform(0.8...1.25) + 1e-4)
    }
    let mean = constant(name + ".running_mean", Tensor(means, shape: [channels]))
    let variance = constant(name + ".running_var", Tensor(variances, shape: [channels]))
    let value = node(
      "BatchNormalization", [y, scale, bias, mean, variance], name: name,
      attributes: ["epsilon": .float(1e-5)])
    return Feature(value: value, channels: channels, mean: 0, variance: Double(gain * gain))
  }

  /// An elementwise function; the node takes its name from the layer before.
  mutating func activate(
    _ x: Feature, _ activation: ZooActivation, _ name: String
  ) -> Feature {
    var y = x
    switch activation {
    case .none: return x
    case .relu: y.value = node("Relu", [x.value], name: name + ".relu")
    case .relu6:
      let low = constant(name + ".min", Tensor([0], shape: []))
      let high = constant(name + ".max", Tensor([6], shape: []))
      y.value = node("Clip", [x.value, low, high], name: name + ".relu6")
    case .sigmoid: y.value = node("Sigmoid", [x.value], name: name + ".sigmoid")
    case .silu:
      let gate = node("Sigmoid", [x.value], name: name + ".sigmoid")
      y.value = node("Mul", [x.value, gate], name: name + ".silu")
    }
    (y.mean, y.variance) = moments(of: x, after: activation)
    return y
  }

  /// Mean and variance of a function of a normal number, by summing over the bell.
  private func moments(of x: Feature, after activation: ZooActivation) -> (Double, Double) {
    let deviation = x.variance.squareRoot()
    var (total, mean, square) = (0.0, 0.0, 0.0)
    for step in -40...40 {
      let z = Double(step) / 8
      let density = exp(-0.5 * z * z)
      let y = activation.apply(x.mean + deviation * z)
      total += density
      mean += density * y
      square += density * y * y
    }
    mean /= total
    return (mean, square / total - mean * mean)
  }

  /// The sum of two branches.
  mutating func add(_ a: Feature, _ b: Feature, name: String) -> Feature {
    Feature(
      value: node("Add", [a.value, b.value], name: name), channels: a.channels,
      mean: a.mean + b.mean, variance: a.variance + b.variance)
  }

  /// Maximum over 3 by 3 pixels at every second one.
  mutating func maxPool(_ x: Feature, name: String) -> Feature {
    let value = node(
      "MaxPool", [x.value], name: name, attributes: ZooWindow(kernel: 3, stride: 2).attributes)
    // The largest of several numbers lies about a deviation above their mean and varies less.
    return Feature(
      value: value, channels: x.channels, mean: x.mean + x.variance.squareRoot(),
      variance: x.variance / 2)
  }

  /// The mean over all pixels, still [1, channels, 1, 1].
  mutating func globalPool(_ x: Feature, name: String) -> Feature {
    var y = x
    y.value = node("GlobalAveragePool", [x.value], name: name)
    return y
  }

  /// Squeeze and excitation: each channel is scaled by what all channels' means say.
  mutating func squeezeExcite(_ x: Feature, _ name: String, squeezed: Int) -> Feature {
    var gate = globalPool(x, name: name + ".avgpool")
    gate = biasedConvolution(gate, name + ".fc1", channels: squeezed)
    gate = activate(gate, .silu, name + ".fc1")
    gate = biasedConvolution(gate, name + ".fc2", channels: x.channels)
    gate = activate(gate, .sigmoid, name + ".fc2")
    return Feature(
      value: node("Mul", [gate.value, x.value], name: name + ".scale"), channels: x.channels,
      mean: x.mean * gate.mean, variance: x.variance * gate.mean * gate.mean)
  }

  /// A pointwise convolution with bias.
  private mutating func biasedConvolution(
    _ x: Feature, _ name: String, channels: Int
  ) -> Feature {
    let power = x.mean * x.mean + x.variance
    let weight = weight(
      name + ".weight", [channels, x.channels, 1, 1],
      deviation: (1 / (Double(x.channels) * power)).squareRoot())
    let bias = vector(name + ".bias", channels, -0.2...0.2)
    let y = node(
      "Conv", [x.value, weight, bias], name: name, attributes: ZooWindow(kernel: 1).attributes)
    return Feature(value: y, channels: channels)
  }

  /// Pooling, a fully connected layer of 1000 classes, and the output "logits".
  mutating func classify(_ x: Feature, name: String) {
    let pooled = globalPool(x, name: "avgpool")
    let flat = node(
      "Flatten", [pooled.value], name: "flatten", attributes: ["axis": .integer(1)])
    let classes = 1000
    let deviation = (1 / (Double(x.channels) * x.variance)).squareRoot()
    let weight = weight(name + ".weight", [classes, x.channels], deviation: deviation)
    // The bias takes away what the features' mean adds, so that the image decides.
    let weights = elements(weight)
    var random = random(name + ".bias")
    let biases = (0..<classes).map { row in
      let sum = weights[row * x.channels..<(row + 1) * x.channels].reduce(0, +)
      return random.uniform(-0.1...0.1) - sum * Float(x.mean)
    }
    let bias = constant(name + ".bias", Tensor(biases, shape: [classes]))
    let logits = node(
      "Gemm", [flat, weight, bias], name: name, attributes: ["transB": .integer(1)])
    output("logits", logits, [1, classes])
  }
}
