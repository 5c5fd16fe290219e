/// Running sums along an axis that the second input, a scalar, names.
public struct CumSum: Operator {
  /// Whether a sum leaves out its own element.
  public let isExclusive: Bool
  /// Whether sums run from the end.
  public let isReversed: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    isExclusive = try node.boolean("exclusive", default: false)
    isReversed = try node.boolean("reverse", default: false)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs, at: 0)
    try ElementFamily.integer.check(inputs, at: 1)
    guard inputs[1]!.type.count == 1 else {
      throw GraphError(.badShape, "the axis has the shape \(inputs[1]!.shape) but must be a scalar")
    }
    if let axis = inputs[1]!.constant { _ = try plan(inputs[0]!.shape, axis: axis) }
    return [inputs[0]!.type]
  }

  /// The lines of a tensor along the axis that the second input names.
  package func plan(_ shape: [Int], axis: Tensor) throws(GraphError) -> AxisLines {
    AxisLines(of: shape, axis: try normalise(axis: Int(axis.integers[0]), rank: shape.count))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let lines = try plan(input.shape, axis: inputs[1]!)
    if input.elementType.isFloatingPoint {
      let values = lines.map(input.doubles) { sums($0, 0, +) }
      return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
    }
    let values = lines.map(input.integers) { sums($0, 0, &+) }
    return [Tensor(elementType: input.elementType, shape: input.shape, integers: values)]
  }

  private func sums<Value>(
    _ line: [Value], _ zero: Value, _ add: (Value, Value) -> Value
  ) -> [Value] {
    var (result, sum) = (line, zero)
    for index in isReversed ? Array(line.indices.reversed()) : Array(line.indices) {
      let before = sum
      sum = add(sum, line[index])
      result[index] = isExclusive ? before : sum
    }
    return result
  }
}

extension CumSum {
  public func mapChannels(_ map: inout ChannelMap) {
    guard let axis = map.inputs[1]!.constant, let lines = try? plan(map.shape(0), axis: axis)
    else { return map.freezeAll(.semantic(node: map.node.name, "running sums along any axis")) }
    map.passThrough(freezing: lines.axis, "running sums")
  }
}
