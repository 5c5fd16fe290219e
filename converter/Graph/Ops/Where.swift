/// Elements of the second input where the first is true, else of the third; all three broadcast.
public struct Where: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try ElementFamily.boolean.check(inputs, at: 0)
    try ElementFamily.numberOrBoolean.check(inputs, at: 1)
    try ElementFamily.checkSame(inputs, at: [1, 2])
    return [try broadcastType(inputs, inputs[1]!.elementType)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast(inputs.map { $0!.shape })
    let choices = inputs[0]!.broadcasting(to: shape).booleans
    let (type, a, b) = (
      inputs[1]!.elementType, inputs[1]!.broadcasting(to: shape),
      inputs[2]!.broadcasting(to: shape)
    )
    if type.isFloatingPoint {
      let (a, b) = (a.doubles, b.doubles)
      let values = choices.enumerated().map { $1 ? a[$0] : b[$0] }
      return [Tensor(elementType: type, shape: shape, doubles: values)]
    }
    let (first, second) = (a.integers, b.integers)
    let values = choices.enumerated().map { $1 ? first[$0] : second[$0] }
    return [Tensor(elementType: type, shape: shape, integers: values)]
  }
}

extension Where {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
