extension Expansion {
  /// Products of bytes that give bytes: exact sums, one factor, rounding.
  static let quantisedProducts: [String: Expansion] = [
    "QLinearMatMul": .execution(matrixProduct),
    "QLinearConv": .execution(convolution),
    "com.microsoft.QLinearConv": .execution(convolution),
    "com.microsoft.QGemm": .execution(gemm),
  ]

  private static func matrixProduct(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseList(1, "the left operand's scale")
    try builder.refuseList(2, "the left operand's zero point")
    let sums = try builder.integerMatrixProduct(0, zero: 2, 3, zero: 5)
    let scale = builder.add("Mul", [try builder.operand(1), try builder.operand(4)])
    try builder.giveQuantised(sums, scale: scale, resultScale: 6, zero: 7)
  }

  private static func convolution(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let axes = try builder.shape(3, "the weight").count - 1
    var sums = try builder.integerConvolution(0, zero: 2, 3, zero: 5)
    let places = Array(1..<max(axes, 2))
    if let bias = builder.input(8) {
      sums = builder.add("Add", [sums, builder.unsqueeze(bias, places)])
    }
    var scale = builder.add("Mul", [try builder.operand(1), try builder.operand(4)])
    if let shape = builder.known(4)?.shape, shape.reduce(1, *) > 1 {
      scale = builder.unsqueeze(scale, places)
    }
    try builder.giveQuantised(sums, scale: scale, resultScale: 6, zero: 7)
  }

  /// Inputs a, its scale and zero point, b, its, c of int32, and the result's scale and zero point; without the
  /// last two the result is floating-point.
  private static func gemm(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseFlag("transA")
    let turns = try builder.context.boolean("transB", default: false)
    let a = try builder.centred(0, zero: 2, axes: [1])
    var b = try builder.centred(3, zero: 5, axes: turns ? [1] : [])
    let shape = try builder.shape(3, "the right operand")
    guard shape.count == 2 else { throw GraphError(.badShape, "takes matrices, not \(shape)") }
    if turns {
      b.value = builder.transpose(b.value, [1, 0])
      b.constant = b.constant.map { $0.turned() }
    }
    var sums = try builder.exactProduct(
      left: a.bound, right: b, terms: shape[turns ? 1 : 0], sums: { $0.largestColumnSum() }
    ) { builder, digit, isFirst in builder.add("MatMul", [a.value, digit], isNamesake: isFirst) }
    sums = builder.sum(sums, builder.input(6))
    let alpha = Double(try builder.context.float("alpha", default: 1))
    let scale = builder.scaled(
      builder.add("Mul", [try builder.operand(1), try builder.operand(4)]), by: alpha, .float32)
    if builder.input(7) == nil {
      builder.give(builder.add("Mul", [builder.cast(sums, to: .float32), scale]))
    } else {
      try builder.giveQuantised(sums, scale: scale, resultScale: 7, zero: 8)
    }
  }
}

extension ExpansionBuilder {
  /// - Throws: `GraphError` with code `.unsupportedVariant` for an input of more than one number.
  func refuseList(_ index: Int, _ name: String) throws(GraphError) {
    if let shape = known(index)?.shape, shape.reduce(1, *) != 1 {
      throw unsupported("several numbers as \(name)")
    }
  }

  /// Gives the first output `round(sums * scale / result scale) + zero`, with one rounding of the factor's, as
  /// onnxruntime has it.
  fileprivate mutating func giveQuantised(
    _ sums: Graph.ValueID, scale: Graph.ValueID, resultScale: Int, zero: Int
  ) throws(GraphError) {
    try refuseList(resultScale, "the result's scale")
    try refuseList(zero, "the result's zero point")
    let factor = add("Div", [scale, try operand(resultScale)])
    let numbers = add("Mul", [cast(sums, to: .float32), factor])
    let point = reshape(try operand(zero), [])
    give(add("QuantizeLinear", [numbers, scalar(1, .float32), point]))
  }
}

extension Tensor {
  /// A matrix with its axes exchanged.
  fileprivate func turned() -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    return gathering(
      (0..<count).map { $0 % rows * columns + $0 / rows }, shape: [columns, rows])
  }
}
