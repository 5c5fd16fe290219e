/// Limits each element to a range; where the bounds cross, the upper one wins.
///
/// Bounds are attributes before opset 11 and optional scalar inputs since.
public struct Clip: Operator {
  /// Bounds given as attributes; nil where inputs give them.
  public let attributeBounds: (lower: Double, upper: Double)?

  public init(_ node: NodeContext) throws(GraphError) {
    if node.opset < 11 {
      attributeBounds = (
        Double(try node.float("min", default: -.greatestFiniteMagnitude)),
        Double(try node.float("max", default: .greatestFiniteMagnitude))
      )
    } else {
      attributeBounds = nil
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, attributeBounds == nil ? 3 : 1, inputs)
    let family: ElementFamily = attributeBounds == nil ? .number : .floatingPoint
    try family.check(inputs)
    try ElementFamily.checkSame(inputs)
    for bound in inputs.dropFirst() {
      guard let bound, bound.type.count != 1 || bound.rank > 1 else { continue }
      throw GraphError(.badShape, "a bound has the shape \(bound.shape) but must be a scalar")
    }
    return [inputs[0]!.type]
  }

  /// The bounds of real numbers, from attributes or from the second and third input.
  public func bounds(_ lower: Tensor?, _ upper: Tensor?) -> (lower: Double, upper: Double) {
    attributeBounds ?? (lower?.doubles[0] ?? -.infinity, upper?.doubles[0] ?? .infinity)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let lower = inputs.count > 1 ? inputs[1] : nil
    let upper = inputs.count > 2 ? inputs[2] : nil
    if input.elementType == .uint64 {
      let low = lower.map { UInt64(bitPattern: $0.integers[0]) } ?? .min
      let high = upper.map { UInt64(bitPattern: $0.integers[0]) } ?? .max
      return [
        input.mapping(
          { $0 },
          integers: { Int64(bitPattern: clamp(UInt64(bitPattern: $0), low, high)) })
      ]
    }
    let (low, high) = bounds(lower, upper)
    let (least, most) = (lower?.integers[0] ?? .min, upper?.integers[0] ?? .max)
    return [
      input.mapping({ clamp($0, low, high) }, integers: { clamp($0, least, most) })
    ]
  }
}

extension Clip {
  public func mapChannels(_ map: inout ChannelMap) { map.passThrough() }
}
