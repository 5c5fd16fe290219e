/// Moves squares of pixels into blocks of channels.
public struct SpaceToDepth: Operator {
  /// Edge of a square, in pixels.
  public let blockSize: Int

  public init(_ node: NodeContext) throws(GraphError) { blockSize = try requiredBlockSize(node) }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    let type = inputs[0]!.type
    guard type.rank == 4, type.shape[2].isMultiple(of: blockSize),
      type.shape[3].isMultiple(of: blockSize)
    else {
      throw GraphError(.badShape, "\(type) does not divide into squares of edge \(blockSize)")
    }
    let shape = [
      type.shape[0], try checkedProduct([type.shape[1], blockSize, blockSize]),
      type.shape[2] / blockSize, type.shape[3] / blockSize,
    ]
    return [try TensorType(type.elementType, shape).checked()]
  }

  /// Where each element of `[images, block, block, channels, rows, columns]` stands in the input.
  package func plan(_ shape: [Int]) -> StridedPlan {
    let (own, b) = (strides(of: shape), blockSize)
    return StridedPlan(
      strides: [own[0], own[2], own[3], own[1], b * own[2], b * own[3]],
      shape: [shape[0], b, b, shape[1], shape[2] / b, shape[3] / b])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try infer(inputs.known)[0].shape
    return [inputs[0]!.taking(plan(inputs[0]!.shape)).reshaped(shape)]
  }
}

extension SpaceToDepth {
  /// `Y.C = block x block x C`, the block frozen.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze(x.dropFirst(2), .spatial)
    let block = map.frozen(blockSize * blockSize, "square of a SpaceToDepth")
    map.outputAxes = [[x[0], map.product([block, x[1]])] + map.positions(from: 2)]
  }
}
