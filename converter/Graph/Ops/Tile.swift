/// A tensor repeated along each axis.
public struct Tile: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    return [TensorType(inputs[0]!.elementType, try plan(inputs).result)]
  }

  /// Where each element of the result stands in the first input: each axis of the result is one of
  /// repetitions and, inside it, the axis itself.
  package func plan(
    _ inputs: [OperatorInput?]
  ) throws(GraphError) -> (elements: StridedPlan, result: [Int]) {
    let type = inputs[0]!.type
    let repeats = try inputs.integers(at: 1, "repeats")!
    guard repeats.count == type.rank, repeats.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(.badShape, "repeats \(repeats) do not suit \(type)")
    }
    var result: [Int] = []
    for (extent, count) in zip(type.shape, repeats) {
      result.append(try checkedProduct([extent, count]))
    }
    let elements = StridedPlan(
      strides: strides(of: type.shape).flatMap { [0, $0] },
      shape: zip(repeats, type.shape).flatMap { [$0, $1] })
    return (elements, try TensorType(type.elementType, result).checked().shape)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (elements, result) = try plan(inputs.known)
    return [inputs[0]!.taking(elements).reshaped(result)]
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
