extension Expansion {
  /// Normalisations of the last axis, behind a sum or by the root of the mean square.
  static let skipNormalisations: [String: Expansion] = [
    "com.microsoft.LayerNormalization": .always(renamed),
    "com.microsoft.SkipLayerNormalization": .always { builder throws(GraphError) in
      let sum = try builder.skipSum(bias: 4)
      let epsilon = try builder.context.float("epsilon", default: 1e-12)
      builder.give(
        try builder.layerNormalisation(sum, try builder.operand(2), builder.input(3), epsilon))
    },
    "com.microsoft.SkipSimplifiedLayerNormalization": .always { builder throws(GraphError) in
      let sum = try builder.skipSum(bias: 3)
      let epsilon = try builder.context.float("epsilon", default: 1e-12)
      builder.give(try builder.rootMeanSquare(sum, try builder.operand(2), axis: -1, epsilon))
    },
    // onnxruntime writes it into ONNX's own domain.
    "SimplifiedLayerNormalization": .always(simplified),
    "com.microsoft.SimplifiedLayerNormalization": .always(simplified),
  ]

  /// The operator of ONNX's that has the same name and meaning.
  static func renamed(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let outputs = builder.add(
      builder.node.operation, builder.node.inputs, builder.node.attributes,
      outputs: builder.node.outputs.count, isNamesake: true)
    for (index, output) in outputs.enumerated() { builder.give(output, to: index) }
  }

  private static func simplified(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseOutput(1, "inv_std_var")
    builder.give(
      try builder.rootMeanSquare(
        try builder.operand(0), try builder.operand(1),
        axis: try builder.context.integer("axis", default: -1),
        try builder.context.float("epsilon", default: 1e-5)))
  }
}

extension ExpansionBuilder {
  /// The first two inputs and a bias added up, which is also the fourth output.
  fileprivate mutating func skipSum(bias: Int) throws(GraphError) -> Graph.ValueID {
    try refuseOutput(1, "mean")
    try refuseOutput(2, "inv_std_var")
    // What only types tell must fail before something is given away.
    if !has(opset: node.operation == "SkipLayerNormalization" ? 17 : 23) {
      try leaveUntilUseIsKnown(unlessOpset: 17)
      _ = try floatType(0, 1, 2)
    }
    let total = sum(
      add("Add", [try operand(0), try operand(1)]), input(bias))
    if isWanted(3) {
      give(total, to: 3)
      return node.outputs[3]!
    }
    return total
  }

  /// Layer normalisation over the last axis.
  fileprivate mutating func layerNormalisation(
    _ x: Graph.ValueID, _ scale: Graph.ValueID, _ bias: Graph.ValueID?, _ epsilon: Float
  ) throws(GraphError) -> Graph.ValueID {
    if has(opset: 17) {
      return add(
        "LayerNormalization", [x, scale] + (bias.map { [$0] } ?? []),
        ["axis": .integer(-1), "epsilon": .float(epsilon)], isNamesake: true)
    }
    try leaveUntilUseIsKnown(unlessOpset: 17)
    let centred = add("Sub", [x, mean(x, [-1])])
    let variance = mean(add("Mul", [centred, centred]), [-1])
    let deviation = add(
      "Sqrt", [add("Add", [variance, scalar(Double(epsilon), try floatType(0, 1, 2))])])
    let normal = add("Div", [centred, deviation])
    return sum(add("Mul", [normal, scale], isNamesake: true), bias)
  }

  /// Division by the root of the mean square of the axes from one on.
  fileprivate mutating func rootMeanSquare(
    _ x: Graph.ValueID, _ scale: Graph.ValueID, axis: Int, _ epsilon: Float
  ) throws(GraphError) -> Graph.ValueID {
    if has(opset: 23) {
      return add(
        "RMSNormalization", [x, scale],
        ["axis": .integer(Int64(axis)), "epsilon": .float(epsilon)], isNamesake: true)
    }
    try leaveUntilUseIsKnown(unlessOpset: 23)
    guard let rank = known(0)?.rank else {
      throw GraphError(.symbolicShape, "the number of axes of the input is not known")
    }
    let axes = Array(try normalise(axis: axis, rank: rank)..<rank)
    let square = mean(add("Mul", [x, x]), axes)
    let root = add(
      "Sqrt", [add("Add", [square, scalar(Double(epsilon), try floatType(0, 1, 2))])])
    return add("Mul", [add("Div", [x, root]), scale], isNamesake: true)
  }
}
