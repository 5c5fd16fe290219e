/// Checks of operators' input types, with one wording for all.
enum Operands {
  /// Every present input is floating-point, and of the first one's type.
  static func floatingPoint(_ inputs: ArraySlice<OperatorInput?>) throws(GraphError) {
    guard let type = inputs.first??.elementType, type.isFloatingPoint else {
      throw GraphError(
        .badType,
        "takes floating-point tensors, not \(inputs.first??.type.description ?? "nothing")")
    }
    try same(inputs)
  }

  static func floatingPoint(_ inputs: [OperatorInput?]) throws(GraphError) {
    try floatingPoint(inputs[...])
  }

  /// Every present input has the first one's element type.
  static func same(_ inputs: ArraySlice<OperatorInput?>) throws(GraphError) {
    let types = inputs.compactMap { $0?.elementType }
    guard let first = types.first, types.allSatisfy({ $0 == first }) else {
      throw GraphError(.badType, "inputs must share one element type but have \(types)")
    }
  }

  /// A present input has exactly this shape.
  static func shape(
    _ input: OperatorInput?, _ shape: [Int], _ name: String
  ) throws(GraphError) {
    guard let input, input.shape != shape else { return }
    throw GraphError(.badShape, "\(name) must have shape \(shape) but has \(input.shape)")
  }
}

/// The number of elements of a shape whose size is known to be bounded.
func elementCount(_ shape: some Collection<Int>) -> Int { shape.reduce(1, *) }
