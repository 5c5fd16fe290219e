/// How much constant folding may produce; what goes beyond stays a node.
public struct FoldingLimits: Sendable {
  /// Bytes of one result, unless the constants it is made from are larger.
  public var bytesPerResult: Int
  /// Bytes of all results together, beyond four times the initializers.
  public var bytesInTotal: Int
  /// Multiply-accumulate operations of one node.
  public var multiplyAccumulates: Int

  public init(bytesPerResult: Int, bytesInTotal: Int, multiplyAccumulates: Int) {
    self.bytesPerResult = bytesPerResult
    self.bytesInTotal = bytesInTotal
    self.multiplyAccumulates = multiplyAccumulates
  }

  public static let `default` = FoldingLimits(
    bytesPerResult: 64 << 20, bytesInTotal: 256 << 20, multiplyAccumulates: 1 << 28)
}

/// Evaluates nodes whose inputs are constant, within limits: a small file may ask for a large result.
struct Folding {
  private let limits: FoldingLimits
  private var bytesLeft: Int
  /// Constants in all but name: their computation went beyond the limits.
  private var unfolded: Set<Graph.ValueID> = []

  private let purpose: Specialised.Purpose

  init(limits: FoldingLimits, constants: [Tensor?], purpose: Specialised.Purpose) {
    self.purpose = purpose
    self.limits = limits
    bytesLeft = limits.bytesInTotal
    allow(constants)
  }

  /// Allows for results that are made from more initializers.
  mutating func allow(_ constants: [Tensor?]) {
    bytesLeft += 4 * constants.reduce(0) { $0 + ($1?.type.storedByteCount ?? 0) }
  }

  /// The node's outputs if they are constant and within the limits.
  mutating func fold(
    _ node: Graph.Node, _ operation: any Operator, _ inputs: [OperatorInput?],
    _ outputs: [TensorType]
  ) throws(GraphError) -> [Tensor]? {
    if let known = operation.valuesKnownFromTypes(inputs) { return known }
    if purpose == .rewriting, operation is DequantizeLinear || operation is QuantizeLinear {
      return nil
    }
    let isConstant = inputs.allSatisfy { $0 == nil || $0?.constant != nil }
    let isUnfolded = zip(node.inputs, inputs).allSatisfy { id, input in
      id == nil || input?.constant != nil || unfolded.contains(id!)
    }
    guard isConstant else {
      if isUnfolded { unfolded.formUnion(node.outputs.compactMap { $0 }) }
      return nil
    }
    let source = inputs.reduce(0) { $0 + ($1?.type.storedByteCount ?? 0) }
    let result = outputs.reduce(0) { $0 + $1.storedByteCount }
    let work = operation.multiplyAccumulates(inputs.map { $0?.type }, outputs)
    guard result <= max(limits.bytesPerResult, source), result <= bytesLeft,
      work <= limits.multiplyAccumulates
    else {
      unfolded.formUnion(node.outputs.compactMap { $0 })
      return nil
    }
    bytesLeft -= result
    return try operation.evaluate(inputs.map { $0?.constant })
  }

  /// The same error, or that the limits are its cause.
  func explain(_ error: GraphError, _ node: Graph.Node) -> GraphError {
    guard error.code == .needsConstant,
      node.inputs.contains(where: { $0.map(unfolded.contains) ?? false })
    else { return error }
    return GraphError(
      .foldingBudget,
      "\(error.message); it is constant, but computing it exceeds the folding limits of "
        + "\(limits.bytesPerResult >> 20) MiB a result and \(limits.bytesInTotal >> 20) MiB in total"
    )
  }
}

extension TensorType {
  /// Bytes that a `Tensor` of this type occupies in memory.
  package var storedByteCount: Int {
    switch elementType {
    case .float32, .float16, .bfloat16: count * 4
    case .bool, .uint8, .int8: count
    case .string: count * 16
    default: count * 8
    }
  }
}
