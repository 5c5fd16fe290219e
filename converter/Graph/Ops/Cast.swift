/// The same numbers in another element type.
///
/// Floating-point numbers lose their fraction on the way to integers; all but zero are true.
public struct Cast: Operator {
  public let elementType: ElementType

  public init(_ node: NodeContext) throws(GraphError) {
    elementType = try ElementType(castTargetOf: node)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.numberOrBoolean.check(inputs)
    return [TensorType(elementType, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.cast(to: elementType)]
  }
}

/// The first input in the element type of the second.
public struct CastLike: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.numberOrBoolean.check(inputs)
    return [TensorType(inputs[1]!.elementType, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.cast(to: inputs[1]!.elementType)]
  }
}

extension Tensor {
  /// The same numbers in another element type.
  /// - Precondition: neither type is text.
  public func cast(to type: ElementType) -> Tensor {
    if type == elementType { return self }
    if type == .bool { return Tensor(booleans: booleans, shape: shape) }
    if elementType == .uint64, type.isFloatingPoint {
      // Large values are negative in the storage, which holds bit patterns.
      return Tensor(
        elementType: type, shape: shape,
        doubles: integers.map { Double(UInt64(bitPattern: $0)) })
    }
    return elementType.isFloatingPoint
      ? Tensor(elementType: type, shape: shape, doubles: doubles)
      : Tensor(elementType: type, shape: shape, integers: integers)
  }
}

extension Cast {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}

extension CastLike {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
