/// A tensor repeated along each axis.
public struct Tile: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    let type = inputs[0]!.type
    let repeats = try inputs.integers(at: 1, "repeats")!
    guard repeats.count == type.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(.badShape, "repeats \(repeats) do not suit \(type)")
    }
    var shape: [Int] = []
    for (extent, count) in zip(type.shape, repeats) {
      shape.append(try checkedProduct([extent, count]))
    }
    return [try TensorType(type.elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let data = inputs[0]!
    let shape = try infer(inputs.known)[0].shape
    let own = strides(of: data.shape)
    var order: [Int] = []
    forEachIndex(of: shape) { index in
      order.append(index.indices.reduce(0) { $0 + index[$1] % data.shape[$1] * own[$1] })
    }
    return [data.gathering(order, shape: shape)]
  }
}

extension Tile {
  /// Each axis becomes repeats by itself.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let shape = map.shape(0)
    let repeats = map.outputs[0].shape.enumerated().map {
      map.fresh(shape[$0] == 0 ? 1 : $1 / shape[$0])
    }
    map.rewrite(.vector(1, repeats.map { Extent($0) }))
    map.outputAxes = [zip(repeats, x).map { map.product([$0, $1]) }]
  }
}
