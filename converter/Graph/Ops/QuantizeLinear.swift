/// `y = saturate(round(x / scale) + zero point)`, ties to even, to a small integer type.
///
/// The quotient is rounded to the scale's type, or to `precision`, before it is rounded to an integer.
public struct QuantizeLinear: Operator {
  package let attributes: QuantizationAttributes
  let precision: ElementType?

  public init(_ node: NodeContext) throws(GraphError) {
    attributes = try QuantizationAttributes(node)
    precision = try elementType(node, "precision")
    if let precision, !precision.isFloatingPoint {
      throw GraphError(.badAttribute, "precision is \(precision) but must be a floating-point type")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try attributes.check(inputs)
    try ElementFamily.number.check(inputs, at: 0)
    let zeroPoint = inputs.count > 2 ? inputs[2]?.elementType : nil
    let type = outputType(zeroPoint)
    guard zeroPoint == nil || zeroPoint == type else {
      throw GraphError(.badType, "the zero point is \(zeroPoint!) but output_dtype is \(type)")
    }
    guard [.uint8, .int8, .uint16, .int16].contains(type) else {
      throw GraphError(.badType, "cannot quantise to \(type)")
    }
    return [TensorType(type, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let zeroPoint = inputs.count > 2 ? inputs[2] : nil
    let type = outputType(zeroPoint?.elementType)
    let grid = try attributes.grid(input.shape, inputs[1]!.shape)
    let scales = inputs[1]!.doubles
    let offsets = zeroPoint?.doubles ?? [Double](repeating: 0, count: scales.count)
    let positions = (0..<input.count).map(grid.scalePosition)
    let quotients = Tensor(
      elementType: precision ?? inputs[1]!.elementType, shape: input.shape,
      doubles: zip(input.doubles, positions).map { $0 / scales[$1] })
    let range = type.integerRange
    let values = zip(quotients.doubles, positions).map { quotient, position in
      clamp(
        Int64(saturating: quotient.rounded(.toNearestOrEven) + offsets[position]),
        range.lowerBound, range.upperBound)
    }
    return [Tensor(elementType: type, shape: input.shape, integers: values)]
  }

  private func outputType(_ zeroPoint: ElementType?) -> ElementType {
    attributes.outputType ?? zeroPoint ?? .uint8
  }
}

extension QuantizeLinear {
  public func mapChannels(_ map: inout ChannelMap) { attributes.mapChannels(&map) }
}
