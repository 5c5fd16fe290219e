/// The input unchanged, whatever its type.
public struct Identity: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] { [inputs[0]!] }
}

extension Identity {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
