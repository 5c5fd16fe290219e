/// A new axis with the on value at each index and the off value elsewhere.
///
/// Inputs are indices, the new axis's extent, and the pair (off, on). A negative index counts from
/// the end; one out of range gives the off value throughout.
public struct OneHot: Operator {
  /// Place of the new axis in the output; may be negative.
  public let axis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -1)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try ElementFamily.number.check(inputs, at: 0)
    try ElementFamily.number.check(inputs, at: 1)
    try ElementFamily.numberOrBoolean.check(inputs, at: 2)
    guard inputs[1]!.type.count == 1 else {
      throw GraphError(
        .badShape, "the depth has the shape \(inputs[1]!.shape) but must be a scalar")
    }
    guard inputs[2]!.shape == [2] else {
      throw GraphError(.badShape, "the values have the shape \(inputs[2]!.shape) but must be [2]")
    }
    guard let depth = inputs[1]!.constant else {
      throw GraphError(.needsConstant, "the depth must be constant")
    }
    let shape = try plan(inputs[0]!.shape, depth: depth).result
    return [try TensorType(inputs[2]!.elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (indices, values) = (inputs[0]!.integers, inputs[2]!)
    let (axis, shape) = try plan(inputs[0]!.shape, depth: inputs[1]!)
    let lines = AxisLines(of: shape, axis: axis)
    // A line of the output belongs to one index, in the same order.
    var choices = [Int](repeating: 0, count: shape.reduce(1, *))
    for (line, index) in indices.enumerated() {
      let depth = Int64(lines.extent)
      guard index >= -depth, index < depth else { continue }
      choices[lines.positions(ofLine: line)[Int(index < 0 ? index + depth : index)]] = 1
    }
    return [values.gathering(choices, shape: shape)]
  }

  /// Where the new axis stands, and the shape with it.
  package func plan(
    _ shape: [Int], depth: Tensor
  ) throws(GraphError) -> (axis: Int, result: [Int]) {
    let depth = Int(depth.integers[0])
    guard depth >= 1 else { throw GraphError(.badShape, "the depth \(depth) is below 1") }
    let axis = try normalise(axis: axis, rank: shape.count + 1)
    var result = shape
    result.insert(depth, at: axis)
    return (axis, result)
  }
}
