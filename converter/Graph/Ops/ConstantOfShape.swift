/// A tensor of one repeated value, its shape the input.
public struct ConstantOfShape: Operator {
  /// The repeated value, a tensor of one element; 0 of type float32 where the file gives none.
  public let value: Tensor

  public init(_ node: NodeContext) throws(GraphError) {
    value = try node.tensor("value") ?? Tensor([0], shape: [1])
    guard value.count == 1, value.elementType != .string else {
      throw GraphError(.badAttribute, "the value is \(value.type) but must be one number")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    return [
      try TensorType(value.elementType, try inputs.integers(at: 0, "shape")!).checked()
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let type = try infer(inputs.known)[0]
    return [value.gathering([Int](repeating: 0, count: type.count), shape: type.shape)]
  }
}
