/// A tensor broadcast together with a shape.
public struct Expand: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    return [TensorType(inputs[0]!.elementType, try plan(inputs).shape)]
  }

  /// Where each element of the result stands in the first input.
  package func plan(_ inputs: [OperatorInput?]) throws(GraphError) -> StridedPlan {
    let target = try inputs.integers(at: 1, "shape")!
    guard target.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(.badShape, "the shape \(target) has a negative extent")
    }
    let shape = try TensorType(.bool, broadcast([inputs[0]!.shape, target])).checked().shape
    return StridedPlan(strides: broadcastStrides(from: inputs[0]!.shape, to: shape), shape: shape)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.taking(try plan(inputs.known))]
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
