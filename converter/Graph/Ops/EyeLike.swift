/// Ones on a diagonal of a matrix of the input's extents, zeros beside it.
public struct EyeLike: Operator {
  /// The input's where nil.
  public let elementType: ElementType?
  /// Which diagonal: the main one, or so many places to the right of it.
  public let diagonal: Int

  public init(_ node: NodeContext) throws(GraphError) {
    elementType =
      try node.integer("dtype") == nil ? nil : ElementType(castTargetOf: node, named: "dtype")
    diagonal = try node.integer("k", default: 0)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.numberOrBoolean.check(inputs)
    guard inputs[0]!.rank == 2 else {
      throw GraphError(.badShape, "ones on a diagonal need two axes, not \(inputs[0]!.shape)")
    }
    return [TensorType(elementType ?? inputs[0]!.elementType, inputs[0]!.shape)]
  }

  public func valuesKnownFromTypes(_ inputs: [OperatorInput?]) -> [Tensor]? {
    // What is claimed to be huge is not filled for the asking.
    guard let type = try? infer(inputs)[0], type.count <= 1 << 24 else { return nil }
    return [ones(type)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [ones(try infer(inputs.known)[0])]
  }

  private func ones(_ type: TensorType) -> Tensor {
    var ones = [Int64](repeating: 0, count: type.count)
    for row in 0..<type.shape[0] {
      let (column, overflow) = row.addingReportingOverflow(diagonal)
      if !overflow, column >= 0, column < type.shape[1] { ones[row * type.shape[1] + column] = 1 }
    }
    return Tensor(elementType: type.elementType, shape: type.shape, integers: ones)
  }
}
