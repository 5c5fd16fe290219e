internal import Glibc

/// Sine of an angle in radians.
public struct Sin: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { sin(x) }
}

/// Cosine of an angle in radians.
public struct Cos: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { cos(x) }
}

/// Tangent of an angle in radians.
public struct Tan: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { tan(x) }
}

/// Inverse sine, in radians.
public struct Asin: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { asin(x) }
}

/// Inverse cosine, in radians.
public struct Acos: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { acos(x) }
}

/// Inverse tangent, in radians.
public struct Atan: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { atan(x) }
}

/// Hyperbolic sine.
public struct Sinh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { sinh(x) }
}

/// Hyperbolic cosine.
public struct Cosh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { cosh(x) }
}

/// Inverse hyperbolic sine.
public struct Asinh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { asinh(x) }
}

/// Inverse hyperbolic cosine; NaN below 1.
public struct Acosh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { acosh(x) }
}

/// Inverse hyperbolic tangent; NaN beyond 1.
public struct Atanh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { atanh(x) }
}
