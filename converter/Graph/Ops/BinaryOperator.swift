/// An operator that joins the elements of two broadcast tensors of one type.
public protocol BinaryOperator: Operator {
  func apply(_ a: Double, _ b: Double) -> Double
  /// The function on integers: on `UInt64` for uint64, on `Int64` for every other integer type.
  /// - Throws: `GraphError` with code `.badInput` where it has no value.
  func apply<Whole: FixedWidthInteger>(_ a: Whole, _ b: Whole) throws(GraphError) -> Whole
}

extension BinaryOperator {
  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.number.check(inputs)
    try ElementFamily.checkSame(inputs)
    return [try broadcastType(inputs, inputs[0]!.elementType)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [try join(inputs[0]!, inputs[1]!, self)]
  }
}

/// The type of inputs broadcast together.
func broadcastType(
  _ inputs: [OperatorInput?], _ elementType: ElementType
) throws(GraphError) -> TensorType {
  try TensorType(elementType, broadcast(inputs.map { $0?.shape ?? [] })).checked()
}

/// A binary operator's value on two tensors of one numeric type whose shapes broadcast.
func join(_ a: Tensor, _ b: Tensor, _ function: some BinaryOperator) throws(GraphError) -> Tensor {
  let shape = try broadcast([a.shape, b.shape])
  let (a, b) = (a.broadcasting(to: shape), b.broadcasting(to: shape))
  if a.elementType.isFloatingPoint {
    let values = zip(a.doubles, b.doubles).map { function.apply($0, $1) }
    return Tensor(elementType: a.elementType, shape: shape, doubles: values)
  }
  var values: [Int64] = []
  values.reserveCapacity(shape.reduce(1, *))
  for (x, y) in zip(a.integers, b.integers) {
    if a.elementType == .uint64 {
      let value = try function.apply(UInt64(bitPattern: x), UInt64(bitPattern: y))
      values.append(Int64(bitPattern: value))
    } else {
      values.append(try function.apply(x, y))
    }
  }
  return Tensor(elementType: a.elementType, shape: shape, integers: values)
}

extension Tensor {
  /// The tensor stretched to a shape it broadcasts to.
  public func broadcasting(to shape: [Int]) -> Tensor {
    self.shape == shape
      ? self : gathering(broadcastPositions(from: self.shape, to: shape), shape: shape)
  }
}

extension BinaryOperator {
  public func mapChannels(_ map: inout ChannelMap) { map.broadcastAll() }
}
