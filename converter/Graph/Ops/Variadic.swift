/// An operator that joins any number of broadcast tensors of one type, one element of each at a time.
public protocol VariadicOperator: Operator {
  static var operands: ElementFamily { get }
  /// - Precondition: there is at least one value.
  func apply(_ values: [Double]) -> Double
  /// The function on integers: on `UInt64` for uint64, on `Int64` for every other integer type.
  func apply<Whole: FixedWidthInteger>(_ values: [Whole]) -> Whole
}

extension VariadicOperator {
  public static var operands: ElementFamily { .number }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(max(1, inputs.count), inputs)
    try Self.operands.check(inputs)
    try ElementFamily.checkSame(inputs)
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try broadcast(inputs.map { $0!.shape })
    let operands = inputs.map { $0!.broadcasting(to: shape) }
    let type = operands[0].elementType
    let positions = 0..<operands[0].count
    if type.isFloatingPoint {
      let columns = operands.map(\.doubles)
      let values = positions.map { position in apply(columns.map { $0[position] }) }
      return [Tensor(elementType: type, shape: shape, doubles: values)]
    }
    let columns = operands.map(\.integers)
    let values = positions.map { position in
      type == .uint64
        ? Int64(bitPattern: apply(columns.map { UInt64(bitPattern: $0[position]) }))
        : apply(columns.map { $0[position] })
    }
    return [Tensor(elementType: type, shape: shape, integers: values)]
  }
}

/// The least of the inputs, elementwise; NaN where any is.
public struct Min: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ values: [Double]) -> Double {
    values.dropFirst().reduce(values[0]) { $0.isNaN || $0 < $1 ? $0 : $1 }
  }
  public func apply<Whole: FixedWidthInteger>(_ values: [Whole]) -> Whole { values.min()! }
}

/// The greatest of the inputs, elementwise; NaN where any is.
public struct Max: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ values: [Double]) -> Double {
    values.dropFirst().reduce(values[0]) { $0.isNaN || $0 > $1 ? $0 : $1 }
  }
  public func apply<Whole: FixedWidthInteger>(_ values: [Whole]) -> Whole { values.max()! }
}

/// The sum of the inputs, elementwise.
public struct Sum: VariadicOperator {
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ values: [Double]) -> Double { values.reduce(0, +) }
  public func apply<Whole: FixedWidthInteger>(_ values: [Whole]) -> Whole { values.reduce(0, &+) }
}

/// The arithmetic mean of the inputs, elementwise; floating-point only.
public struct Mean: VariadicOperator {
  public static var operands: ElementFamily { .floatingPoint }
  public init(_ node: NodeContext) throws(GraphError) {}
  public func apply(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }
  public func apply<Whole: FixedWidthInteger>(_ values: [Whole]) -> Whole {
    values.reduce(0, &+) / Whole(values.count)
  }
}
