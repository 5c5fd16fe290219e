/// The same elements under another shape, in which -1 stands for what remains and 0 for the old extent.
public struct Reshape: Operator {
  /// Whether an extent of 0 means 0, not the extent of the input's axis.
  public let allowsZero: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    allowsZero = node.opset >= 14 ? try node.boolean("allowzero", default: false) : false
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    let type = inputs[0]!.type
    let target = try inputs.integers(at: 1, "shape")!
    return [try TensorType(type.elementType, shape(target, of: type)).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.reshaped(try infer(inputs.known)[0].shape)]
  }

  private func shape(_ target: [Int], of type: TensorType) throws(GraphError) -> [Int] {
    var shape = target
    if !allowsZero {
      for axis in shape.indices where shape[axis] == 0 {
        guard axis < type.rank else {
          throw GraphError(.badShape, "shape \(target) copies axis \(axis) of \(type)")
        }
        shape[axis] = type.shape[axis]
      }
    }
    let open = shape.indices.filter { shape[$0] == -1 }
    guard open.count <= 1, shape.allSatisfy({ $0 >= -1 }) else {
      throw GraphError(.badShape, "shape \(target) has a negative extent other than one -1")
    }
    if let axis = open.first {
      let known = try checkedProduct(shape.indices.filter { $0 != axis }.map { shape[$0] })
      guard known > 0, type.count.isMultiple(of: known) else {
        throw GraphError(.badShape, "\(type) cannot take the shape \(target)")
      }
      shape[axis] = type.count / known
    }
    guard try checkedProduct(shape) == type.count else {
      throw GraphError(.badShape, "\(type) cannot take the shape \(target)")
    }
    return shape
  }
}

extension Reshape {
  public func mapChannels(_ map: inout ChannelMap) {
    let y = map.reshaped(map.axes(0), to: map.outputs[0].shape)
    map.rewrite(.target(y.map { Extent($0) }))
    map.outputAxes = [y]
  }
}
