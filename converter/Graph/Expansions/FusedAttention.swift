extension Expansion {
  /// Attention of whole heads, as onnxruntime's tools join it.
  static let fusedAttention: [String: Expansion] = [
    "com.microsoft.Attention": .always(attention),
    "com.microsoft.MultiHeadAttention": .always(multiHeadAttention),
  ]

  /// `softmax(q k' * scale + mask) v` for each head, with `[q k v] = x w + b`; x is
  /// `[batch, tokens, inputs]`.
  private static func attention(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseInput(4, "past keys and values")
    try builder.refuseInput(6, "past keys and values")
    try builder.refuseOutput(1, "present")
    try builder.refuseFlag("do_rotary")
    try builder.refuseFlag("past_present_share_buffer")
    let weight = try builder.shape(1, "the weight")
    guard weight.count == 2 else { throw GraphError(.badShape, "a weight of \(weight)") }
    let sizes =
      try builder.context.integers("qkv_hidden_sizes")
      ?? Array(repeating: weight[1] / 3, count: 3)
    guard sizes.count == 3, sizes.allSatisfy({ $0 > 0 && $0 <= weight[1] }),
      sizes.reduce(0, +) == weight[1]
    else { throw GraphError(.badShape, "a weight of \(weight) does not give the sizes \(sizes)") }
    let heads = try FusedHeads(&builder, sizes, type: try builder.floatType(1, 0))
    let mask = try builder.attentionMask(3, of: 0, heads)

    let x = try builder.operand(0)
    let product = builder.add("MatMul", [x, try builder.operand(1)], isNamesake: true)
    let parts = builder.split(builder.sum(product, builder.input(2)), axis: -1, sizes)
    builder.give(builder.attend(parts, heads, [mask, builder.input(5)]))
  }

  /// The same of queries, keys and values that are there: inputs 0 to 2, `[batch, tokens, size]`.
  private static func multiHeadAttention(_ builder: inout ExpansionBuilder) throws(GraphError) {
    for index in 6..<10 { try builder.refuseInput(index, "past keys and values") }
    for output in 1..<4 { try builder.refuseOutput(output, "present or qk") }
    var sizes: [Int] = []
    var parts: [Graph.ValueID] = []
    for (index, name) in ["the query", "the key", "the value"].enumerated() {
      let shape = try builder.shape(index, name)
      guard shape.count == 3 else { throw builder.unsupported("\(name) of \(shape.count) axes") }
      sizes.append(shape[2])
      parts.append(try builder.operand(index))
    }
    let heads = try FusedHeads(&builder, sizes, type: try builder.floatType(0, 1))
    let mask = try builder.attentionMask(4, of: 1, heads)
    if let bias = builder.input(3) {
      let biases = builder.split(bias, axis: 0, sizes)
      parts = zip(parts, biases).map { builder.sum($0, $1) }
    }
    builder.give(builder.attend(parts, heads, [mask, builder.input(5)]))
  }
}

/// What the heads of a fused attention share.
private struct FusedHeads {
  let count: Int
  let scale: Double
  let isCausal: Bool
  /// Added to what a mask hides.
  let filler: Double
  /// Of all heads' values together.
  let valueSize: Int
  let type: ElementType

  /// - Parameter sizes: Of all heads' queries, keys and values.
  /// - Throws: `GraphError` with code `.badShape` where heads do not divide them.
  init(
    _ builder: inout ExpansionBuilder, _ sizes: [Int], type: ElementType
  ) throws(GraphError) {
    let context = builder.context
    count = try context.integer("num_heads", default: 0)
    let heads = count
    guard heads > 0, sizes[0] == sizes[1], sizes.allSatisfy({ $0 > 0 && $0 % heads == 0 }) else {
      throw GraphError(.badShape, "\(heads) heads for queries, keys and values of \(sizes)")
    }
    let given = Double(try context.float("scale", default: 0))
    scale = given != 0 ? given : 1 / Double(sizes[0] / heads).squareRoot()
    isCausal = try context.boolean("unidirectional", default: false)
    guard !isCausal || builder.has(opset: 14) else {
      throw builder.unsupported("unidirectional before opset 14")
    }
    filler = Double(try context.float("mask_filter_value", default: -10_000))
    valueSize = sizes[2]
    self.type = type
  }
}

extension ExpansionBuilder {
  /// `softmax(q k' * scale + addends) v` of each head, as `[batch, tokens, heads * size]`.
  fileprivate mutating func attend(
    _ parts: [Graph.ValueID], _ heads: FusedHeads, _ addends: [Graph.ValueID?]
  ) -> Graph.ValueID {
    let split = parts.map { reshape($0, [0, 0, heads.count, -1]) }
    let q = transpose(split[0], [0, 2, 1, 3])
    let k = transpose(split[1], [0, 2, 3, 1])
    let v = transpose(split[2], [0, 2, 1, 3])
    var scores = scaled(add("MatMul", [q, k]), by: heads.scale, heads.type)
    scores = sum(scores, addends[0])
    if heads.isCausal { scores = add("Add", [scores, later(than: parts[0], heads)]) }
    scores = sum(scores, addends[1])
    // Before opset 13 what follows the axis belongs to it, and nothing follows.
    let weights = add("Softmax", [scores], ["axis": .integer(3)])
    let result = transpose(add("MatMul", [weights, v]), [0, 2, 1, 3])
    return reshape(result, [0, 0, heads.valueSize])
  }

  /// What is added to the scores for a mask: the filler where it is 0, or from as many keys on as it says.
  fileprivate mutating func attentionMask(
    _ index: Int, of keys: Int, _ heads: FusedHeads
  ) throws(GraphError) -> Graph.ValueID? {
    guard let mask = input(index) else { return nil }
    guard let rank = known(index)?.rank else {
      throw GraphError(.symbolicShape, "the number of axes of the mask is not known")
    }
    var shown: Graph.ValueID
    switch rank {
    case 1:
      // Other lengths are other kinds of mask.
      let (lengths, shape) = (
        try shape(index, "the mask"), try shape(keys, "the keys")
      )
      guard lengths[0] == shape[0], opset >= 11 || stage == .execution else {
        throw unsupported("a mask of \(lengths) for a batch of \(shape[0])")
      }
      let tokens = add("Gather", [add("Shape", [try operand(keys)]), integer(1)])
      let places = add("Range", [integer(0), tokens, integer(1)])
      shown = cast(
        add("Less", [places, unsqueeze(cast(mask, to: .int64), [1])]), to: heads.type)
    case 2, 3: shown = clip(cast(mask, to: heads.type), 0, 1, heads.type)
    default: throw unsupported("a mask of \(rank) axes")
    }
    shown = unsqueeze(shown, rank == 3 ? [1] : [1, 2])
    let hidden = add("Sub", [scalar(1, heads.type), shown])
    return add("Mul", [hidden, scalar(heads.filler, heads.type)])
  }

  /// The filler above the diagonal of a matrix of all tokens by all tokens.
  private mutating func later(than x: Graph.ValueID, _ heads: FusedHeads) -> Graph.ValueID {
    let tokens = add("Gather", [add("Shape", [x]), list([1])])
    let square = add("Concat", [tokens, tokens], ["axis": .integer(0)])
    let filler = Tensor(elementType: heads.type, shape: [1], doubles: [heads.filler])
    let full = add("ConstantOfShape", [square], ["value": .tensor(filler)])
    return add("Trilu", [full, integer(1)], ["upper": .integer(1)])
  }
}
