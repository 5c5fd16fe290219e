/// Batch normalisation: `y = (x - mean) / sqrt(variance + epsilon) * scale + bias` per channel.
///
/// In training mode the mean and variance are the batch's own, and the running ones are given out.
public struct BatchNormalization: Operator {
  public let epsilon: Float
  public let momentum: Float
  public let isTraining: Bool
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    epsilon = try node.float("epsilon", default: 1e-5)
    momentum = try node.float("momentum", default: 0.9)
    // Before opset 14 further outputs meant training.
    let trains = try node.boolean("training_mode", default: false)
    isTraining = node.opset >= 14 && trains
    outputCount = node.outputCount
    guard try node.integer("spatial", default: 1) == 1 else {
      throw GraphError(
        .unsupportedVariant, "spatial=0 (statistics per element, withdrawn by opset 9)")
    }
    guard outputCount <= (isTraining ? 3 : 1) else {
      throw GraphError(
        .unsupportedVariant,
        "\(outputCount) outputs ask for training; export the model in inference mode")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(5, inputs)
    for input in inputs where !input!.elementType.isFloatingPoint {
      throw GraphError(.badType, "takes floating-point tensors, not \(input!.type)")
    }
    let x = inputs[0]!.type
    guard x.rank >= 1 else { throw GraphError(.badShape, "takes at least one axis") }
    let channels = [plan(x.shape).count]
    for (index, name) in ["scale", "bias", "mean", "variance"].enumerated() {
      try Operands.shape(inputs[index + 1], channels, "the \(name)")
    }
    let running = TensorType(inputs[3]!.elementType, channels)
    return Array([x, running, running].prefix(max(1, outputCount)))
  }

  /// How scale, bias and statistics meet the elements; one axis alone has one channel.
  package func plan(_ x: [Int]) -> ParameterCycle {
    x.count > 1
      ? ParameterCycle(inner: elementCount(x.dropFirst(2)), count: x[1])
      : ParameterCycle(inner: 1, count: 1)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    var values = x.doubles
    let (scale, bias) = (inputs[1]!.doubles, inputs[2]!.doubles)
    var (means, variances) = (inputs[3]!.doubles, inputs[4]!.doubles)
    let plan = plan(x.shape)
    let (channels, plane, images) = (plan.count, plan.inner, x.shape[0])
    var running = (means: means, variances: variances)

    for channel in 0..<channels {
      let places = (0..<images).flatMap { image in
        let start = (image * channels + channel) * plane
        return start..<start + plane
      }
      if isTraining {
        let moments = Moments(places.map { values[$0] })
        (means[channel], variances[channel]) = (moments.mean, moments.variance)
        let kept = Double(momentum)
        running.means[channel] = running.means[channel] * kept + moments.mean * (1 - kept)
        running.variances[channel] =
          running.variances[channel] * kept + moments.variance * (1 - kept)
      }
      let factor = scale[channel] / (variances[channel] + Double(epsilon)).squareRoot()
      for place in places {
        values[place] = (values[place] - means[channel]) * factor + bias[channel]
      }
    }
    let type = inputs[3]!.elementType
    let outputs = [
      Tensor(elementType: x.elementType, shape: x.shape, doubles: values),
      Tensor(elementType: type, shape: [channels], doubles: running.means),
      Tensor(elementType: type, shape: [channels], doubles: running.variances),
    ]
    return Array(outputs.prefix(max(1, outputCount)))
  }
}

extension BatchNormalization {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    // One axis alone is a batch of one channel, whose parameters have nothing to share with it.
    let channels = x.count > 1 ? x[1] : .unit
    if x.count > 1 { for parameter in 1..<5 { map.bind(parameter, 0, channels) } }
    if isTraining {
      // Moments are taken over all else, and the running ones count it.
      let rest = x.indices.filter { $0 != 1 }.map { x[$0] }
      map.freeze(rest, "moments of a batch in training")
      map.mix(rest)
    }
    map.outputAxes = map.outputs.enumerated().map { $0.offset == 0 ? x : [channels] }
  }
}
