/// The input unchanged, and a mask that is true throughout: dropout acts in training only.
///
/// A node in training mode is refused unless its ratio is 0.
public struct Dropout: Operator {
  /// The mask was of the input's type before opset 10.
  let maskIsBoolean: Bool
  let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    maskIsBoolean = node.opset >= 10
    outputCount = min(node.outputCount, 2)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, 3, inputs)
    try ElementFamily.floatingPoint.check(inputs, at: 0)
    try ElementFamily.floatingPoint.check(inputs, at: 1)
    try ElementFamily.boolean.check(inputs, at: 2)
    for scalar in inputs.dropFirst() {
      guard let scalar, scalar.type.count != 1 else { continue }
      throw GraphError(
        .badShape, "ratio or mode has the shape \(scalar.shape) but must be a scalar")
    }
    if inputs.count > 2, let mode = inputs[2]?.constant {
      // Without a constant ratio `evaluate` decides.
      if inputs[1] == nil || inputs[1]!.constant != nil {
        try refuseTraining(mode, inputs[1]?.constant)
      }
    }
    let type = inputs[0]!.type
    let mask = TensorType(maskIsBoolean ? .bool : type.elementType, type.shape)
    return Array([type, mask][..<outputCount])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    if inputs.count > 2, let mode = inputs[2] { try refuseTraining(mode, inputs[1]) }
    let mask = Tensor(
      elementType: maskIsBoolean ? .bool : input.elementType, shape: input.shape,
      integers: [Int64](repeating: 1, count: input.count))
    return Array([input, mask][..<outputCount])
  }

  private func refuseTraining(_ mode: Tensor, _ ratio: Tensor?) throws(GraphError) {
    guard mode.booleans[0], (ratio?.doubles[0] ?? 0.5) != 0 else { return }
    throw GraphError(
      .unsupportedVariant, "is in training mode; export the model for inference")
  }
}

extension Dropout {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
