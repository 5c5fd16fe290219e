/// An operator that applies a real function to each element of a floating-point tensor.
///
/// A conforming type gives the function; a type that also takes integers conforms to
/// `NumberUnaryOperator`. Functions are evaluated in double precision and rounded once.
public protocol UnaryOperator: Operator {
  func apply(_ x: Double) -> Double
}

extension UnaryOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.floatingPoint.check(inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.mapping { apply($0) }]
  }
}

/// An operator that applies a function to each element of a tensor of any numeric type.
///
/// Integer arithmetic wraps; uint64 elements arrive as their bit pattern.
public protocol NumberUnaryOperator: UnaryOperator {
  func apply(_ x: Int64) -> Int64
}

extension NumberUnaryOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.number.check(inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.mapping({ apply($0) }, integers: { apply($0) })]
  }
}

/// An operator that answers a question about each element of a floating-point tensor.
public protocol UnaryPredicate: Operator {
  func holds(_ x: Double) -> Bool
}

extension UnaryPredicate {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.floatingPoint.check(inputs)
    return [TensorType(.bool, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    return [Tensor(booleans: input.doubles.map { holds($0) }, shape: input.shape)]
  }
}

extension UnaryOperator {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}

extension UnaryPredicate {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
