extension Expansion {
  /// Products of bytes that give int32.
  static let integerProducts: [String: Expansion] = [
    "MatMulInteger": .execution { builder throws(GraphError) in
      builder.give(try builder.integerMatrixProduct(0, zero: 2, 1, zero: 3))
    },
    "ConvInteger": .execution { builder throws(GraphError) in
      builder.give(try builder.integerConvolution(0, zero: 2, 1, zero: 3))
    },
  ]
}

extension ExpansionBuilder {
  /// The product of two inputs of bytes as int32; a zero point of several numbers has one for each row of the
  /// left, or for each column of the right operand.
  mutating func integerMatrixProduct(
    _ left: Int, zero leftZero: Int, _ right: Int, zero rightZero: Int
  ) throws(GraphError) -> Graph.ValueID {
    let a = try centred(left, zero: leftZero) { builder, zero in builder.unsqueeze(zero, [1]) }
    var b = try centred(right, zero: rightZero) { _, zero in zero }
    let inner = try shape(right, "the right operand")
    // Columns have zero points of their own: known as nodes, so here by what they are at most.
    if b.constant == nil, let constant = known(right)?.constant,
      let zeros = known(rightZero)?.constant, zeros.rank == 1
    {
      let offsets = zeros.cast(to: .float32).broadcasting(to: constant.shape).floats
      b.constant = Tensor(zip(constant.floats, offsets).map { $0 - $1 }, shape: constant.shape)
    }
    return try exactProduct(
      left: a.bound, right: b, terms: inner.count < 2 ? inner.first ?? 1 : inner[inner.count - 2],
      sums: { $0.largestColumnSum() }
    ) { builder, digit, isFirst in builder.add("MatMul", [a.value, digit], isNamesake: isFirst) }
  }

  /// The convolution of two inputs of bytes as int32; a zero point of several numbers has one for each filter.
  mutating func integerConvolution(
    _ x: Int, zero: Int, _ weight: Int, zero weightZero: Int
  ) throws(GraphError) -> Graph.ValueID {
    guard known(zero)?.shape.map({ $0.reduce(1, *) == 1 }) ?? true else {
      throw unsupported("several zero points of the input")
    }
    try refuseFlag("channels_last")
    let shape = try shape(weight, "the weight")
    let places = Array(1..<max(shape.count, 2))
    let image = try centred(x, zero: zero) { _, zero in zero }
    let filters = try centred(weight, zero: weightZero) { builder, zero in
      builder.unsqueeze(zero, places)
    }
    let attributes = attributes { $0 != "channels_last" }
    return try exactProduct(
      left: image.bound, right: filters, terms: shape.dropFirst().reduce(1, *),
      sums: { $0.largestRowSum() }
    ) { builder, digit, isFirst in
      builder.add("Conv", [image.value, digit], attributes, isNamesake: isFirst)
    }
  }
}
