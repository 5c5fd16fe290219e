/// The axes of an operator that takes them as an attribute before opset 13 and as an input after.
struct AxesArgument: Sendable {
  private let attribute: [Int]?
  let isInput: Bool

  init(_ node: NodeContext) throws(GraphError) {
    isInput = node.opset >= 13
    attribute = isInput ? nil : try node.integers("axes")
  }

  var inputLimit: Int { isInput ? 2 : 1 }

  /// The axes; `nil` where the file gives none.
  func values(_ inputs: [OperatorInput?]) throws(GraphError) -> [Int]? {
    isInput ? try inputs.integers(at: 1, "axes") : attribute
  }

  func areGiven(_ inputs: [OperatorInput?]) -> Bool {
    isInput ? inputs.count > 1 && inputs[1] != nil : attribute != nil
  }
}

/// Removes axes of extent 1: those named, or all.
public struct Squeeze: Operator {
  private let axes: AxesArgument

  public init(_ node: NodeContext) throws(GraphError) { axes = try AxesArgument(node) }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, axes.inputLimit, inputs)
    let type = inputs[0]!.type
    guard let named = try axes.values(inputs) else {
      return [TensorType(type.elementType, type.shape.filter { $0 != 1 })]
    }
    let removed = try normalise(axes: named, rank: type.rank)
    for axis in removed where type.shape[axis] != 1 {
      throw GraphError(.badShape, "axis \(axis) of \(type) does not have the extent 1")
    }
    let kept = type.shape.indices.filter { !removed.contains($0) }
    return [TensorType(type.elementType, kept.map { type.shape[$0] })]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.reshaped(try infer(inputs.known)[0].shape)]
  }
}

extension Squeeze {
  public func mapChannels(_ map: inout ChannelMap) {
    map.outputAxes = [map.reshaped(map.axes(0), to: map.outputs[0].shape)]
    guard !axes.areGiven(map.inputs) else { return }
    // Without names an axis of which one channel is left would go as well.
    let ones = map.shape(0).indices.filter { map.shape(0)[$0] == 1 }.map { Extent(fixed: $0) }
    // An empty list of axes means none to some runtimes, and all of extent 1 to others.
    map.rewrite(ones.isEmpty ? .identity : axes.isInput ? .vector(1, ones) : .list("axes", ones))
  }
}
