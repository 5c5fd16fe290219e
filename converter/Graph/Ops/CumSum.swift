/// What an axis holds up to each place, joined: running sums or products.
///
/// The axis is the second input, a scalar.
public protocol RunningOperator: Operator {
  /// Whether a result leaves out its own element.
  var isExclusive: Bool { get }
  /// Whether results run from the end.
  var isReversed: Bool { get }
  /// What nothing joined gives.
  var neutral: Int64 { get }
  func join(_ a: Double, _ b: Double) -> Double
  func join(_ a: Int64, _ b: Int64) -> Int64
}

/// Running sums along an axis that the second input, a scalar, names.
public struct CumSum: RunningOperator {
  public let isExclusive: Bool
  public let isReversed: Bool
  public var neutral: Int64 { 0 }

  public init(_ node: NodeContext) throws(GraphError) {
    isExclusive = try node.boolean("exclusive", default: false)
    isReversed = try node.boolean("reverse", default: false)
  }

  public func join(_ a: Double, _ b: Double) -> Double { a + b }
  public func join(_ a: Int64, _ b: Int64) -> Int64 { a &+ b }
}

/// Running products along an axis that the second input, a scalar, names.
public struct CumProd: RunningOperator {
  public let isExclusive: Bool
  public let isReversed: Bool
  public var neutral: Int64 { 1 }

  public init(_ node: NodeContext) throws(GraphError) {
    isExclusive = try node.boolean("exclusive", default: false)
    isReversed = try node.boolean("reverse", default: false)
  }

  public func join(_ a: Double, _ b: Double) -> Double { a * b }
  public func join(_ a: Int64, _ b: Int64) -> Int64 { a &* b }
}

extension RunningOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs, at: 0)
    try ElementFamily.integer.check(inputs, at: 1)
    guard inputs[1]!.type.count == 1 else {
      throw GraphError(.badShape, "the axis has the shape \(inputs[1]!.shape) but must be a scalar")
    }
    if let axis = inputs[1]!.constant { _ = try plan(inputs[0]!.shape, axis: axis) }
    return [inputs[0]!.type]
  }

  /// The lines of a tensor along the axis that the second input names.
  package func plan(_ shape: [Int], axis: Tensor) throws(GraphError) -> AxisLines {
    AxisLines(of: shape, axis: try normalise(axis: Int(axis.integers[0]), rank: shape.count))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let lines = try plan(input.shape, axis: inputs[1]!)
    if input.elementType.isFloatingPoint {
      let values = lines.map(input.doubles) { run($0, Double(neutral), join) }
      return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
    }
    let values = lines.map(input.integers) { run($0, neutral, join) }
    return [Tensor(elementType: input.elementType, shape: input.shape, integers: values)]
  }

  private func run<Value>(
    _ line: [Value], _ neutral: Value, _ join: (Value, Value) -> Value
  ) -> [Value] {
    var (result, joined) = (line, neutral)
    for index in isReversed ? Array(line.indices.reversed()) : Array(line.indices) {
      let before = joined
      joined = join(joined, line[index])
      result[index] = isExclusive ? before : joined
    }
    return result
  }

  public func mapChannels(_ map: inout ChannelMap) {
    guard let axis = map.inputs[1]!.constant, let lines = try? plan(map.shape(0), axis: axis)
    else {
      return map.freezeAll(
        .semantic(node: map.node.name, "running sums or products along any axis"))
    }
    map.passThrough(freezing: lines.axis, "running sums or products")
  }
}
