internal import Glibc

/// Absolute value; the least integer of a type wraps to itself.
public struct Abs: NumberUnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    // A large uint64 is negative as a bit pattern but already its own absolute value.
    if inputs[0]!.elementType == .uint64 { return [inputs[0]!] }
    return [inputs[0]!.mapping({ apply($0) }, integers: { apply($0) })]
  }
  public func apply(_ x: Double) -> Double { abs(x) }
  public func apply(_ x: Int64) -> Int64 { x < 0 ? 0 &- x : x }
}

/// `y = -x`.
public struct Neg: NumberUnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { -x }
  public func apply(_ x: Int64) -> Int64 { 0 &- x }
}

/// -1, 0 or 1 as `x` is negative, zero or positive; NaN stays NaN.
public struct Sign: NumberUnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    // A large uint64 is negative as a bit pattern.
    let isUnsigned = inputs[0]!.elementType == .uint64
    return [
      inputs[0]!.mapping(
        { apply($0) }, integers: { isUnsigned ? abs($0.signum()) : apply($0) })
    ]
  }
  public func apply(_ x: Double) -> Double { x > 0 ? 1 : x < 0 ? -1 : x }
  public func apply(_ x: Int64) -> Int64 { x.signum() }
}

/// `y = 1 / x`.
public struct Reciprocal: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { 1 / x }
}

/// Square root; NaN for negative numbers.
public struct Sqrt: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x.squareRoot() }
}

/// `y = e^x`.
public struct Exp: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { exp(x) }
}

/// Natural logarithm.
public struct Log: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { log(x) }
}

/// The largest whole number not above `x`.
public struct Floor: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x.rounded(.down) }
}

/// The smallest whole number not below `x`.
public struct Ceil: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x.rounded(.up) }
}

/// The nearest whole number, ties to even.
public struct Round: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x.rounded(.toNearestOrEven) }
}

/// Whether each element is not a number.
public struct IsNaN: UnaryPredicate {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func holds(_ x: Double) -> Bool { x.isNaN }
}

/// Whether each element is infinite, on the sides that the attributes name.
public struct IsInf: UnaryPredicate {
  public let detectsNegative: Bool
  public let detectsPositive: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    detectsNegative = try node.boolean("detect_negative", default: true)
    detectsPositive = try node.boolean("detect_positive", default: true)
  }
  public func holds(_ x: Double) -> Bool {
    x == .infinity && detectsPositive || x == -.infinity && detectsNegative
  }
}
