/// Rotary positional embedding: pairs of elements of each head are rotated by their token's angle.
///
/// Inputs: `x`, then cosines and sines, either `[positions, pairs]` with the tokens' positions
/// `[batch, tokens]` as the last input, or `[batch, tokens, pairs]` without.
public struct RotaryEmbedding: Operator {
  /// Whether a pair is two neighbours, rather than one of each half.
  public let isInterleaved: Bool
  /// Number of heads of an input with three axes.
  public let heads: Int?
  /// How many elements of each head are rotated; 0 means all.
  public let rotated: Int

  public init(_ node: NodeContext) throws(GraphError) {
    isInterleaved = try node.boolean("interleaved", default: false)
    let heads = try node.integer("num_heads", default: 0)
    self.heads = heads == 0 ? nil : heads
    rotated = try node.integer("rotary_embedding_dim", default: 0)
    guard rotated >= 0, heads >= 0 else {
      throw GraphError(.badAttribute, "num_heads or rotary_embedding_dim is negative")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 4, inputs)
    try Operands.floatingPoint(inputs[..<3])
    let layout = try layout(inputs[0]!.shape)
    let length = rotated == 0 ? layout.size : rotated
    guard length % 2 == 0, length <= layout.size else {
      throw GraphError(.badShape, "cannot rotate \(length) of \(layout.size) elements in pairs")
    }
    let cosines = inputs[1]!.shape
    try Operands.shape(inputs[2], cosines, "the sines")
    if inputs.count > 3, let positions = inputs[3] {
      guard positions.elementType.isInteger else {
        throw GraphError(.badType, "positions are integers, not \(positions.type)")
      }
      try Operands.shape(positions, [layout.batch, layout.tokens], "the positions")
      guard cosines.count == 2, cosines[1] == length / 2 else {
        throw GraphError(.badShape, "cosines \(cosines) have not \(length / 2) pairs by position")
      }
    } else {
      try Operands.shape(
        inputs[1], [layout.batch, layout.tokens, length / 2], "the cosines without positions")
    }
    return [inputs[0]!.type]
  }

  /// How the heads of an input lie.
  public func layout(_ shape: [Int]) throws(GraphError) -> HeadLayout {
    // With four axes the attribute is not looked at.
    try HeadLayout(shape, heads: shape.count == 4 ? nil : heads, "the input")
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let layout = try layout(x.shape)
    let pairs = (rotated == 0 ? layout.size : rotated) / 2
    let (cosines, sines) = (inputs[1]!.doubles, inputs[2]!.doubles)
    let positions = inputs.count > 3 ? inputs[3]?.integers : nil
    for position in positions ?? [] where position < 0 || position >= inputs[1]!.shape[0] {
      throw GraphError(.badIndex, "position \(position) is outside the table of angles")
    }
    let values = x.doubles
    var result = values
    for item in 0..<layout.batch {
      for token in 0..<layout.tokens {
        let row = item * layout.tokens + token
        let angle = (positions.map { Int($0[row]) } ?? row) * pairs
        for head in 0..<layout.heads {
          let start = layout.position(item, head, token)
          for pair in 0..<pairs {
            let a = start + (isInterleaved ? 2 * pair : pair)
            let b = start + (isInterleaved ? 2 * pair + 1 : pair + pairs)
            let (cosine, sine) = (cosines[angle + pair], sines[angle + pair])
            result[a] = cosine * values[a] - sine * values[b]
            result[b] = sine * values[a] + cosine * values[b]
          }
        }
      }
    }
    return [Tensor(elementType: x.elementType, shape: x.shape, doubles: result)]
  }
}

extension RotaryEmbedding {
  /// A head is `2 x pairs` (halves) or `pairs x 2` (interleaved), then what is not rotated; the cosine
  /// and sine tables have the pairs and no heads, so heads share what they keep.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    guard let layout = try? layout(map.shape(0)) else { return map.freezeAll(.spatial) }
    let length = rotated == 0 ? layout.size : rotated
    let pairs = map.axis(1, map.shape(1).count - 1)
    map.bind(2, map.shape(2).count - 1, pairs)
    let two = map.frozen(2, "the two elements of a rotated pair")
    var parts = [map.product(isInterleaved ? [pairs, two] : [two, pairs])]
    if length < layout.size { parts.append(map.fresh(layout.size - length)) }
    let head = Axis.sum(parts)
    for input in 1..<map.inputs.count where map.has(input) {
      map.freeze(map.axes(input).prefix(input == 3 ? 2 : map.shape(input).count - 1), .spatial)
    }
    if layout.isPacked {
      let heads = map.fresh(layout.heads)
      map.relate(map.product([heads, head]), x[2])
      map.rewrite(.number("num_heads", Extent(heads)))
    } else {
      map.relate(head, x[3])
    }
    if rotated != 0 { map.rewrite(.number("rotary_embedding_dim", Extent(parts[0]))) }
    map.outputAxes = [x]
  }
}
