/// Cuts a tensor along an axis into parts of given extents, or of equal ones.
public struct Split: Operator {
  /// The axis; may be negative.
  public let axis: Int
  /// Extents of the parts, where an attribute gives them (before opset 13).
  private let extents: [Int]?
  private let takesInput: Bool
  /// Whether the last of equal parts may be smaller (from opset 18 on).
  private let allowsRemainder: Bool
  private let partCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 0)
    takesInput = node.opset >= 13
    allowsRemainder = node.opset >= 18
    extents = takesInput ? nil : try node.integers("split")
    partCount = node.outputCount
    if allowsRemainder, let count = try node.integer("num_outputs"), count != partCount {
      throw GraphError(
        .badAttribute, "num_outputs is \(count) but the node has \(partCount) outputs")
    }
    guard partCount >= 1 else { throw GraphError(.badArity, "has no outputs") }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, takesInput ? 2 : 1, inputs)
    return try plan(inputs).map { TensorType(inputs[0]!.elementType, $0.shape) }
  }

  /// Where the elements of each part stand in the first input.
  package func plan(_ inputs: [OperatorInput?]) throws(GraphError) -> [StridedPlan] {
    let whole = inputs[0]!.shape
    let axis = try normalise(axis: axis, rank: whole.count)
    let given = takesInput ? try inputs.integers(at: 1, "split") : extents
    let own = strides(of: whole)
    var start = 0
    return try parts(given, of: whole[axis]).map { extent in
      defer { start += extent }
      var shape = whole
      shape[axis] = extent
      return StridedPlan(from: start * own[axis], strides: own, shape: shape)
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    try plan(inputs.known).map { inputs[0]!.taking($0) }
  }

  private func parts(_ given: [Int]?, of extent: Int) throws(GraphError) -> [Int] {
    if let given {
      guard given.count == partCount, given.allSatisfy({ $0 >= 0 }),
        try checkedSum(given) == extent
      else {
        throw GraphError(
          .badShape, "parts \(given) for \(partCount) outputs of an axis of extent \(extent)")
      }
      return given
    }
    guard allowsRemainder || extent.isMultiple(of: partCount) else {
      throw GraphError(.badShape, "an extent of \(extent) does not divide into \(partCount) parts")
    }
    let size = (extent + partCount - 1) / partCount
    let last = extent - size * (partCount - 1)
    guard last >= 0 else {
      throw GraphError(.badShape, "an extent of \(extent) is too small for \(partCount) parts")
    }
    return [Int](repeating: size, count: partCount - 1) + [last]
  }
}

extension Split {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let along = fromFront(axis, rank: x.count)
    let parts = map.parts(of: x[along], map.outputs.map { $0.shape[along] })
    let extents = parts.map { Extent($0) }
    map.rewrite(takesInput ? .vector(1, extents) : .list("split", extents))
    map.outputAxes = parts.map { part in
      var y = x
      y[along] = part
      return y
    }
  }
}
