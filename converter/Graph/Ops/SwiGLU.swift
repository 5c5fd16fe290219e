/// A gate `x * sigmoid(alpha * x)` of the first input on the second, of the same shape.
public struct SwiGLU: Operator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1))
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.floatingPoint.check(inputs)
    try ElementFamily.checkSame(inputs)
    guard inputs[0]!.shape == inputs[1]!.shape else {
      throw GraphError(
        .badShape, "a gate of shape \(inputs[0]!.shape) for a value of shape \(inputs[1]!.shape)")
    }
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (gate, value) = (inputs[0]!, inputs[1]!)
    let products = zip(gate.doubles, value.doubles).map { swish($0, alpha) * $1 }
    return [Tensor(elementType: gate.elementType, shape: gate.shape, doubles: products)]
  }
}

extension SwiGLU {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
