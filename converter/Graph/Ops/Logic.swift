/// An operator that joins the truth values of two broadcast Boolean tensors.
public protocol LogicOperator: Operator {
  func apply(_ a: Bool, _ b: Bool) -> Bool
}

extension LogicOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.boolean.check(inputs)
    return [try broadcastType(inputs, .bool)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast([inputs[0]!.shape, inputs[1]!.shape])
    let (a, b) = (inputs[0]!.broadcasting(to: shape), inputs[1]!.broadcasting(to: shape))
    return [Tensor(booleans: zip(a.booleans, b.booleans).map { apply($0, $1) }, shape: shape)]
  }
}

/// Whether both are true, broadcast.
public struct And: LogicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Bool, _ b: Bool) -> Bool { a && b }
}

/// Whether either is true, broadcast.
public struct Or: LogicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Bool, _ b: Bool) -> Bool { a || b }
}

/// Whether exactly one is true, broadcast.
public struct Xor: LogicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Bool, _ b: Bool) -> Bool { a != b }
}

/// Whether each element is false.
public struct Not: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.boolean.check(inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [Tensor(booleans: inputs[0]!.booleans.map { !$0 }, shape: inputs[0]!.shape)]
  }
}

extension Not {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}

extension LogicOperator {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
