/// Instance normalisation: each plane gets mean 0 and variance 1, then its channel's scale and bias.
public struct InstanceNormalization: Operator {
  public let epsilon: Float

  public init(_ node: NodeContext) throws(GraphError) {
    epsilon = try node.float("epsilon", default: 1e-5)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try Operands.floatingPoint(inputs)
    let x = inputs[0]!.type
    guard x.rank >= 3 else {
      throw GraphError(.badShape, "\(x.shape) has no spatial axes to normalise over")
    }
    for input in inputs.dropFirst() {
      try Operands.shape(input, [x.shape[1]], "the scale or bias")
    }
    return [x]
  }

  /// Rows are planes; scale and bias have one number for each channel.
  package func plan(_ x: [Int]) -> NormalisationPlan {
    NormalisationPlan(x, groups: x[1], scalesChannels: true)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let (scale, bias) = (inputs[1]!.doubles, inputs[2]!.doubles)
    var values = x.doubles
    let plan = plan(x.shape)
    for row in 0..<plan.rows {
      let channel = row % x.shape[1]
      let places = row * plan.length..<(row + 1) * plan.length
      let moments = Moments(values[places])
      let factor = scale[channel] / (moments.variance + Double(epsilon)).squareRoot()
      for place in places {
        values[place] = (values[place] - moments.mean) * factor + bias[channel]
      }
    }
    return [Tensor(elementType: x.elementType, shape: x.shape, doubles: values)]
  }
}

extension InstanceNormalization {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    for parameter in 1..<3 { map.bind(parameter, 0, x[1]) }
    map.takeStatistics(over: Array(2..<x.count))
    map.outputAxes = [x]
  }
}
