/// Tensors one after another along an axis.
public struct Concat: Operator {
  /// The axis; may be negative.
  public let axis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    guard let axis = try node.integer("axis") else {
      throw GraphError(.badAttribute, "attribute \"axis\" is required")
    }
    self.axis = axis
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(max(inputs.count, 1), .max, inputs)
    try ElementFamily.checkSame(inputs)
    return [
      try TensorType(inputs[0]!.elementType, plan(inputs.map { $0!.shape }).result).checked()
    ]
  }

  /// Where parts stand in the whole.
  public struct Plan: Sendable, Hashable {
    /// The shape of the whole.
    public let result: [Int]
    /// Number of rows that every part has a chunk of: the product of the extents before the axis.
    public let rows: Int
    /// Elements that each part contributes to a row, one part after another.
    public let chunks: [Int]
  }

  /// How shapes join.
  package func plan(_ shapes: [[Int]]) throws(GraphError) -> Plan {
    var result = shapes[0]
    let axis = try normalise(axis: axis, rank: result.count)
    for shape in shapes.dropFirst() {
      var expected = result
      if shape.count == expected.count { expected[axis] = shape[axis] }
      guard shape == expected else {
        throw GraphError(
          .badShape, "\(shapes[0]) and \(shape) differ elsewhere than on axis \(axis)")
      }
    }
    result[axis] = try checkedSum(shapes.map { $0[axis] })
    return Plan(
      result: result, rows: elementCount(result[..<axis]),
      chunks: shapes.map { elementCount($0[axis...]) })
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let tensors = inputs.map { $0! }
    let plan = try plan(tensors.map(\.shape))
    var starts: [Int] = []
    var total = 0
    for tensor in tensors {
      starts.append(total)
      total += tensor.count
    }
    var order: [Int] = []
    order.reserveCapacity(total)
    for row in 0..<plan.rows {
      for (start, chunk) in zip(starts, plan.chunks) {
        order.append(contentsOf: (start + row * chunk)..<(start + (row + 1) * chunk))
      }
    }
    return [Tensor.joined(tensors).gathering(order, shape: plan.result)]
  }
}

extension Concat {
  public func mapChannels(_ map: inout ChannelMap) {
    let rank = map.outputs[0].rank
    let along = fromFront(axis, rank: rank)
    // Constants last: they take the axes of what they meet.
    let order =
      map.inputs.indices.filter { !map.isConstant($0) } + map.inputs.indices.filter(map.isConstant)
    var result = map.axes(order[0])
    for input in order.dropFirst() {
      for index in 0..<rank where index != along && map.shape(input)[index] != 1 {
        map.bind(input, index, result[index])
      }
    }
    let parts = map.inputs.indices.filter { map.shape($0)[along] > 0 }.map { map.axis($0, along) }
    result[along] = .sum(parts)
    map.outputAxes = [result]
  }
}
