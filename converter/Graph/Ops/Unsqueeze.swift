/// Inserts axes of extent 1 at the named places of the output.
public struct Unsqueeze: Operator {
  private let axes: AxesArgument

  public init(_ node: NodeContext) throws(GraphError) { axes = try AxesArgument(node) }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(axes.inputLimit, axes.inputLimit, inputs)
    let type = inputs[0]!.type
    guard let named = try axes.values(inputs) else {
      throw GraphError(.badAttribute, "the axes are left out")
    }
    let places = try normalise(axes: named, rank: type.rank + named.count)
    var extents = type.shape[...]
    let shape = (0..<(type.rank + named.count)).map { place in
      places.contains(place) ? 1 : extents.removeFirst()
    }
    return [try TensorType(type.elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.reshaped(try infer(inputs.known)[0].shape)]
  }
}

extension Unsqueeze {
  public func mapChannels(_ map: inout ChannelMap) {
    map.outputAxes = [map.reshaped(map.axes(0), to: map.outputs[0].shape)]
  }
}
