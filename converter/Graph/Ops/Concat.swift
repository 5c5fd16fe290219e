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
    let types = inputs.map { $0!.type }
    let axis = try normalise(axis: axis, rank: types[0].rank)
    for type in types.dropFirst() {
      var expected = types[0].shape
      if type.rank == expected.count { expected[axis] = type.shape[axis] }
      guard type.shape == expected else {
        throw GraphError(
          .badShape, "\(types[0]) and \(type) differ elsewhere than on axis \(axis)")
      }
    }
    var shape = types[0].shape
    shape[axis] = try checkedSum(types.map { $0.shape[axis] })
    return [try TensorType(types[0].elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try infer(inputs.known)[0].shape
    let tensors = inputs.map { $0! }
    let axis = try normalise(axis: axis, rank: shape.count)
    // A chunk is what a tensor contributes for one index of the axes before.
    let chunks = tensors.map { $0.shape[axis...].reduce(1, *) }
    var starts: [Int] = []
    var total = 0
    for tensor in tensors {
      starts.append(total)
      total += tensor.count
    }
    var order: [Int] = []
    order.reserveCapacity(total)
    for outer in 0..<shape[..<axis].reduce(1, *) {
      for (start, chunk) in zip(starts, chunks) {
        order.append(contentsOf: (start + outer * chunk)..<(start + (outer + 1) * chunk))
      }
    }
    return [Tensor.joined(tensors).gathering(order, shape: shape)]
  }
}

extension Concat {
  public func mapChannels(_ map: inout ChannelMap) {
    let rank = map.outputs[0].rank
    let along = axis < 0 ? axis + rank : axis
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
