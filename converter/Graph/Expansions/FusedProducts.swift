extension Expansion {
  /// Convolutions and matrix products with what onnxruntime's optimiser joins to them.
  static let fusedProducts: [String: Expansion] = [
    "com.microsoft.FusedConv": .always(fusedConvolution),
    "com.microsoft.FusedGemm": .always(fusedGemm),
    "com.microsoft.FusedMatMul": .always(fusedProduct),
    "com.microsoft.TransposeMatMul": .always(fusedProduct),
  ]

  /// `activation(Conv(x, w, b) + z)`.
  private static func fusedConvolution(
    _ builder: inout ExpansionBuilder
  ) throws(GraphError) {
    let sum = builder.add(
      "Conv", [try builder.operand(0), try builder.operand(1), builder.input(2)],
      builder.attributes { !$0.hasPrefix("activation") }, isNamesake: true)
    let activated = try builder.activation(
      of: builder.sum(sum, builder.input(3)),
      try builder.context.floats("activation_params") ?? [])
    builder.give(activated)
  }

  /// `activation(Gemm(a, b, c))`.
  private static func fusedGemm(_ builder: inout ExpansionBuilder) throws(GraphError) {
    let sum = builder.add(
      "Gemm", [try builder.operand(0), try builder.operand(1), builder.input(2)],
      builder.attributes { !$0.hasPrefix("activation") }, isNamesake: true)
    let context = builder.context
    let parameters = [
      try context.float("activation_alpha"), try context.float("activation_beta"),
    ].compactMap { $0 }
    builder.give(try builder.activation(of: sum, parameters))
  }

  /// `alpha * a b` with the last two axes of either turned.
  private static func fusedProduct(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseFlag("transBatchA")
    try builder.refuseFlag("transBatchB")
    var operands: [Graph.ValueID] = []
    for (index, flag) in ["transA", "transB"].enumerated() {
      let operand = try builder.operand(index)
      guard try builder.context.boolean(flag, default: false) else {
        operands.append(operand)
        continue
      }
      guard let rank = builder.known(index)?.rank else {
        throw GraphError(.symbolicShape, "the number of axes of input \(index) is not known")
      }
      operands.append(
        rank < 2
          ? operand : builder.transpose(operand, Array(0..<rank - 2) + [rank - 1, rank - 2]))
    }
    let alpha = Double(try builder.context.float("alpha", default: 1))
    let type = alpha == 1 ? .float32 : try builder.floatType(0, 1)
    let product = builder.add("MatMul", operands.map { $0 }, isNamesake: true)
    builder.give(builder.scaled(product, by: alpha, type))
  }
}

extension ExpansionBuilder {
  /// The composite node's attributes that a plain one has too.
  func attributes(where isShared: (String) -> Bool) -> [String: Attribute] {
    node.attributes.filter { isShared($0.key) }
  }

  /// The function that the attribute `activation` names, with its parameters in their order.
  fileprivate mutating func activation(
    of x: Graph.ValueID, _ parameters: [Float]
  ) throws(GraphError) -> Graph.ValueID {
    let name = try context.string("activation", default: "")
    func parameter(_ index: Int, default value: Float) -> Float {
      index < parameters.count ? parameters[index] : value
    }
    switch name {
    case "": return x
    case "Relu", "Tanh", "Sigmoid": return add(name, [x])
    case "LeakyRelu": return add(name, [x], ["alpha": .float(parameter(0, default: 0.01))])
    case "HardSigmoid":
      return add(
        name, [x],
        [
          "alpha": .float(parameter(0, default: 0.2)), "beta": .float(parameter(1, default: 0.5)),
        ])
    case "Clip":
      let greatest = Float.greatestFiniteMagnitude
      return clip(
        x, Double(parameter(0, default: -greatest)), Double(parameter(1, default: greatest)),
        try floatType(0, 1))
    default: throw unsupported("the activation \"\(name)\"")
    }
  }
}
