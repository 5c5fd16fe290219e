/// An operator that finds where the extreme element along an axis is, as int64.
///
/// Of equal elements the first counts, or the last where `select_last_index` is set.
public protocol ArgumentOperator: Operator {
  /// May be negative.
  var axis: Int { get }
  var keepsDimension: Bool { get }
  var selectsLast: Bool { get }
  /// Whether one value beats another.
  static func beats<Value: Comparable>(_ a: Value, _ b: Value) -> Bool
}

extension ArgumentOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.number.check(inputs)
    let input = inputs[0]!
    let (lines, shape) = try plan(input.shape)
    guard lines.extent > 0 else {
      throw GraphError(
        .badShape, "axis \(lines.axis) of \(input.type) has no elements to choose from")
    }
    return [TensorType(.int64, shape)]
  }

  /// The lines of a tensor, and the shape of one position for each.
  package func plan(_ shape: [Int]) throws(GraphError) -> (lines: AxisLines, result: [Int]) {
    let axis = try normalise(axis: axis, rank: shape.count)
    var result = shape
    if keepsDimension { result[axis] = 1 } else { result.remove(at: axis) }
    return (AxisLines(of: shape, axis: axis), result)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let (lines, shape) = try plan(input.shape)
    let winners: [Int64] =
      if input.elementType.isFloatingPoint {
        lines.reduce(input.doubles, winner)
      } else if input.elementType == .uint64 {
        lines.reduce(input.integers.map { UInt64(bitPattern: $0) }, winner)
      } else {
        lines.reduce(input.integers, winner)
      }
    return [Tensor(integers: winners, shape: shape)]
  }

  private func winner<Value: Comparable>(_ line: [Value]) -> Int64 {
    var best = 0
    for index in line.indices
    where Self.beats(line[index], line[best]) || selectsLast && line[index] == line[best] {
      best = index
    }
    return Int64(best)
  }
}

/// Position of the greatest element along an axis.
public struct ArgMax: ArgumentOperator {
  public let axis: Int
  public let keepsDimension: Bool
  public let selectsLast: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
    keepsDimension = try node.boolean("keepdims", default: true)
    selectsLast = try node.boolean("select_last_index", default: false)
  }
  public static func beats<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a > b }
}

/// Position of the least element along an axis.
public struct ArgMin: ArgumentOperator {
  public let axis: Int
  public let keepsDimension: Bool
  public let selectsLast: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
    keepsDimension = try node.boolean("keepdims", default: true)
    selectsLast = try node.boolean("select_last_index", default: false)
  }
  public static func beats<Value: Comparable>(_ a: Value, _ b: Value) -> Bool { a < b }
}

extension ArgumentOperator {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let axis = fromFront(axis, rank: x.count)
    map.freeze([x[axis]], "axis of an \(map.node.operation)")
    let kept = x.indices.compactMap {
      $0 != axis ? x[$0] : map.outputs[0].rank == x.count ? .unit : nil
    }
    map.outputAxes = [kept]
  }
}
