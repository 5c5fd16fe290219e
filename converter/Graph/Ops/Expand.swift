/// A tensor broadcast together with a shape.
public struct Expand: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    let target = try inputs.integers(at: 1, "shape")!
    guard target.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(.badShape, "the shape \(target) has a negative extent")
    }
    let shape = try broadcast([inputs[0]!.shape, target])
    return [try TensorType(inputs[0]!.elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try infer(inputs.known)[0].shape
    let order = broadcastPositions(from: inputs[0]!.shape, to: shape)
    return [inputs[0]!.gathering(order, shape: shape)]
  }
}

extension Expand {
  public func mapChannels(_ map: inout ChannelMap) {
    let (from, to) = (map.shape(0), map.outputs[0].shape)
    let y = to.indices.map { place in
      let index = place - (to.count - from.count)
      return index >= 0 && from[index] == to[place] ? map.axis(0, index) : map.fresh(to[place])
    }
    map.rewrite(.vector(1, y.map { Extent($0) }))
    map.outputAxes = [y]
  }
}
