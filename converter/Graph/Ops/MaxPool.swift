/// The largest element of each window, and on request its position in the whole input.
///
/// NaN wins over every number. Padding never wins.
public struct MaxPool: Operator {
  public let window: SpatialWindow
  /// Whether positions count the spatial axes from the first to the last, as Fortran does.
  public let columnMajorIndices: Bool
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    window = try SpatialWindow(node)
    columnMajorIndices = try node.boolean("storage_order", default: false)
    outputCount = node.outputCount
    guard outputCount <= 2 else {
      throw GraphError(.badArity, "has \(outputCount) outputs but gives at most 2")
    }
  }

  /// The window over an input of a shape.
  public func placedWindow(_ input: [Int]) throws(GraphError) -> PlacedWindow {
    try Pooling.placed(window, over: input)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    let x = inputs[0]!.type
    guard x.elementType.isFloatingPoint || x.elementType.isInteger else {
      throw GraphError(.badType, "takes numbers, not \(x)")
    }
    let pooled = try Pooling.type(x, window)
    return Array([pooled, TensorType(.int64, pooled.shape)].prefix(max(1, outputCount)))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let values = x.doubles
    let placed = try placedWindow(x.shape)
    let empty = x.elementType == .int8 ? -128 : x.elementType.isInteger ? 0 : -Double.infinity
    // Positions fit doubles exactly: a tensor has at most 2^31 elements.
    let winners = Pooling.evaluate(x.shape, placed) { _, seen in
      var winner = -1
      for position in seen
      where winner < 0 || values[position] > values[winner]
        || (values[position].isNaN && !values[winner].isNaN)
      {
        winner = position
      }
      return Double(winner)
    }
    let shape = x.shape.prefix(2) + placed.output
    let pooled = winners.map { $0 < 0 ? empty : values[Int($0)] }
    let outputs = [
      Tensor(elementType: x.elementType, shape: Array(shape), doubles: pooled),
      Tensor(
        integers: winners.map { Int64(reported(Int($0), placed.input)) }, shape: Array(shape)),
    ]
    return Array(outputs.prefix(max(1, outputCount)))
  }

  /// A row-major position as the operator reports it.
  private func reported(_ position: Int, _ spatial: [Int]) -> Int {
    guard columnMajorIndices, position >= 0 else { return position }
    let plane = elementCount(spatial)
    var (rest, result, unit) = (position % plane, position - position % plane, 1)
    for (extent, stride) in zip(spatial, strides(of: spatial)) {
      result += rest / stride * unit
      rest %= stride
      unit *= extent
    }
    return result
  }
}

extension MaxPool {
  public func mapChannels(_ map: inout ChannelMap) {
    map.pool()
    guard map.outputs.count > 1 else { return }
    // The places of the largest are counted over the whole tensor: one image or channel less moves all.
    for axes in map.outputAxes { map.freeze(axes.prefix(2), "places counted over all channels") }
  }
}
