/// Replaces single elements, or combines them: each update's index replaces its place on one axis.
///
/// ONNX's `Scatter`, which it replaced in opset 11, means the same.
public struct ScatterElements: Operator {
  /// The axis; may be negative.
  public let axis: Int
  public let reduction: ScatterReduction

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
    reduction = try ScatterReduction(node, since: 16)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try ElementFamily.integer.check(inputs, at: 1)
    try ElementFamily.checkSame(inputs, at: [0, 2])
    try reduction.check(inputs[0]!.elementType)
    _ = try plan(inputs[0]!.shape, indices: inputs[1]!.shape)
    guard inputs[1]!.shape == inputs[2]!.shape else {
      throw GraphError(
        .badShape, "indices \(inputs[1]!.shape) and updates \(inputs[2]!.shape) differ in shape")
    }
    return [inputs[0]!.type]
  }

  /// The lines that indices choose from.
  package func plan(_ shape: [Int], indices: [Int]) throws(GraphError) -> AxisLines {
    try elementLines(of: shape, indices: indices, axis: axis)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let lines = try plan(inputs[0]!.shape, indices: inputs[1]!.shape)
    let order = try elementPositions(inputs[1]!, in: inputs[0]!.shape, lines)
    return [reduction.apply(inputs[2]!, to: inputs[0]!, at: order)]
  }
}
