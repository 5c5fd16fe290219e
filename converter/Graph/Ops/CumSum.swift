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
    if let axis = inputs[1]!.constant { _ = try self.axis(axis, rank: inputs[0]!.rank) }
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let lines = AxisLines(of: input.shape, axis: try axis(inputs[1]!, rank: input.rank))
    if input.elementType.isFloatingPoint {
      let values = lines.map(input.doubles) { sums($0, 0, +) }
      return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
    }
    let values = lines.map(input.integers) { sums($0, 0, &+) }
    return [Tensor(elementType: input.elementType, shape: input.shape, integers: values)]
  }

  private func axis(_ input: Tensor, rank: Int) throws(GraphError) -> Int {
    try normalise(axis: Int(input.integers[0]), rank: rank)
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
    guard let input = map.inputs[1]!.constant, let axis = try? axis(input, rank: map.shape(0).count)
    else { return map.freezeAll(.semantic(node: map.node.name, "running sums along any axis")) }
    map.passThrough(freezing: axis, "running sums")
  }
}
