/// The same bits as numbers of another element type of the same width.
public struct BitCast: Operator {
  public let elementType: ElementType

  public init(_ node: NodeContext) throws(GraphError) {
    elementType = try ElementType(castTargetOf: node)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.numberOrBoolean.check(inputs)
    let own = inputs[0]!.elementType
    guard own.byteCount == elementType.byteCount else {
      throw GraphError(
        .badType,
        "the bits of \(own) are no \(elementType): \(own.byteCount) bytes, not \(elementType.byteCount)"
      )
    }
    return [TensorType(elementType, inputs[0]!.shape)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [Tensor(elementType: elementType, shape: inputs[0]!.shape, bits: inputs[0]!.bits)]
  }
}

extension Tensor {
  /// Each element's bits, in as many of the low ones as its type has.
  fileprivate var bits: [UInt64] {
    switch elementType {
    case .float32: floats.map { UInt64($0.bitPattern) }
    case .float64: doubles.map(\.bitPattern)
    case .float16: floats.map { UInt64(Float16($0).bitPattern) }
    case .bfloat16: floats.map { UInt64($0.bitPattern >> 16) }
    default: integers.map { UInt64(bitPattern: $0) }
    }
  }

  /// - Precondition: the element type is not text.
  fileprivate init(elementType: ElementType, shape: [Int], bits: [UInt64]) {
    func floats(_ number: (UInt64) -> Float) -> Tensor {
      Tensor(elementType: elementType, shape: shape, storage: .float(bits.map(number)))
    }
    switch elementType {
    case .float32: self = floats { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    case .float64:
      self.init(
        elementType: elementType, shape: shape,
        storage: .double(bits.map { Double(bitPattern: $0) }))
    case .float16: self = floats { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) }
    case .bfloat16: self = floats { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) }
    default:
      self.init(
        elementType: elementType, shape: shape, integers: bits.map { Int64(bitPattern: $0) })
    }
  }
}
