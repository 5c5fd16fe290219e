/// Group normalisation: each image's channels are normalised in groups, then scaled and shifted.
///
/// Scale and bias have one value per group in opset 18 and one per channel from opset 21 on.
public struct GroupNormalization: Operator {
  public let groups: Int
  public let epsilon: Float
  /// Whether scale and bias have one value per channel, not per group.
  public let scalesChannels: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    guard let groups = try node.integer("num_groups"), groups > 0 else {
      throw GraphError(.badAttribute, "num_groups is required and must be positive")
    }
    self.groups = groups
    epsilon = try NormalisationAttributes(node).epsilon
    scalesChannels = node.opset >= 21
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try Operands.floatingPoint(inputs)
    let x = inputs[0]!.type
    guard x.rank >= 2, x.shape[1] % groups == 0 else {
      throw GraphError(.badShape, "the channels of \(x.shape) do not divide into \(groups) groups")
    }
    for input in inputs.dropFirst() {
      try Operands.shape(input, [scalesChannels ? x.shape[1] : groups], "the scale or bias")
    }
    return [x]
  }

  /// Rows are the groups of each image.
  package func plan(_ x: [Int]) -> NormalisationPlan {
    NormalisationPlan(x, groups: groups, scalesChannels: scalesChannels)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let (scale, bias) = (inputs[1]!.doubles, inputs[2]!.doubles)
    var values = x.doubles
    let plane = elementCount(x.shape.dropFirst(2))
    let channels = x.shape[1] / groups
    let length = channels * plane
    for row in 0..<x.shape[0] * groups {
      let moments = Moments(values[row * length..<(row + 1) * length])
      let inverse = 1 / (moments.variance + Double(epsilon)).squareRoot()
      for channel in 0..<channels {
        let group = row % groups
        let parameter = scalesChannels ? group * channels + channel : group
        for place in row * length + channel * plane..<row * length + (channel + 1) * plane {
          values[place] =
            (values[place] - moments.mean) * inverse * scale[parameter] + bias[parameter]
        }
      }
    }
    return [Tensor(elementType: x.elementType, shape: x.shape, doubles: values)]
  }
}

extension GroupNormalization {
  /// `X.C = G x K`, statistics over K and the positions.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let group = map.fresh(groups)
    let each = map.fresh(map.shape(0)[1] / groups)
    map.relate(map.product([group, each]), x[1])
    for parameter in 1..<3 { map.bind(parameter, 0, scalesChannels ? x[1] : group) }
    map.rewrite(.number("num_groups", Extent(group)))
    map.takeStatistics(over: Array(1..<x.count), mixed: [each] + x.dropFirst(2))
    map.outputAxes = [x]
  }
}
