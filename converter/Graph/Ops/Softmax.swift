internal import Glibc

/// An operator that maps each line of a floating-point tensor along one axis.
///
/// Before opset 13 a line is all that follows the axis, as if the tensor were a matrix.
public protocol AxisOperator: Operator {
  /// May be negative; 1 by default before opset 13, -1 since.
  var axis: Int { get }
  /// Whether the tensor is taken as a matrix, cut at the axis.
  var flattens: Bool { get }
  func apply(_ line: [Double]) -> [Double]
}

extension AxisOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.floatingPoint.check(inputs)
    _ = try plan(inputs[0]!.shape)
    return [inputs[0]!.type]
  }

  /// The lines of a tensor.
  package func plan(_ shape: [Int]) throws(GraphError) -> AxisLines {
    let axis = try normalise(axis: axis, rank: shape.count)
    return flattens
      ? AxisLines(of: shape, flattenedAt: axis) : AxisLines(of: shape, axis: axis)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let values = try plan(input.shape).map(input.doubles, apply)
    return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
  }
}

/// `exp(x) / sum(exp(x))` along an axis.
public struct Softmax: AxisOperator {
  public let axis: Int
  public let flattens: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    (axis, flattens) = try softmaxAxis(node)
  }
  public func apply(_ line: [Double]) -> [Double] {
    // Subtracting the greatest keeps the exponentials finite and changes nothing else.
    let greatest = line.max() ?? 0
    let exponentials = line.map { exp($0 - greatest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}

/// `x - ln(sum(exp(x)))` along an axis: the logarithm of softmax.
public struct LogSoftmax: AxisOperator {
  public let axis: Int
  public let flattens: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    (axis, flattens) = try softmaxAxis(node)
  }
  public func apply(_ line: [Double]) -> [Double] {
    let greatest = line.max() ?? 0
    let logarithm = log(line.reduce(0) { $0 + exp($1 - greatest) })
    return line.map { $0 - greatest - logarithm }
  }
}

/// 1 at the first greatest element along an axis, 0 elsewhere.
public struct Hardmax: AxisOperator {
  public let axis: Int
  public let flattens: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    (axis, flattens) = try softmaxAxis(node)
  }
  public func apply(_ line: [Double]) -> [Double] {
    let greatest = line.max()
    let winner = line.firstIndex { $0 == greatest }
    return line.indices.map { $0 == winner ? 1 : 0 }
  }
}

private func softmaxAxis(_ node: NodeContext) throws(GraphError) -> (axis: Int, flattens: Bool) {
  let flattens = node.opset < 13
  return (try node.integer("axis", default: flattens ? 1 : -1), flattens)
}

extension AxisOperator {
  /// Every element of a line depends on the whole line.
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough()
    guard let lines = try? plan(map.shape(0)) else { return map.freezeAll(.spatial) }
    for index in lines.axes {
      map.freeze([map.outputAxes[0][index]], "axis of a \(map.node.operation)")
      map.mix([map.outputAxes[0][index]])
    }
  }
}
