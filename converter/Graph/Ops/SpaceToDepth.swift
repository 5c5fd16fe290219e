/// Moves squares of pixels into blocks of channels.
public struct SpaceToDepth: Operator {
  /// Edge of a square, in pixels.
  public let blockSize: Int
  /// Whether the channel axis gets [block, channel] (DCR) rather than [channel, block] (CRD).
  public let blockComesFirst: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    blockSize = try requiredBlockSize(node)
    blockComesFirst = try blocksComeFirst(node, since: 28)
  }

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

  /// Where each element of `[images, block, block, channels, rows, columns]` stands in the input; for CRD
  /// of `[images, channels, block, block, rows, columns]`.
  package func plan(_ shape: [Int]) -> StridedPlan {
    let (own, b) = (strides(of: shape), blockSize)
    let order = blockComesFirst ? [0, 2, 3, 1, 4, 5] : [0, 1, 2, 3, 4, 5]
    let all = [own[0], own[1], own[2], own[3], b * own[2], b * own[3]]
    let extents = [shape[0], shape[1], b, b, shape[2] / b, shape[3] / b]
    return StridedPlan(strides: order.map { all[$0] }, shape: order.map { extents[$0] })
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try infer(inputs.known)[0].shape
    return [inputs[0]!.taking(plan(inputs[0]!.shape)).reshaped(shape)]
  }
}

extension SpaceToDepth {
  /// `Y.C = block x block x C` (DCR) or `C x block x block` (CRD), the block frozen.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze(x.dropFirst(2), .spatial)
    let block = map.frozen(blockSize * blockSize, "square of a SpaceToDepth")
    map.outputAxes = [
      [x[0], map.product(blockComesFirst ? [block, x[1]] : [x[1], block])] + map.positions(from: 2)
    ]
  }
}
