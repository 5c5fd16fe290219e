internal import Glibc

/// `a + b`, broadcast.
public struct Add: BinaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Double, _ b: Double) -> Double { a + b }
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a &+ b
  }
}

/// `a - b`, broadcast.
public struct Sub: BinaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Double, _ b: Double) -> Double { a - b }
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a &- b
  }
}

/// `a * b`, broadcast.
public struct Mul: BinaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Double, _ b: Double) -> Double { a * b }
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    a &* b
  }
}

/// `a / b`, broadcast; integers round towards zero, and dividing one by zero is an error.
public struct Div: BinaryOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ a: Double, _ b: Double) -> Double { a / b }
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    guard b != 0 else { throw GraphError(.badInput, "an integer is divided by zero") }
    return a.dividedReportingOverflow(by: b).partialValue
  }
}

/// Remainder of `a / b`, broadcast: with the sign of `a` where `fmod` is set, else that of `b`.
///
/// Before opset 28 floating-point numbers take the first meaning only, as ONNX demands.
public struct Mod: BinaryOperator {
  /// Whether the remainder has the dividend's sign, as C's `fmod`.
  public let followsDividend: Bool
  private let opset: Int

  public init(_ node: NodeContext) throws(GraphError) {
    followsDividend = try node.boolean("fmod", default: false)
    opset = node.opset
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs)
    try ElementFamily.checkSame(inputs)
    if inputs[0]!.elementType.isFloatingPoint && !followsDividend && opset < 28 {
      throw GraphError(.badAttribute, "fmod must be 1 for floating-point inputs before opset 28")
    }
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func apply(_ a: Double, _ b: Double) -> Double {
    let remainder = fmod(a, b)
    guard !followsDividend, !remainder.isNaN else { return remainder }
    if remainder == 0 { return copysign(0, b) }
    return (remainder < 0) != (b < 0) ? remainder + b : remainder
  }
  public func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole {
    guard b != 0 else { throw GraphError(.badInput, "an integer is divided by zero") }
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    guard !followsDividend, remainder != 0, (remainder < 0) != (b < 0) else { return remainder }
    return remainder &+ b
  }
}

/// `a` to the power `b`, broadcast; the two may differ in type, and the result has that of `a`.
///
/// Computed in double precision unless both are integers, which multiply and wrap. A negative
/// integer power of an integer is rounded towards zero.
public struct Pow: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs)
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast([inputs[0]!.shape, inputs[1]!.shape])
    let base = inputs[0]!.broadcasting(to: shape)
    let exponent = inputs[1]!.broadcasting(to: shape)
    guard base.elementType.isInteger, exponent.elementType.isInteger else {
      let values = zip(base.doubles, exponent.doubles).map { pow($0, $1) }
      return [Tensor(elementType: base.elementType, shape: shape, doubles: values)]
    }
    let isUnsigned = exponent.elementType == .uint64
    var values: [Int64] = []
    for (base, exponent) in zip(base.integers, exponent.integers) {
      if exponent >= 0 || isUnsigned {
        values.append(power(base, UInt64(bitPattern: exponent)))
      } else {
        values.append(try power(base, negative: exponent))
      }
    }
    return [Tensor(elementType: base.elementType, shape: shape, integers: values)]
  }

  /// Multiplies and squares, wrapping.
  private func power(_ base: Int64, _ exponent: UInt64) -> Int64 {
    var (result, factor, left): (Int64, Int64, UInt64) = (1, base, exponent)
    while left > 0 {
      if left & 1 == 1 { result = result &* factor }
      factor = factor &* factor
      left >>= 1
    }
    return result
  }

  private func power(_ base: Int64, negative exponent: Int64) throws(GraphError) -> Int64 {
    switch base {
    case 0: throw GraphError(.badInput, "the integer 0 is raised to the power \(exponent)")
    case 1: return 1
    case -1: return exponent & 1 == 0 ? 1 : -1
    default: return 0
    }
  }
}

/// `x < 0 ? slope * x : x`, where the slope broadcasts to the shape of `x`.
public struct PRelu: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs)
    try ElementFamily.checkSame(inputs)
    let (input, slope) = (inputs[0]!, inputs[1]!)
    guard try broadcast([input.shape, slope.shape]) == input.shape else {
      throw GraphError(
        .badShape, "a slope of shape \(slope.shape) does not broadcast to \(input.shape)")
    }
    return [input.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let slope = inputs[1]!.broadcasting(to: input.shape)
    if input.elementType.isFloatingPoint {
      let values = zip(input.doubles, slope.doubles).map { $0 < 0 ? $1 * $0 : $0 }
      return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
    }
    // No unsigned number is negative, whatever its bit pattern.
    guard input.elementType != .uint64 else { return [input] }
    let values = zip(input.integers, slope.integers).map { $0 < 0 ? $1 &* $0 : $0 }
    return [Tensor(elementType: input.elementType, shape: input.shape, integers: values)]
  }
}

extension Pow {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}

extension PRelu {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
