/// Picks slices of an axis by index; the axis gives way to the axes of the indices.
public struct Gather: Operator {
  /// The axis; may be negative.
  public let axis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.integer.check(inputs, at: 1)
    let type = inputs[0]!.type
    let axis = try normalise(axis: axis, rank: type.rank)
    let shape = type.shape[..<axis] + inputs[1]!.shape + type.shape[(axis + 1)...]
    return [try TensorType(type.elementType, Array(shape)).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let data = inputs[0]!
    let axis = try normalise(axis: axis, rank: data.rank)
    let lines = AxisLines(of: data.shape, axis: axis)
    let indices = try inputs[1]!.integers.map { index throws(GraphError) in
      try resolve(index: index, extent: lines.extent)
    }
    var order: [Int] = []
    for outer in 0..<lines.outer {
      for index in indices {
        let start = (outer * lines.extent + index) * lines.inner
        order.append(contentsOf: start..<(start + lines.inner))
      }
    }
    let shape = data.shape[..<axis] + inputs[1]!.shape + data.shape[(axis + 1)...]
    return [data.gathering(order, shape: Array(shape))]
  }
}

extension Gather {
  /// Constant indices that select few pieces follow the axis; others freeze it.
  public func mapChannels(_ map: inout ChannelMap) {
    let along = axis < 0 ? axis + map.shape(0).count : axis
    let selected = map.gatheredAxes(along: along)
    let x = map.axes(0)
    if let selected {
      map.outputAxes = [x[..<along] + selected + x[(along + 1)...]]
      return
    }
    let indices = map.axes(1)
    if map.isConstant(1) { map.freeze(indices, "indices of a Gather") }
    map.freeze([x[along]], "gathered by index")
    map.outputAxes = [x[..<along] + indices + x[(along + 1)...]]
  }
}
