extension Graph {
  /// The values that count as parameters: floating-point initializers that some node reads.
  ///
  /// As training frameworks count them: without the running statistics of batch normalisation, and
  /// without scalars, which are constants of formulas.
  public func parameters() -> [ValueID] {
    var readers = Set<ValueID>()
    for node in nodes {
      let limit = node.operation == OperatorKind.batchNormalization.rawValue ? 3 : node.inputs.count
      for case let input? in node.inputs.prefix(limit) { readers.insert(input) }
      readers.formUnion(node.captures)
    }
    return values.indices.filter { id in
      guard let constant = values[id].constant else { return false }
      return constant.elementType.isFloatingPoint && constant.rank > 0 && readers.contains(id)
    }
  }

  /// Number of elements of all `parameters()`.
  public var parameterCount: Int {
    parameters().reduce(0) { $0 + values[$1].constant!.count }
  }
}
