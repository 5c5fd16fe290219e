extension Expansion {
  /// Attention whose queries, keys and values come from one product.
  static let fusedAttention: [String: Expansion] = [
    "com.microsoft.Attention": .always(attention)
  ]

  /// `softmax(q k' * scale + mask) v` for each head, with `[q k v] = x w + b`; x is
  /// `[batch, tokens, inputs]`.
  private static func attention(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseInput(4, "past keys and values")
    try builder.refuseInput(6, "past keys and values")
    try builder.refuseOutput(1, "present")
    try builder.refuseFlag("do_rotary")
    try builder.refuseFlag("past_present_share_buffer")
    let context = builder.context
    let heads = try context.integer("num_heads", default: 0)
    let weight = try builder.shape(1, "the weight")
    let type = try builder.floatType(1, 0)
    guard weight.count == 2, heads > 0 else {
      throw GraphError(.badShape, "a weight of \(weight) in \(heads) heads")
    }
    let sizes =
      try context.integers("qkv_hidden_sizes") ?? Array(repeating: weight[1] / 3, count: 3)
    guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 && $0 <= weight[1] && $0 % heads == 0 }),
      sizes.reduce(0, +) == weight[1], sizes[0] == sizes[1]
    else {
      throw GraphError(
        .badShape, "a weight of \(weight) does not give \(heads) heads of the sizes \(sizes)")
    }
    let isCausal = try context.boolean("unidirectional", default: false)
    guard !isCausal || builder.opset >= 14 || builder.stage == .execution else {
      throw builder.unsupported("unidirectional before opset 14")
    }
    let filler = Double(try context.float("mask_filter_value", default: -10_000))
    let mask = try builder.attentionMask(filler, type)

    let x = try builder.operand(0)
    let product = builder.add("MatMul", [x, try builder.operand(1)], isNamesake: true)
    let parts = builder.split(builder.sum(product, builder.input(2)), axis: -1, sizes)
    let split = parts.map { builder.reshape($0, [0, 0, heads, -1]) }
    let q = builder.transpose(split[0], [0, 2, 1, 3])
    let k = builder.transpose(split[1], [0, 2, 3, 1])
    let v = builder.transpose(split[2], [0, 2, 1, 3])

    let given = Double(try context.float("scale", default: 0))
    let scale = given != 0 ? given : 1 / Double(sizes[0] / heads).squareRoot()
    var scores = builder.scaled(builder.add("MatMul", [q, k]), by: scale, type)
    scores = builder.sum(scores, mask)
    if isCausal { scores = builder.add("Add", [scores, builder.later(than: x, filler, type)]) }
    scores = builder.sum(scores, builder.input(5))
    // Before opset 13 what follows the axis belongs to it, and nothing follows.
    let weights = builder.add("Softmax", [scores], ["axis": .integer(3)])
    let result = builder.transpose(builder.add("MatMul", [weights, v]), [0, 2, 1, 3])
    builder.give(builder.reshape(result, [0, 0, sizes[2]]))
  }
}

extension ExpansionBuilder {
  /// What is added to the scores for the mask, input 3: the filler where it is 0.
  fileprivate mutating func attentionMask(
    _ filler: Double, _ type: ElementType
  ) throws(GraphError) -> Graph.ValueID? {
    guard let mask = input(3) else { return nil }
    guard let rank = known(3)?.rank else {
      throw GraphError(.symbolicShape, "the number of axes of the mask is not known")
    }
    guard rank == 2 || rank == 3 else { throw unsupported("a mask of \(rank) axes") }
    let shown = clip(cast(mask, to: type), 0, 1, type)
    let hidden = add("Sub", [scalar(1, type), shown])
    return add(
      "Mul", [unsqueeze(hidden, rank == 2 ? [1, 2] : [1]), scalar(filler, type)])
  }

  /// The filler above the diagonal of a matrix of all tokens by all tokens.
  fileprivate mutating func later(
    than x: Graph.ValueID, _ filler: Double, _ type: ElementType
  ) -> Graph.ValueID {
    let tokens = add("Gather", [add("Shape", [x]), list([1])])
    let square = add("Concat", [tokens, tokens], ["axis": .integer(0)])
    let full = add(
      "ConstantOfShape", [square],
      ["value": .tensor(Tensor(elementType: type, shape: [1], doubles: [filler]))])
    let first = add(constant: Tensor(integers: [1], shape: []), "diagonal")
    return add("Trilu", [full, first], ["upper": .integer(1)])
  }
}
