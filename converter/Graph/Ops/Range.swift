/// The numbers from a start on, a distance apart, up to but without a limit.
///
/// Not called `Range`, which would hide Swift's own.
public struct ArithmeticRange: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try ElementFamily.number.check(inputs)
    try ElementFamily.checkSame(inputs)
    var bounds: [Tensor] = []
    for (input, name) in zip(inputs, ["start", "limit", "delta"]) {
      guard input!.type.count == 1 else {
        throw GraphError(.badShape, "the \(name) is \(input!.type) but must be a scalar")
      }
      guard let constant = input!.constant else {
        throw GraphError(.needsConstant, "the \(name) must be constant")
      }
      bounds.append(constant)
    }
    let count =
      bounds[0].elementType.isFloatingPoint
      ? try Self.count(bounds.map { $0.doubles[0] }) : try Self.count(bounds.map { $0.integers[0] })
    return [try TensorType(bounds[0].elementType, [count]).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let type = try infer(inputs.known)[0]
    if type.elementType.isFloatingPoint {
      let (start, delta) = (inputs[0]!.doubles[0], inputs[2]!.doubles[0])
      let values = (0..<type.count).map { start + Double($0) * delta }
      return [Tensor(elementType: type.elementType, shape: type.shape, doubles: values)]
    }
    let (start, delta) = (inputs[0]!.integers[0], inputs[2]!.integers[0])
    let values = (0..<type.count).map { start &+ Int64($0) &* delta }
    return [Tensor(elementType: type.elementType, shape: type.shape, integers: values)]
  }

  private static func count(_ bounds: [Double]) throws(GraphError) -> Int {
    let count = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
    guard bounds[2] != 0, count <= Double(TensorType.maximumCount) else { throw endless(bounds) }
    return Int(max(0, count))
  }

  private static func count(_ bounds: [Int64]) throws(GraphError) -> Int {
    let (span, overflow) = bounds[1].subtractingReportingOverflow(bounds[0])
    guard bounds[2] != 0, !overflow else { throw endless(bounds) }
    guard span != 0, (span > 0) == (bounds[2] > 0) else { return 0 }
    let count = (span.magnitude - 1) / bounds[2].magnitude + 1
    guard count <= TensorType.maximumCount else { throw endless(bounds) }
    return Int(count)
  }

  private static func endless<Number>(_ bounds: [Number]) -> GraphError {
    GraphError(
      .shapeTooLarge, "from \(bounds[0]) to \(bounds[1]) by \(bounds[2]) there is no end in sight")
  }
}
