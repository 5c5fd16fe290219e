/// An operator that compares the elements of two broadcast tensors of one type.
public protocol ComparisonOperator: Operator {
  /// The types it compares.
  static var operands: ElementFamily { get }
  func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool
}

extension ComparisonOperator {
  public static var operands: ElementFamily { .number }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try Self.operands.check(inputs)
    try ElementFamily.checkSame(inputs)
    return [try broadcastType(inputs, .bool)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast([inputs[0]!.shape, inputs[1]!.shape])
    let (a, b) = (inputs[0]!.broadcasting(to: shape), inputs[1]!.broadcasting(to: shape))
    let values: [Bool] =
      if a.elementType.isFloatingPoint {
        zip(a.doubles, b.doubles).map { holds($0, $1) }
      } else if a.elementType == .uint64 {
        zip(a.integers, b.integers).map { holds(UInt64(bitPattern: $0), UInt64(bitPattern: $1)) }
      } else {
        zip(a.integers, b.integers).map { holds($0, $1) }
      }
    return [Tensor(booleans: values, shape: shape)]
  }
}

/// `a == b`, broadcast; numbers or Booleans.
public struct Equal: ComparisonOperator {
  public static var operands: ElementFamily { .numberOrBoolean }
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a == b }
}

/// `a > b`, broadcast.
public struct Greater: ComparisonOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a > b }
}

/// `a >= b`, broadcast.
public struct GreaterOrEqual: ComparisonOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a >= b }
}

/// `a < b`, broadcast.
public struct Less: ComparisonOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a < b }
}

/// `a <= b`, broadcast.
public struct LessOrEqual: ComparisonOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a <= b }
}

extension ComparisonOperator {
  /// Where whole numbers are compared with a list of them, each index stands for a number, as in a
  /// table of tokens: whichever goes, inputs with that number lose their meaning.
  public func mapChannels(_ map: inout ChannelMap) {
    map.broadcastAll()
    guard !map.inputs[0]!.elementType.isFloatingPoint else { return }
    for list in 0...1 where map.isConstant(list) && !map.isConstant(1 - list) {
      let (own, other) = (map.shape(list), map.shape(1 - list))
      for index in own.indices where own[index] != 1 {
        let place = other.count - own.count + index
        if place < 0 || other[place] == 1 {
          map.freeze(
            [map.axis(list, index)],
            "numbers that an input is compared with, of a \(map.node.operation)")
        }
      }
    }
  }
}
