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
    let a = try centred(left, zero: leftZero, axes: [1])
    let b = try centred(right, zero: rightZero, axes: [])
    let inner = try shape(right, "the right operand")
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
    let image = try centred(x, zero: zero, axes: [])
    let filters = try centred(weight, zero: weightZero, axes: Array(1..<max(shape.count, 2)))
    var attributes = attributes { $0 != "channels_last" }
    attributes[Conv.sumsIntegersName] = .integer(1)
    return try exactProduct(
      left: image.bound, right: filters, terms: shape.dropFirst().reduce(1, *),
      sums: { $0.largestRowSum() }
    ) { builder, digit, isFirst in
      builder.add("Conv", [image.value, digit], attributes, isNamesake: isFirst)
    }
  }
}
