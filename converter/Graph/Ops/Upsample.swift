/// Enlarges a tensor by constant factors: what came before `Resize`, up to opset 9.
public struct Upsample: Operator {
  public let resampling: Resampling
  /// The factors of opset 7; later ones come as input 1.
  private let scales: [Float]?

  public init(_ node: NodeContext) throws(GraphError) {
    var resampling = Resampling()
    let mode = try node.string("mode", default: "nearest")
    // Opset 1 said bilinear, and some exporters still do.
    switch mode {
    case "nearest": resampling.filter = .nearest
    case "linear", "bilinear": resampling.filter = .linear
    default: throw GraphError(.badAttribute, "mode \"\(mode)\" is neither nearest nor linear")
    }
    self.resampling = resampling
    scales = node.opset < 9 ? try node.floats("scales") ?? [] : nil
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(scales == nil ? 2 : 1, inputs)
    let x = inputs[0]!.type
    guard x.elementType != .string else { throw GraphError(.badType, "cannot resize text") }
    return [try TensorType(x.elementType, plan(inputs).map(\.output)).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let tables = try samplingTables(inputs.map { $0.map { OperatorInput($0) } })
    return [resampling.evaluate(inputs[0]!, tables, extrapolation: 0)]
  }

  /// For every axis and every output coordinate, the input coordinates it is made of and their
  /// weights.
  /// - Throws: `GraphError` where the factors are not constant or do not fit.
  public func samplingTables(
    _ inputs: [OperatorInput?]
  ) throws(GraphError) -> [[Resampling.Sample]] {
    try plan(inputs).map { axis throws(GraphError) in try resampling.samples(axis) }
  }

  private func plan(_ inputs: [OperatorInput?]) throws(GraphError) -> [Resampling.Axis] {
    let shape = inputs[0]!.shape
    var factors = scales
    if factors == nil, let input = inputs[1] {
      guard let constant = input.constant else {
        throw GraphError(.needsConstant, "input 1 decides the shape and must be constant")
      }
      guard constant.elementType.isFloatingPoint else {
        throw GraphError(.badType, "factors are floating-point numbers, not \(input.type)")
      }
      factors = constant.floats
    }
    guard let factors, factors.count == shape.count else {
      throw GraphError(.badShape, "needs one factor for each axis of \(shape)")
    }
    var plan: [Resampling.Axis] = []
    for (extent, factor) in zip(shape, factors) {
      plan.append(
        Resampling.Axis(
          input: extent, output: try Resampling.extent(extent, times: factor), scale: factor))
    }
    return plan
  }
}

extension Upsample {
  public func mapChannels(_ map: inout ChannelMap) {
    guard let plan = try? plan(map.inputs) else { return map.freezeAll(.spatial) }
    map.resize(plan, sizesAt: nil)
  }
}
