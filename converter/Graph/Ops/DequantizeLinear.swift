/// `y = (x - zero point) * scale`, from integers to the scale's type or `output_dtype`.
public struct DequantizeLinear: Operator {
  package let attributes: QuantizationAttributes

  public init(_ node: NodeContext) throws(GraphError) {
    attributes = try QuantizationAttributes(node)
    if let type = attributes.outputType, !type.isFloatingPoint {
      throw GraphError(.badAttribute, "output_dtype is \(type) but must be a floating-point type")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try attributes.check(inputs)
    try ElementFamily.integer.check(inputs, at: 0)
    try ElementFamily.checkSame(inputs, at: [0, 2])
    return [TensorType(attributes.outputType ?? inputs[1]!.elementType, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let grid = try attributes.grid(input.shape, inputs[1]!.shape)
    let scales = inputs[1]!.doubles
    let offsets =
      (inputs.count > 2 ? inputs[2]?.doubles : nil)
      ?? [Double](repeating: 0, count: scales.count)
    let values = input.doubles.enumerated().map { index, value in
      let position = grid.scalePosition(of: index)
      return (value - offsets[position]) * scales[position]
    }
    return [
      Tensor(
        elementType: attributes.outputType ?? inputs[1]!.elementType, shape: input.shape,
        doubles: values)
    ]
  }
}

extension DequantizeLinear {
  public func mapChannels(_ map: inout ChannelMap) { attributes.mapChannels(&map) }
}
