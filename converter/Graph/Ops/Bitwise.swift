/// An operator that joins the bits of two broadcast integer tensors of one type.
public protocol BitwiseOperator: BinaryOperator {}

extension BitwiseOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.integer.check(inputs)
    try ElementFamily.checkSame(inputs)
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func apply(_ a: Double, _ b: Double) -> Double {
    preconditionFailure("the shape rule takes integers alone")
  }
}

/// The bits that both have, broadcast.
public struct BitwiseAnd: BitwiseOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a & b
  }
}

/// The bits that either has, broadcast.
public struct BitwiseOr: BitwiseOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a | b
  }
}

/// The bits that exactly one has, broadcast.
public struct BitwiseXor: BitwiseOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a ^ b
  }
}

/// Bits moved by as many places as the second input says, broadcast; to the right with copies of the sign.
///
/// By fewer places than 0, or as many as the type has, nothing but the sign's copies is left.
public struct BitShift: BitwiseOperator {
  public let isLeft: Bool
  private var width = Int64.bitWidth

  public init(_ node: NodeContext) throws(GraphError) {
    let direction = try node.string("direction", default: "")
    guard direction == "LEFT" || direction == "RIGHT" else {
      throw GraphError(.badAttribute, "direction \"\(direction)\" is neither LEFT nor RIGHT")
    }
    isLeft = direction == "LEFT"
  }

  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    guard b >= 0, b < width else { return isLeft || a >= 0 ? 0 : ~0 }
    return isLeft ? a << b : a >> b
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    var shift = self
    shift.width = 8 * inputs[0]!.elementType.byteCount
    return [try join(inputs[0]!, inputs[1]!, shift)]
  }
}

/// Each integer with every bit turned.
public struct BitwiseNot: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.integer.check(inputs)
    return [inputs[0]!.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    return [Tensor(elementType: x.elementType, shape: x.shape, integers: x.integers.map { ~$0 })]
  }
}

extension BitwiseNot {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
