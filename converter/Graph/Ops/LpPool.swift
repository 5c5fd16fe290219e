internal import Glibc

/// The p-norm of each window: `(sum of |x|^p)^(1/p)`.
public struct LpPool: Operator {
  public let window: SpatialWindow
  public let power: Int

  public init(_ node: NodeContext) throws(GraphError) {
    window = try SpatialWindow(node)
    power = try node.integer("p", default: 2)
    guard power > 0 else { throw GraphError(.badAttribute, "p \(power) is not positive") }
  }

  /// The window over an input of a shape.
  public func placedWindow(_ input: [Int]) throws(GraphError) -> PlacedWindow {
    try Pooling.placed(window, over: input)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try Operands.floatingPoint(inputs)
    return [try Pooling.type(inputs[0]!.type, window)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let values = x.doubles
    let placed = try placedWindow(x.shape)
    let norms = Pooling.evaluate(x.shape, placed) { _, seen in
      pow(seen.reduce(0) { $0 + pow(abs(values[$1]), Double(power)) }, 1 / Double(power))
    }
    return [
      Tensor(
        elementType: x.elementType, shape: x.shape.prefix(2) + placed.output, doubles: norms)
    ]
  }
}

extension LpPool {
  public func mapChannels(_ map: inout ChannelMap) { map.pool() }
}
