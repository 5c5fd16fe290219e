/// The extents of a tensor as integers, or of some of its axes.
public struct Shape: Operator {
  /// First axis and the one after the last; negative ones count from the end.
  public let start: Int
  public let end: Int?

  public init(_ node: NodeContext) throws(GraphError) {
    start = node.opset >= 15 ? try node.integer("start", default: 0) : 0
    end = node.opset >= 15 ? try node.integer("end") : nil
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    return [extents(of: inputs[0]!.shape).type]
  }

  public func valuesKnownFromTypes(_ inputs: [OperatorInput?]) -> [Tensor]? {
    [extents(of: inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [extents(of: inputs[0]!.shape)]
  }

  private func extents(of shape: [Int]) -> Tensor {
    func clamped(_ axis: Int) -> Int {
      min(max(fromFront(axis, rank: shape.count), 0), shape.count)
    }
    let first = clamped(start)
    let last = max(first, end.map(clamped) ?? shape.count)
    return Tensor(integers: shape[first..<last].map { Int64($0) })
  }
}

/// The number of elements of a tensor.
public struct Size: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    return [TensorType(.int64, [])]
  }

  public func valuesKnownFromTypes(_ inputs: [OperatorInput?]) -> [Tensor]? {
    [Tensor(integers: [Int64(inputs[0]!.type.count)], shape: [])]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [Tensor(integers: [Int64(inputs[0]!.count)], shape: [])]
  }
}
