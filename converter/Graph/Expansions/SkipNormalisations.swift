extension Expansion {
  /// Normalisations of the last axis, behind a sum or by the root of the mean square.
  static let skipNormalisations: [String: Expansion] = [
    "com.microsoft.SkipLayerNormalization": .always { builder throws(GraphError) in
      let sum = try builder.skipSum(bias: 4)
      let epsilon = try builder.context.float("epsilon", default: 1e-12)
      builder.give(
        try builder.layerNormalisation(sum, try builder.operand(2), builder.input(3), epsilon))
    },
    "com.microsoft.EmbedLayerNormalization": .always(embedding),
    "com.microsoft.SkipSimplifiedLayerNormalization": .always { builder throws(GraphError) in
      let sum = try builder.skipSum(bias: 3)
      let epsilon = try builder.context.float("epsilon", default: 1e-12)
      builder.give(try builder.rootMeanSquare(sum, try builder.operand(2), axis: -1, epsilon))
    },
    // onnxruntime writes it into ONNX's own domain.
    "SimplifiedLayerNormalization": .always(simplified),
  ]

  /// The operator of ONNX's that has the same name and meaning.
  static func renamed(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let outputs = builder.add(
      builder.node.operation, builder.node.inputs, builder.node.attributes,
      outputs: builder.node.outputs.count, isNamesake: true)
    for (index, output) in outputs.enumerated() { builder.give(output, to: index) }
  }

  /// The normalised sum of the rows of up to three tables; inputs are the tokens, their segments, the tables of
  /// tokens, positions and segments, scale, bias, mask and positions.
  private static func embedding(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let tokens = try builder.operand(0)
    var sum = builder.add("Gather", [try builder.operand(2), tokens])
    var positions = builder.input(8)
    if positions == nil {
      let count = builder.add("Gather", [builder.add("Shape", [tokens]), builder.integer(1)])
      positions = builder.add("Range", [builder.integer(0), count, builder.integer(1)])
    }
    sum = builder.sum(sum, builder.add("Gather", [try builder.operand(3), positions]))
    if let segments = builder.input(1) {
      sum = builder.sum(sum, builder.add("Gather", [try builder.operand(4), segments]))
    }
    if builder.isWanted(1) {
      // How many tokens of each row the mask shows.
      guard let mask = builder.input(7), builder.opset >= 13 else {
        throw builder.unsupported("an output mask_index without a mask, or before opset 13")
      }
      let counts = builder.add(
        "ReduceSum", [mask, builder.list([1])], ["keepdims": .integer(0)])
      builder.give(builder.cast(counts, to: .int32), to: 1)
    }
    if builder.isWanted(2) {
      builder.give(sum, to: 2)
      sum = builder.node.outputs[2]!
    }
    let epsilon = try builder.context.float("epsilon", default: 1e-12)
    builder.give(
      try builder.layerNormalisation(sum, try builder.operand(5), builder.input(6), epsilon))
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
      "Sqrt", [add("Add", [variance, scalar(Double(epsilon), try floatType(0, 1, 2, 5))])])
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
      "Sqrt", [add("Add", [square, scalar(Double(epsilon), try floatType(0, 1, 2, 5))])])
    return add("Mul", [add("Div", [x, root]), scale], isNamesake: true)
  }
}
