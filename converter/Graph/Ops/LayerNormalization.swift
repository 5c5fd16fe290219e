/// Layer normalisation: each row of the axes from `axis` on gets mean 0 and variance 1, then scale
/// and bias.
///
/// Further outputs: the mean of each row, and the inverse of its standard deviation.
public struct LayerNormalization: Operator {
  public let axis: Int
  public let epsilon: Float
  /// The type of the statistics that the further outputs give.
  public let statisticsType: ElementType
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -1)
    let attributes = try NormalisationAttributes(node)
    (epsilon, statisticsType) = (attributes.epsilon, attributes.statisticsType)
    outputCount = node.outputCount
    guard outputCount <= 3 else {
      throw GraphError(.badArity, "has \(outputCount) outputs but gives at most 3")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 3, inputs)
    try Operands.floatingPoint(inputs)
    let x = inputs[0]!.type
    for input in inputs.dropFirst() {
      guard let shape = input?.shape else { continue }
      guard try broadcast([shape, x.shape]) == x.shape else {
        throw GraphError(.badShape, "a scale or bias of \(shape) does not broadcast to \(x.shape)")
      }
    }
    let statistics = TensorType(statisticsType, try plan(inputs.map { $0?.shape }).statistics)
    return Array([x, statistics, statistics].prefix(max(1, outputCount)))
  }

  /// How the inputs' shapes meet, in their order and nil where left out.
  package func plan(_ shapes: [[Int]?]) throws(GraphError) -> NormalisationPlan {
    let x = shapes[0]!
    return NormalisationPlan(
      x, from: try normalise(axis: axis, rank: x.count),
      parameters: shapes.dropFirst().compactMap { $0 })
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (x, scale) = (inputs[0]!, inputs[1]!)
    let bias = inputs.count > 2 ? inputs[2] : nil
    let plan = try plan(inputs.map { $0?.shape })
    var values = x.doubles
    var means: [Double] = []
    var inverses: [Double] = []
    for row in 0..<plan.rows {
      let places = row * plan.length..<(row + 1) * plan.length
      let moments = Moments(values[places])
      let inverse = 1 / (moments.variance + Double(epsilon)).squareRoot()
      for place in places { values[place] = (values[place] - moments.mean) * inverse }
      means.append(moments.mean)
      inverses.append(inverse)
    }
    values.scale(by: scale, of: x.shape)
    if let bias { values.shift(by: bias, of: x.shape) }
    let outputs = [
      Tensor(elementType: x.elementType, shape: x.shape, doubles: values),
      Tensor(elementType: statisticsType, shape: plan.statistics, doubles: means),
      Tensor(elementType: statisticsType, shape: plan.statistics, doubles: inverses),
    ]
    return Array(outputs.prefix(max(1, outputCount)))
  }
}

extension [Double] {
  /// Multiplies the elements of a tensor of a shape by those of another, broadcast to it.
  mutating func scale(by factors: Tensor, of shape: [Int]) {
    let (values, places) = (factors.doubles, broadcastPositions(from: factors.shape, to: shape))
    for i in indices { self[i] *= values[places[i]] }
  }

  /// Adds to the elements of a tensor of a shape those of another, broadcast to it.
  mutating func shift(by addends: Tensor, of shape: [Int]) {
    let (values, places) = (addends.doubles, broadcastPositions(from: addends.shape, to: shape))
    for i in indices { self[i] += values[places[i]] }
  }
}

extension LayerNormalization {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let first = fromFront(axis, rank: x.count)
    for parameter in 1..<map.inputs.count where map.has(parameter) {
      map.bindBroadcast(parameter, to: x)
    }
    map.takeStatistics(over: Array(first..<x.count))
    // Means and deviations that others read would be those of what is kept.
    if map.outputs.count > 1 { map.freeze(x[first...], "statistics that are outputs") }
    let statistics = x.indices.map { $0 < first ? x[$0] : .unit }
    map.outputAxes = map.outputs.indices.map { $0 == 0 ? x : statistics }
  }
}
