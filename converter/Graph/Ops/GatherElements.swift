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
    try checkElementIndices(inputs[1]!.shape, within: inputs[0]!.shape, axis: axis)
    return [TensorType(inputs[0]!.elementType, inputs[1]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let order = try elementPositions(inputs[1]!, in: inputs[0]!.shape, axis: axis)
    return [inputs[0]!.gathering(order, shape: inputs[1]!.shape)]
  }
}

/// Checks that indices lie over a tensor: same rank, and no larger but on the indexed axis.
func checkElementIndices(_ indices: [Int], within shape: [Int], axis: Int) throws(GraphError) {
  let axis = try normalise(axis: axis, rank: shape.count)
  let fits =
    indices.count == shape.count
    && shape.indices.allSatisfy { $0 == axis || indices[$0] <= shape[$0] }
  guard fits else {
    throw GraphError(.badShape, "indices of shape \(indices) do not lie within \(shape)")
  }
}

/// For each index, the flat position of the element it names.
func elementPositions(
  _ indices: Tensor, in shape: [Int], axis: Int
) throws(GraphError) -> [Int] {
  let axis = try normalise(axis: axis, rank: shape.count)
  let own = strides(of: shape)
  var steps = own
  steps[axis] = 0
  let bases = positions(of: indices.shape, steps: steps)
  var result: [Int] = []
  for (base, index) in zip(bases, indices.integers) {
    result.append(base + (try resolve(index: index, extent: shape[axis])) * own[axis])
  }
  return result
}
