/// Picks single elements: each index replaces its own place on one axis.
public struct GatherElements: Operator {
  /// The axis; may be negative.
  public let axis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.integer.check(inputs, at: 1)
    _ = try plan(inputs[0]!.shape, indices: inputs[1]!.shape)
    return [TensorType(inputs[0]!.elementType, inputs[1]!.shape)]
  }

  /// The lines that indices choose from.
  package func plan(_ shape: [Int], indices: [Int]) throws(GraphError) -> AxisLines {
    try elementLines(of: shape, indices: indices, axis: axis)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let lines = try plan(inputs[0]!.shape, indices: inputs[1]!.shape)
    let order = try elementPositions(inputs[1]!, in: inputs[0]!.shape, lines)
    return [inputs[0]!.gathering(order, shape: inputs[1]!.shape)]
  }
}

/// The lines along an axis, once indices are known to lie over the tensor: same rank, and no larger but
/// on that axis.
func elementLines(
  of shape: [Int], indices: [Int], axis: Int
) throws(GraphError) -> AxisLines {
  let axis = try normalise(axis: axis, rank: shape.count)
  let fits =
    indices.count == shape.count
    && shape.indices.allSatisfy { $0 == axis || indices[$0] <= shape[$0] }
  guard fits else {
    throw GraphError(.badShape, "indices of shape \(indices) do not lie within \(shape)")
  }
  return AxisLines(of: shape, axis: axis)
}

/// For each index, the flat position of the element it names.
func elementPositions(
  _ indices: Tensor, in shape: [Int], _ lines: AxisLines
) throws(GraphError) -> [Int] {
  var ownStrides = strides(of: shape)
  ownStrides[lines.axis] = 0
  let bases = positions(of: indices.shape, strides: ownStrides)
  var result: [Int] = []
  for (base, index) in zip(bases, indices.integers) {
    result.append(base + (try resolve(index: index, extent: lines.extent)) * lines.inner)
  }
  return result
}
