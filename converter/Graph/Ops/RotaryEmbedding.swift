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
    let plan = try plan(inputs[0]!.shape)
    let (layout, pairs) = (plan.layout, plan.pairs)
    let cosines = inputs[1]!.shape
    try Operands.shape(inputs[2], cosines, "the sines")
    if inputs.count > 3, let positions = inputs[3] {
      guard positions.elementType.isInteger else {
        throw GraphError(.badType, "positions are integers, not \(positions.type)")
      }
      try Operands.shape(positions, [layout.batch, layout.tokens], "the positions")
      guard cosines.count == 2, cosines[1] == pairs else {
        throw GraphError(.badShape, "cosines \(cosines) have not \(pairs) pairs by position")
      }
    } else {
      try Operands.shape(
        inputs[1], [layout.batch, layout.tokens, pairs], "the cosines without positions")
    }
    return [inputs[0]!.type]
  }

  /// How heads lie in an input, and pairs within a head.
  public struct Plan: Sendable, Hashable {
    public let layout: HeadLayout
    /// Pairs of each head; elements after them stay as they are.
    public let pairs: Int
    /// Distance between the first elements of neighbouring pairs.
    public let stride: Int
    /// Distance between the two elements of a pair.
    public let reach: Int
  }

  package func plan(_ shape: [Int]) throws(GraphError) -> Plan {
    // With four axes the attribute is not looked at.
    let layout = try HeadLayout(shape, heads: shape.count == 4 ? nil : heads, "the input")
    let length = rotated == 0 ? layout.size : rotated
    guard length % 2 == 0, length <= layout.size else {
      throw GraphError(.badShape, "cannot rotate \(length) of \(layout.size) elements in pairs")
    }
    let pairs = length / 2
    return Plan(
      layout: layout, pairs: pairs, stride: isInterleaved ? 2 : 1, reach: isInterleaved ? 1 : pairs)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let plan = try plan(x.shape)
    let (layout, pairs) = (plan.layout, plan.pairs)
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
            let a = start + pair * plan.stride
            let b = a + plan.reach
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
    guard let plan = try? plan(map.shape(0)) else { return map.freezeAll(.spatial) }
    let (layout, length) = (plan.layout, 2 * plan.pairs)
    let pairs = map.axis(1, map.shape(1).count - 1)
    map.bind(2, map.shape(2).count - 1, pairs)
    let two = map.frozen(2, "the two elements of a rotated pair")
    var parts = [map.product(isInterleaved ? [pairs, two] : [two, pairs])]
    if length < layout.size { parts.append(map.fresh(layout.size - length)) }
    let head = Axis.sum(parts)
    // Tokens are positions, of the input too. Each image has its angles, or its tokens' positions in a
    // table of them, and goes with these.
    map.freeze([x[layout.isPacked ? 1 : 2]], .spatial)
    for input in 1..<map.inputs.count where map.has(input) {
      let isTable = input < 3 && map.shape(input).count == 2
      if !isTable { map.bind(input, 0, x[0]) }
      map.freeze([map.axis(input, isTable ? 0 : 1)], .spatial)
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
