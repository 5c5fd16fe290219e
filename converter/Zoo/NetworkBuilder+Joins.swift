import EspalierGraph

extension NetworkBuilder {
  /// One feature's channels after another's.
  mutating func concat(_ features: [Feature], name: String) -> Feature {
    Feature(
      value: node(
        "Concat", features.map(\.value), name: name, attributes: ["axis": .integer(1)]),
      means: features.flatMap(\.means), variances: features.flatMap(\.variances))
  }

  /// The product with a gate of as many channels.
  mutating func scale(_ x: Feature, by gate: Feature, name: String) -> Feature {
    var y = x
    y.value = node("Mul", [gate.value, x.value], name: name)
    for channel in 0..<x.channels {
      let power = gate.variances[channel] + gate.means[channel] * gate.means[channel]
      y.means[channel] *= gate.means[channel]
      y.variances[channel] =
        x.variances[channel] * power
        + gate.variances[channel] * x.means[channel] * x.means[channel]
    }
    return y
  }

  /// Height and width times a whole number, each pixel repeated or, if smooth, interpolated.
  mutating func upsample(
    _ x: Feature, name: String, by factor: Int, isSmooth: Bool = false
  ) -> Feature {
    let scales = fixed(
      name + ".scales", Tensor([1, 1, Float(factor), Float(factor)], shape: [4]))
    let attributes: [String: Attribute] =
      isSmooth
      ? ["mode": .string(Array("linear".utf8))]
      : [
        "mode": .string(Array("nearest".utf8)), "nearest_mode": .string(Array("floor".utf8)),
        "coordinate_transformation_mode": .string(Array("asymmetric".utf8)),
      ]
    var y = x
    y.value = node("Resize", [x.value, nil, scales], name: name, attributes: attributes)
    return y
  }

  /// A transposed convolution that multiplies height and width by its stride.
  /// - Parameter window: The kernel is the stride plus an even number.
  mutating func transposed(
    _ x: Feature, _ name: String, channels: Int, _ window: ZooWindow, hasBias: Bool
  ) -> Feature {
    let phases = window.stride * window.stride
    let fanIn = Double(x.channels * window.kernel * window.kernel) / Double(phases)
    let weight = weight(
      name + ".weight", [x.channels, channels, window.kernel, window.kernel],
      deviation: (2 / fanIn).squareRoot())
    let bias = hasBias ? vector(name + ".bias", channels, -0.1...0.1) : nil
    let pad = Int64((window.kernel - window.stride) / 2)
    var attributes = window.attributes
    attributes["pads"] = .integers([pad, pad, pad, pad])
    let y = node(
      "ConvTranspose", [x.value, weight] + (bias.map { [$0] } ?? []), name: name,
      attributes: attributes)
    // Each output sees the taps of one phase; moments are those of the mean phase.
    var means = bias.map { elements($0) } ?? Array(repeating: 0, count: channels)
    var variances = [Float](repeating: 0, count: channels)
    for (index, tap) in elements(weight).enumerated() {
      let (input, output) = index.quotientAndRemainder(
        dividingBy: channels * window.kernel * window.kernel)
      let channel = output / (window.kernel * window.kernel)
      means[channel] += tap * x.means[input] / Float(phases)
      variances[channel] += tap * tap * x.variances[input] / Float(phases)
    }
    return Feature(value: y, means: means, variances: variances)
  }
}
