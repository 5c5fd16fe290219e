extension Expansion {
  /// Functions of bytes: of the numbers they stand for, and back to bytes.
  ///
  /// onnxruntime computes the functions of one number, AveragePool and Concat so too. Its sums and products
  /// of two tensors multiply by quotients of scales, and its Softmax adds up whole numbers: where a result
  /// lies beside the middle of two bytes, it may take the other one.
  static let quantisedFunctions: [String: Expansion] = [
    "com.microsoft.QLinearAdd": .execution { builder throws(GraphError) in
      try builder.joinBytes("Add")
    },
    "com.microsoft.QLinearMul": .execution { builder throws(GraphError) in
      try builder.joinBytes("Mul")
    },
    "com.microsoft.QLinearLeakyRelu": .execution { builder throws(GraphError) in
      let alpha = try builder.context.float("alpha", default: 0.01)
      try builder.mapBytes { $0.add("LeakyRelu", [$1], ["alpha": .float(alpha)]) }
    },
    "com.microsoft.QLinearSigmoid": .execution { builder throws(GraphError) in
      try builder.mapBytes { $0.add("Sigmoid", [$1]) }
    },
    "com.microsoft.QLinearSoftmax": .execution { builder throws(GraphError) in
      let rank = try builder.shape(0, "the input").count
      let version = try builder.context.integer("opset", default: 13)
      let axis = try builder.context.integer("axis", default: version < 13 ? 1 : -1)
      guard version >= 13 || fromFront(axis, rank: rank) == rank - 1 else {
        throw builder.unsupported("several axes")
      }
      try builder.mapBytes { $0.add("Softmax", [$1], ["axis": .integer(Int64(axis))]) }
    },
    "com.microsoft.QLinearAveragePool": .execution { builder throws(GraphError) in
      try builder.refuseFlag("channels_last")
      let attributes = builder.attributes { $0 != "channels_last" }
      try builder.mapBytes { $0.add("AveragePool", [$1], attributes) }
    },
    "com.microsoft.QLinearGlobalAveragePool": .execution { builder throws(GraphError) in
      try builder.refuseFlag("channels_last")
      try builder.mapBytes { $0.add("GlobalAveragePool", [$1]) }
    },
    "com.microsoft.QLinearConcat": .execution { builder throws(GraphError) in
      let count = builder.node.inputs.count - 2
      guard count >= 3, count % 3 == 0 else {
        throw GraphError(.badArity, "\(count + 2) inputs are not three for each part and two")
      }
      var parts: [Graph.ValueID] = []
      for part in 0..<count / 3 { parts.append(try builder.numbers(2 + 3 * part)) }
      let joined = builder.add(
        "Concat", parts, builder.attributes { $0 == "axis" }, isNamesake: true)
      try builder.giveBytes(joined, scale: 0)
    },
  ]
}

extension ExpansionBuilder {
  /// The numbers that an input of bytes stands for, its scale and zero point being the two inputs after it.
  fileprivate mutating func numbers(_ index: Int) throws(GraphError) -> Graph.ValueID {
    try refuseList(index + 1, "a scale")
    try refuseList(index + 2, "a zero point")
    let inputs = [try operand(index), reshape(try operand(index + 1), [])]
    return add("DequantizeLinear", inputs + (try zeroPoint(index + 2)))
  }

  /// Gives the first output numbers as bytes, whose scale and zero point are two inputs.
  fileprivate mutating func giveBytes(_ numbers: Graph.ValueID, scale: Int) throws(GraphError) {
    try refuseList(scale, "the result's scale")
    try refuseList(scale + 1, "the result's zero point")
    var point = try zeroPoint(scale + 1)
    if point.isEmpty, let type = known(0)?.elementType {
      point = [add(constant: Tensor(elementType: type, shape: [], integers: [0]), "zero")]
    }
    give(add("QuantizeLinear", [numbers, reshape(try operand(scale), [])] + point))
  }

  private mutating func zeroPoint(_ index: Int) throws(GraphError) -> [Graph.ValueID] {
    guard let point = input(index) else { return [] }
    return [reshape(point, [])]
  }

  /// A function of the first input, with scales and zero points in inputs 1 to 4.
  fileprivate mutating func mapBytes(
    _ function: (inout ExpansionBuilder, Graph.ValueID) -> Graph.ValueID
  ) throws(GraphError) {
    let x = try numbers(0)
    try giveBytes(function(&self, x), scale: 3)
  }

  /// A function of the inputs 0 and 3, the result's scale and zero point being inputs 6 and 7.
  fileprivate mutating func joinBytes(_ operation: String) throws(GraphError) {
    let (a, b) = (try numbers(0), try numbers(3))
    try giveBytes(add(operation, [a, b], isNamesake: true), scale: 6)
  }
}
