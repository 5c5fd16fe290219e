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
    let shape = try plan(type.shape, indices: inputs[1]!.shape).result
    return [try TensorType(type.elementType, shape).checked()]
  }

  /// The lines that indices choose from, and the shape of what they pick.
  package func plan(
    _ shape: [Int], indices: [Int]
  ) throws(GraphError) -> (lines: AxisLines, result: [Int]) {
    let axis = try normalise(axis: axis, rank: shape.count)
    return (
      AxisLines(of: shape, axis: axis), Array(shape[..<axis] + indices + shape[(axis + 1)...])
    )
  }

  /// What one index picks, without the axis; nil where it is out of range.
  package func plan(_ shape: [Int], at index: Int) throws(GraphError) -> StridedPlan? {
    let axis = try normalise(axis: axis, rank: shape.count)
    let place = index < 0 ? index + shape[axis] : index
    guard (0..<shape[axis]).contains(place) else { return nil }
    var (rest, others) = (shape, strides(of: shape))
    rest.remove(at: axis)
    let stride = others.remove(at: axis)
    return StridedPlan(from: place * stride, strides: others, shape: rest)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let data = inputs[0]!
    let (lines, shape) = try plan(data.shape, indices: inputs[1]!.shape)
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
    return [data.gathering(order, shape: shape)]
  }
}

extension Gather {
  /// Constant indices that select few pieces follow the axis; others freeze it.
  public func mapChannels(_ map: inout ChannelMap) {
    let along = fromFront(axis, rank: map.shape(0).count)
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
