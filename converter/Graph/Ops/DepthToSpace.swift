/// Moves blocks of channels into squares of pixels.
public struct DepthToSpace: Operator {
  /// Edge of a square, in pixels.
  public let blockSize: Int
  /// Whether the channel axis holds [block, channel] (DCR) rather than [channel, block] (CRD).
  public let blockComesFirst: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    blockSize = try requiredBlockSize(node)
    blockComesFirst = try blocksComeFirst(node, since: 11)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    let type = inputs[0]!.type
    let square = try checkedProduct([blockSize, blockSize])
    guard type.rank == 4, type.shape[1].isMultiple(of: square) else {
      throw GraphError(.badShape, "\(type) has no \(square) blocks of channels")
    }
    let shape = [
      type.shape[0], type.shape[1] / square, try checkedProduct([type.shape[2], blockSize]),
      try checkedProduct([type.shape[3], blockSize]),
    ]
    return [try TensorType(type.elementType, shape).checked()]
  }

  /// Where each element of `[images, channels, rows, block, columns, block]` stands in the input.
  package func plan(_ shape: [Int]) -> StridedPlan {
    let (own, b) = (strides(of: shape), blockSize)
    let channels = shape[1] / (b * b)
    let (channel, block) = blockComesFirst ? (own[1], channels * own[1]) : (b * b * own[1], own[1])
    return StridedPlan(
      strides: [own[0], channel, own[2], b * block, own[3], block],
      shape: [shape[0], channels, shape[2], b, shape[3], b])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let shape = try infer(inputs.known)[0].shape
    return [inputs[0]!.taking(plan(inputs[0]!.shape)).reshaped(shape)]
  }
}

/// Whether a node's mode is DCR, the default and the only one before an opset, rather than CRD.
func blocksComeFirst(_ node: NodeContext, since opset: Int) throws(GraphError) -> Bool {
  guard node.opset >= opset else { return true }
  let mode = try node.string("mode", default: "DCR")
  guard mode == "DCR" || mode == "CRD" else {
    throw GraphError(.badAttribute, "mode \"\(mode)\" is neither DCR nor CRD")
  }
  return mode == "DCR"
}

/// The block size of a node.
func requiredBlockSize(_ node: NodeContext) throws(GraphError) -> Int {
  guard let size = try node.integer("blocksize"), size >= 1 else {
    throw GraphError(.badAttribute, "attribute \"blocksize\" must be given and at least 1")
  }
  return size
}

extension DepthToSpace {
  /// `X.C = C x block x block` (CRD) or `block x block x C` (DCR), the block frozen.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze(x.dropFirst(2), .spatial)
    let channels = map.fresh(map.outputs[0].shape[1])
    let block = map.frozen(blockSize * blockSize, "square of a DepthToSpace")
    map.relate(x[1], map.product(blockComesFirst ? [block, channels] : [channels, block]))
    map.outputAxes = [[x[0], channels] + map.positions(from: 2)]
  }
}
