extension Expansion {
  /// Bytes whose scale and zero point follow the numbers, and products of such bytes.
  static let dynamicQuantisation: [String: Expansion] = [
    "DynamicQuantizeLinear": .execution(quantisation),
    "com.microsoft.DynamicQuantizeMatMul": .execution { builder throws(GraphError) in
      // Its parts are replaced in turn.
      let bytes = builder.add("DynamicQuantizeLinear", [try builder.operand(0)], outputs: 3)
      let sums = builder.add(
        "MatMulInteger", [bytes[0], try builder.operand(1), bytes[2], builder.input(3)],
        isNamesake: true)
      let scale = builder.add("Mul", [bytes[1], try builder.operand(2)])
      let product = builder.add("Mul", [builder.cast(sums, to: .float32), scale])
      builder.give(builder.sum(product, builder.input(4)))
    },
    "com.microsoft.MatMulIntegerToFloat": .execution { builder throws(GraphError) in
      let sums = try builder.integerMatrixProduct(0, zero: 4, 1, zero: 5)
      let scale = builder.add("Mul", [try builder.operand(2), try builder.operand(3)])
      let product = builder.add("Mul", [builder.cast(sums, to: .float32), scale])
      builder.give(builder.sum(product, builder.input(6)))
    },
  ]

  /// Outputs: bytes, `scale = (max - min) / 255`, and the zero point, for a range that holds 0.
  private static func quantisation(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let zero = builder.scalar(0, .float32)
    func bound(_ reduction: String, _ join: String, _ builder: inout ExpansionBuilder)
      -> Graph.ValueID
    {
      let extreme = builder.add(reduction, [x], ["keepdims": .integer(0)])
      return builder.add(join, [extreme, zero])
    }
    let (greatest, least) = (
      bound("ReduceMax", "Max", &builder), bound("ReduceMin", "Min", &builder)
    )
    let range = builder.add("Sub", [greatest, least])
    let isEmpty = builder.add("Equal", [range, zero])
    let scale = builder.add(
      "Where",
      [
        isEmpty, builder.scalar(1, .float32),
        builder.add("Div", [range, builder.scalar(255, .float32)]),
      ])
    let middle = builder.add("Sub", [zero, builder.add("Div", [least, scale])])
    let point = builder.cast(
      builder.add("Round", [builder.clip(middle, 0, 255, .float32)]), to: .uint8)
    let bytes = builder.add("QuantizeLinear", [x, scale, point], isNamesake: true)
    for (output, value) in [bytes, scale, point].enumerated() { builder.give(value, to: output) }
  }
}
