/// A matrix of the axes before and from one axis on.
public struct Flatten: Operator {
  /// The first axis that becomes part of the columns; may be negative.
  public let axis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 1)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    let type = inputs[0]!.type
    // Unlike elsewhere the axis may be the rank itself.
    let place = axis == type.rank ? axis : try normalise(axis: axis, rank: type.rank)
    return [
      TensorType(
        type.elementType, [type.shape[..<place].reduce(1, *), type.shape[place...].reduce(1, *)])
    ]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.reshaped(try infer(inputs.known)[0].shape)]
  }
}

extension Flatten {
  public func mapChannels(_ map: inout ChannelMap) {
    map.outputAxes = [map.reshaped(map.axes(0), to: map.outputs[0].shape)]
  }
}
