/// An operator that joins any number of broadcast tensors of one type, elementwise, two at a time.
public protocol VariadicOperator: Operator {
  static var operands: ElementFamily { get }
  func join(_ a: Double, _ b: Double) -> Double
  /// The function on integers: on `UInt64` for uint64, on `Int64` for every other integer type.
  func join<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) -> Whole
  /// What becomes of real numbers once a number of inputs is joined.
  func finish(_ joined: Double, inputCount: Int) -> Double
}

extension VariadicOperator {
  public static var operands: ElementFamily { .number }
  public func finish(_ joined: Double, inputCount: Int) -> Double { joined }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(max(1, inputs.count), inputs)
    try Self.operands.check(inputs)
    try ElementFamily.checkSame(inputs)
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast(inputs.map { $0!.shape })
    let type = inputs[0]!.elementType
    // One input is stretched at a time: a file may name any number of them.
    let first = inputs[0]!.broadcasting(to: shape)
    if type.isFloatingPoint {
      let joined = inputs.dropFirst().reduce(first.doubles) { values, input in
        zip(values, input!.broadcasting(to: shape).doubles).map { join($0, $1) }
      }
      let values = joined.map { finish($0, inputCount: inputs.count) }
      return [Tensor(elementType: type, shape: shape, doubles: values)]
    }
    let values = inputs.dropFirst().reduce(first.integers) { values, input in
      zip(values, input!.broadcasting(to: shape).integers).map { a, b in
        type == .uint64
          ? Int64(bitPattern: join(UInt64(bitPattern: a), UInt64(bitPattern: b))) : join(a, b)
      }
    }
    return [Tensor(elementType: type, shape: shape, integers: values)]
  }
}

/// The least of the inputs, elementwise; NaN where any is.
public struct Min: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func join(_ a: Double, _ b: Double) -> Double { a.isNaN || a < b ? a : b }
  public func join<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) -> Whole { min(a, b) }
}

/// The greatest of the inputs, elementwise; NaN where any is.
public struct Max: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func join(_ a: Double, _ b: Double) -> Double { a.isNaN || a > b ? a : b }
  public func join<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) -> Whole { max(a, b) }
}

/// The sum of the inputs, elementwise.
public struct Sum: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func join(_ a: Double, _ b: Double) -> Double { a + b }
  public func join<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) -> Whole { a &+ b }
}

/// The arithmetic mean of the inputs, elementwise; floating-point only.
public struct Mean: VariadicOperator {
  public static var operands: ElementFamily { .floatingPoint }
  public init(_ node: NodeContext) throws(GraphError) {}
  public func join(_ a: Double, _ b: Double) -> Double { a + b }
  /// Unused: integers are refused.
  public func join<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) -> Whole { a &+ b }
  public func finish(_ joined: Double, inputCount: Int) -> Double { joined / Double(inputCount) }
}

extension VariadicOperator {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
