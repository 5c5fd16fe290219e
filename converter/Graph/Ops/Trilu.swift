/// The upper or lower triangle of each matrix, with zeros elsewhere.
///
/// The second input, a scalar, moves the boundary: the diagonal's distance to the right.
public struct Trilu: Operator {
  public let keepsUpper: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    keepsUpper = try node.boolean("upper", default: true)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, 2, inputs)
    try ElementFamily.numberOrBoolean.check(inputs, at: 0)
    try ElementFamily.integer.check(inputs, at: 1)
    guard inputs[0]!.rank >= 2 else {
      throw GraphError(.badShape, "\(inputs[0]!.type) is no matrix")
    }
    if inputs.count > 1, let diagonal = inputs[1], diagonal.type.count != 1 {
      throw GraphError(
        .badShape, "the diagonal has the shape \(diagonal.shape) but must be a scalar")
    }
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let diagonal = inputs.count > 1 ? inputs[1]?.integers[0] ?? 0 : 0
    let (rows, columns) = (input.shape[input.rank - 2], input.shape[input.rank - 1])
    func keeps(_ position: Int) -> Bool {
      let distance = Int64(position % columns - position / columns % rows)
      return keepsUpper ? distance >= diagonal : distance <= diagonal
    }
    if input.elementType.isFloatingPoint {
      let values = input.doubles.enumerated().map { keeps($0) ? $1 : 0 }
      return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
    }
    let values = input.integers.enumerated().map { keeps($0) ? $1 : 0 }
    return [Tensor(elementType: input.elementType, shape: input.shape, integers: values)]
  }
}

extension Trilu {
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough()
    map.freeze(map.outputAxes[0].suffix(2), "axis of a triangle")
  }
}
