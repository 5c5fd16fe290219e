/// Root-mean-square normalisation: each row of the axes from `axis` on is divided by the root of
/// its mean square, then scaled.
public struct RMSNormalization: Operator {
  public let axis: Int
  public let epsilon: Float

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -1)
    epsilon = try NormalisationAttributes(node).epsilon
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    let (x, scale) = (inputs[0]!.type, inputs[1]!.type)
    guard x.elementType.isFloatingPoint, scale.elementType.isFloatingPoint else {
      throw GraphError(.badType, "takes floating-point tensors, not \(x) and \(scale)")
    }
    guard try broadcast([scale.shape, x.shape]) == x.shape else {
      throw GraphError(.badShape, "a scale of \(scale.shape) does not broadcast to \(x.shape)")
    }
    _ = try plan(x.shape, scale: scale.shape)
    // The result has the scale's type, which may be narrower than the input's.
    return [TensorType(scale.elementType, x.shape)]
  }

  /// How the inputs' shapes meet.
  package func plan(_ x: [Int], scale: [Int]) throws(GraphError) -> NormalisationPlan {
    NormalisationPlan(x, from: try normalise(axis: axis, rank: x.count), parameters: [scale])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (x, scale) = (inputs[0]!, inputs[1]!)
    let plan = try plan(x.shape, scale: scale.shape)
    var values = x.doubles
    for row in 0..<plan.rows {
      let places = row * plan.length..<(row + 1) * plan.length
      let square = values[places].reduce(0) { $0 + $1 * $1 } / Double(plan.length)
      let inverse = 1 / (square + Double(epsilon)).squareRoot()
      for place in places { values[place] *= inverse }
    }
    values.scale(by: scale, of: x.shape)
    return [Tensor(elementType: scale.elementType, shape: x.shape, doubles: values)]
  }
}

extension RMSNormalization {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.bindBroadcast(1, to: x)
    map.takeStatistics(over: Array(fromFront(axis, rank: x.count)..<x.count))
    map.outputAxes = [x]
  }
}
