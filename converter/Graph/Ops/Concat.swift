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
  ///
  /// A part of extent 0 along the axis says nothing of the others' extents: exporters write such as the start
  /// of a list.
  package func plan(_ shapes: [[Int]]) throws(GraphError) -> Plan {
    let axis = try normalise(axis: axis, rank: shapes[0].count)
    let hasElements = { (shape: [Int]) in axis < shape.count && shape[axis] > 0 }
    let first = shapes.first(where: hasElements)
    var result = first ?? shapes[0]
    for shape in shapes where first == nil || shape.count != result.count || hasElements(shape) {
      var expected = result
      if shape.count == expected.count { expected[axis] = shape[axis] }
      guard shape == expected else {
        throw GraphError(
          .badShape, "\(result) and \(shape) differ elsewhere than on axis \(axis)")
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
    let full = map.inputs.indices.filter { map.shape($0)[along] > 0 }
    let deciding = full.isEmpty ? Array(map.inputs.indices) : full
    let order = deciding.filter { !map.isConstant($0) } + deciding.filter(map.isConstant)
    var result = map.axes(order[0])
    for input in order.dropFirst() {
      for index in 0..<rank where index != along && map.shape(input)[index] != 1 {
        map.bind(input, index, result[index])
      }
    }
    result[along] = .sum(full.map { map.axis($0, along) })
    map.outputAxes = [result]
  }
}
