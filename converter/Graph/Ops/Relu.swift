/// Rectified linear unit: `y = max(x, 0)`, elementwise; NaN stays NaN.
public struct Relu: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.number.check(inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.mapping({ $0 < 0 ? 0 : $0 }, integers: { max($0, 0) })]
  }
}

extension Relu {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
