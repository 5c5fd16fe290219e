/// Axes in another order.
public struct Transpose: Operator {
  /// For each output axis the input axis it was; reversed order where the file gives none.
  public let permutation: [Int]?

  public init(_ node: NodeContext) throws(GraphError) {
    permutation = try node.integers("perm")
    if let permutation, permutation.sorted() != Array(permutation.indices) {
      throw GraphError(.badAttribute, "perm \(permutation) is not an order of the axes")
    }
  }

  /// The permutation for a tensor of some rank.
  public func permutation(rank: Int) -> [Int] { permutation ?? (0..<rank).reversed() }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    let type = inputs[0]!.type
    let order = permutation(rank: type.rank)
    guard order.count == type.rank else {
      throw GraphError(.badAttribute, "perm \(order) does not suit a tensor of rank \(type.rank)")
    }
    return [TensorType(type.elementType, order.map { type.shape[$0] })]
  }

  /// Where each element of the result stands in a tensor of a shape.
  package func plan(_ shape: [Int]) -> StridedPlan {
    let (order, own) = (permutation(rank: shape.count), strides(of: shape))
    return StridedPlan(strides: order.map { own[$0] }, shape: order.map { shape[$0] })
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.taking(plan(inputs[0]!.shape))]
  }
}

extension Transpose {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.outputAxes = [permutation(rank: x.count).map { x[$0] }]
  }
}
