internal import Glibc

/// Leaky rectifier: `y = x < 0 ? alpha * x : x`.
public struct LeakyRelu: UnaryOperator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 0.01))
  }
  public func apply(_ x: Double) -> Double { x < 0 ? alpha * x : x }
}

/// Rectifier with a threshold: `y = x > alpha ? x : 0`, so that NaN becomes 0.
public struct ThresholdedRelu: UnaryOperator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1))
  }
  public func apply(_ x: Double) -> Double { x > alpha ? x : 0 }
}

/// Exponential linear unit: `y = x < 0 ? alpha * (exp(x) - 1) : x`.
public struct Elu: UnaryOperator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1))
  }
  public func apply(_ x: Double) -> Double { x < 0 ? alpha * expm1(x) : x }
}

/// Scaled exponential linear unit: `y = gamma * (x <= 0 ? alpha * (exp(x) - 1) : x)`.
public struct Selu: UnaryOperator {
  public let alpha: Double
  public let gamma: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1.67326319217681884765625))
    gamma = Double(try node.float("gamma", default: 1.05070102214813232421875))
  }
  public func apply(_ x: Double) -> Double { gamma * (x <= 0 ? alpha * expm1(x) : x) }
}

/// Continuously differentiable exponential unit: `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`.
public struct Celu: UnaryOperator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1))
    guard alpha != 0 else { throw GraphError(.badAttribute, "alpha must not be 0") }
  }
  public func apply(_ x: Double) -> Double {
    if x.isNaN { return x }
    return max(0, x) + min(0, alpha * expm1(x / alpha))
  }
}

/// Gaussian error linear unit: `x * Φ(x)`, exactly or through the usual approximation with tanh.
public struct Gelu: UnaryOperator {
  /// Whether `approximate` is "tanh".
  public let approximatesWithTanh: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    let approximate = try node.string("approximate", default: "none")
    guard ["none", "tanh"].contains(approximate) else {
      throw GraphError(
        .badAttribute, "approximate is \"\(approximate)\" but must be \"none\" or \"tanh\"")
    }
    approximatesWithTanh = approximate == "tanh"
  }
  public func apply(_ x: Double) -> Double {
    if x == -.infinity { return 0 }
    return approximatesWithTanh
      ? 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
      // The complement keeps its precision where 1 + erf would cancel.
      : 0.5 * x * erfc(-x / 2.0.squareRoot())
  }
}

/// Logistic function: `y = 1 / (1 + exp(-x))`.
public struct Sigmoid: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { logistic(x) }
}

/// Piecewise linear sigmoid: `y = max(0, min(1, alpha * x + beta))`.
public struct HardSigmoid: UnaryOperator {
  public let alpha: Double
  public let beta: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 0.2))
    beta = Double(try node.float("beta", default: 0.5))
  }
  public func apply(_ x: Double) -> Double { clamp(alpha * x + beta, 0, 1) }
}

/// `y = x * max(0, min(1, x / 6 + 0.5))`.
public struct HardSwish: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double {
    x == -.infinity ? 0 : x * clamp(x / 6 + 0.5, 0, 1)
  }
}

/// `y = x * sigmoid(alpha * x)`.
public struct Swish: UnaryOperator {
  public let alpha: Double

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 1))
  }
  public func apply(_ x: Double) -> Double {
    swish(x, alpha)
  }
}

/// `y = x * tanh(ln(1 + exp(x)))`.
public struct Mish: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x == -.infinity ? 0 : x * tanh(softplus(x)) }
}

/// `y = ln(1 + exp(x))`.
public struct Softplus: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { softplus(x) }
}

/// `y = x / (1 + |x|)`.
public struct Softsign: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { x.isInfinite ? (x > 0 ? 1 : -1) : x / (1 + abs(x)) }
}

/// Hyperbolic tangent.
public struct Tanh: UnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { tanh(x) }
}

/// Gauss error function.
public struct Erf: NumberUnaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ x: Double) -> Double { erf(x) }
  /// Rounded towards zero, as ONNX allows integers here: only 0 is left of any moderate value.
  public func apply(_ x: Int64) -> Int64 { Int64(erf(Double(x))) }
}

/// `1 / (1 + exp(-x))` in double precision, without overflow on either side.
func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + exp(-x)) }
  let exponential = exp(x)
  return exponential / (1 + exponential)
}

/// `x * sigmoid(alpha * x)`; 0, not NaN, for minus infinity.
func swish(_ x: Double, _ alpha: Double = 1) -> Double {
  let gate = logistic(alpha * x)
  return gate == 0 ? 0 : x * gate
}

/// `ln(1 + exp(x))` in double precision, without overflow.
func softplus(_ x: Double) -> Double {
  x.isNaN ? x : max(x, 0) + log1p(exp(-abs(x)))
}

/// The nearest value within bounds; NaN stays NaN, and the upper bound wins where they cross.
func clamp<Number: Comparable>(_ x: Number, _ lower: Number, _ upper: Number) -> Number {
  let raised = x < lower ? lower : x
  return raised > upper ? upper : raised
}
