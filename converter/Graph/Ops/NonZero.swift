/// The places of the elements that are not zero, in order: one row for each axis of the input.
///
/// How many there are is a matter of values, so the input must be a constant.
public struct NonZero: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.numberOrBoolean.check(inputs)
    guard let constant = inputs[0]!.constant else {
      throw GraphError(
        .needsConstant,
        "operator NonZero is not supported of what only a run computes: the shape of its result follows the "
          + "values")
    }
    return [TensorType(.int64, [constant.rank, places(constant).count])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (input, found) = (inputs[0]!, places(inputs[0]!))
    let strides = strides(of: input.shape)
    let rows = input.shape.indices.flatMap { axis in
      found.map { Int64($0 / strides[axis] % input.shape[axis]) }
    }
    return [Tensor(integers: rows, shape: [input.rank, found.count])]
  }

  /// Flat positions.
  private func places(_ tensor: Tensor) -> [Int] {
    tensor.booleans.enumerated().compactMap { $1 ? $0 : nil }
  }
}
