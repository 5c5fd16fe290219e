import EspalierGraph

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
    let y = plain(x, name, channels: channels, window, groups: groups)
    return activate(batchNorm(y, norm, gain), activation, norm)
  }

  /// A convolution without bias, and nothing behind it.
  mutating func plain(
    _ x: Feature, _ name: String, channels: Int, _ window: ZooWindow, groups: Int = 1
  ) -> Feature {
    let fanIn = x.channels / groups * window.kernel * window.kernel
    let weight = weight(
      name + ".weight", [channels, x.channels / groups, window.kernel, window.kernel],
      deviation: (2 / Double(fanIn)).squareRoot())
    var attributes = window.attributes
    attributes["group"] = .integer(Int64(groups))
    let y = node("Conv", [x.value, weight], name: name, attributes: attributes)
    let (means, variances) = x.convolved(elements(weight), outputs: channels, groups: groups)
    return Feature(value: y, means: means, variances: variances)
  }

  /// Batch normalisation with statistics near those that its input is expected to have.
  mutating func batchNorm(_ x: Feature, _ name: String, _ gain: Float = 1) -> Feature {
    let scale = vector(name + ".weight", x.channels, gain * 0.8...gain * 1.2)
    let bias = vector(name + ".bias", x.channels, gain * -0.2...gain * 0.2)
    var random = random(name + ".running")
    let epsilon = batchNormEpsilon
    var y = x
    var (means, variances): ([Float], [Float]) = ([], [])
    for channel in 0..<x.channels {
      let deviation = x.variances[channel].squareRoot()
      means.append(x.means[channel] + deviation * random.uniform(-0.1...0.1))
      variances.append(x.variances[channel] * random.uniform(0.8...1.25))
      let factor = elements(scale)[channel] / (variances[channel] + epsilon).squareRoot()
      y.means[channel] =
        elements(bias)[channel] + factor * (x.means[channel] - means[channel])
      y.variances[channel] = x.variances[channel] * factor * factor
    }
    let mean = constant(name + ".running_mean", Tensor(means, shape: [x.channels]))
    let variance = constant(name + ".running_var", Tensor(variances, shape: [x.channels]))
    y.value = node(
      "BatchNormalization", [x.value, scale, bias, mean, variance], name: name,
      attributes: ["epsilon": .float(epsilon)])
    return y
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
    case .tanh: y.value = node("Tanh", [x.value], name: name + ".tanh")
    case .sigmoid: y.value = node("Sigmoid", [x.value], name: name + ".sigmoid")
    case .silu:
      let gate = node("Sigmoid", [x.value], name: name + ".sigmoid")
      y.value = node("Mul", [x.value, gate], name: name + ".silu")
    }
    y.apply(activation)
    return y
  }

  /// The sum of two branches.
  mutating func add(_ a: Feature, _ b: Feature, name: String) -> Feature {
    Feature(
      value: node("Add", [a.value, b.value], name: name),
      means: zip(a.means, b.means).map { $0 + $1 },
      variances: zip(a.variances, b.variances).map { $0 + $1 })
  }

  /// Maximum over a window's pixels.
  /// - Parameter rise: How many deviations the maximum is expected above the mean; the default is that
  ///   of nine rectified normal numbers, neighbours somewhat alike.
  mutating func maxPool(
    _ x: Feature, name: String, _ window: ZooWindow = ZooWindow(kernel: 3, stride: 2),
    rise: Float = 1.8
  ) -> Feature {
    Feature(
      value: node("MaxPool", [x.value], name: name, attributes: window.attributes),
      means: zip(x.means, x.variances).map { $0 + rise * $1.squareRoot() },
      variances: x.variances)
  }

  /// The mean over a window's pixels, those outside not counted.
  mutating func averagePool(_ x: Feature, name: String, _ window: ZooWindow) -> Feature {
    // Neighbours are somewhat alike: as if half of them were independent.
    let share = 2 / Float(window.kernel * window.kernel)
    return Feature(
      value: node("AveragePool", [x.value], name: name, attributes: window.attributes),
      means: x.means, variances: x.variances.map { $0 * share })
  }

  /// The mean over all pixels, still [1, channels, 1, 1].
  mutating func globalPool(_ x: Feature, name: String) -> Feature {
    // Pixels are alike to a degree that depends on the image; as if 16 of them were independent.
    Feature(
      value: node("GlobalAveragePool", [x.value], name: name), means: x.means,
      variances: x.variances.map { $0 / 16 })
  }

  /// Squeeze and excitation: each channel is scaled by what all channels' means say.
  mutating func squeezeExcite(_ x: Feature, _ name: String, squeezed: Int) -> Feature {
    var gate = globalPool(x, name: name + ".avgpool")
    gate = centred(gate, name + ".fc1", channels: squeezed)
    gate = activate(gate, .silu, name + ".fc1")
    gate = centred(gate, name + ".fc2", channels: x.channels)
    gate = activate(gate, .sigmoid, name + ".fc2")
    return scale(x, by: gate, name: name + ".scale")
  }

  /// A pointwise convolution with a bias, whose outputs have mean 0 and variance 1.
  mutating func centred(_ x: Feature, _ name: String, channels: Int) -> Feature {
    let layer = centredLayer(x, name, channels, shape: [channels, x.channels, 1, 1])
    return Feature(
      value: node(
        "Conv", [x.value, layer.weight, layer.bias], name: name,
        attributes: ZooWindow(kernel: 1).attributes), means: layer.means,
      variances: layer.variances)
  }

  /// Weights that give a variance of 1, and biases that take away what the inputs' means add, so
  /// that the image decides.
  private mutating func centredLayer(
    _ x: Feature, _ name: String, _ outputs: Int, shape: [Int]
  ) -> (weight: Graph.ValueID, bias: Graph.ValueID, means: [Float], variances: [Float]) {
    let total = Double(x.variances.reduce(0, +))
    let weight = weight(name + ".weight", shape, deviation: (1 / total).squareRoot())
    let (means, variances) = x.convolved(elements(weight), outputs: outputs, groups: 1)
    var random = random(name + ".bias")
    let offsets = means.map { _ in random.uniform(-0.1...0.1) }
    let bias = constant(
      name + ".bias", Tensor(zip(offsets, means).map { $0 - $1 }, shape: [outputs]))
    return (weight, bias, offsets, variances)
  }

  /// Pooling, a fully connected layer of 1000 classes, and the output "logits".
  mutating func classify(_ x: Feature, name: String) {
    let classes = 1000
    let pooled = globalPool(x, name: "avgpool")
    let flat = node(
      "Flatten", [pooled.value], name: "flatten", attributes: ["axis": .integer(1)])
    let layer = centredLayer(pooled, name, classes, shape: [classes, x.channels])
    let logits = node(
      "Gemm", [flat, layer.weight, layer.bias], name: name,
      attributes: ["transB": .integer(1)])
    output("logits", logits, [1, classes])
  }
}
