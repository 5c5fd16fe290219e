internal import Glibc

/// Scaled dot-product attention: `softmax(softcap(q * k' * scale) + mask) * v` for every head, as ONNX
/// 1.23.2 defines it; queries that may see no key give zeros.
///
/// Inputs: queries, keys, values, mask, past keys and values, numbers of keys that are not padding.
/// Outputs: the result, keys and values with the past before them, and the scores. Each key head
/// serves as many query heads as there are to one, neighbours together.
public struct Attention: Operator {
  /// What the scores output gives.
  public enum Scores: Int, Sendable, Hashable {
    case products, capped, masked, probabilities
  }

  public let isCausal: Bool
  /// How many keys before its own place a query may see; all where nil.
  public let keysBefore: Int?
  /// How many keys behind its own place a query may see; all where nil.
  public let keysAfter: Int?
  public let scale: Float?
  /// Scores `s` become `softcap * tanh(s / softcap)` where this is not 0.
  public let softcap: Float
  public let scores: Scores
  private let queryHeads: Int?
  private let keyHeads: Int?
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    isCausal = try node.boolean("is_causal", default: false)
    keysBefore = try Self.window(node, "left_window_size")
    let after = try Self.window(node, "right_window_size")
    keysAfter = isCausal ? 0 : after
    scale = try node.float("scale")
    softcap = try node.float("softcap", default: 0)
    queryHeads = try node.integer("q_num_heads")
    keyHeads = try node.integer("kv_num_heads")
    outputCount = max(1, node.outputCount)
    let mode = try node.integer("qk_matmul_output_mode", default: 0)
    guard let scores = Scores(rawValue: mode), outputCount <= 4 else {
      throw GraphError(.badAttribute, "qk_matmul_output_mode \(mode) is not within 0 to 3")
    }
    self.scores = scores
    if let code = try node.integer("softmax_precision") {
      guard Int32(exactly: code).flatMap(ElementType.init)?.isFloatingPoint == true else {
        throw GraphError(.badAttribute, "softmax_precision \(code) is not a floating-point type")
      }
    }
  }

  /// One side of a window; nil where it is open.
  private static func window(_ node: NodeContext, _ name: String) throws(GraphError) -> Int? {
    let width = try node.integer(name, default: -1)
    guard width >= -1 else {
      throw GraphError(.badAttribute, "\(name) \(width) is neither -1 nor a number of keys")
    }
    return width == -1 ? nil : min(width, TensorType.maximumCount)
  }

  /// The extents of an attention.
  public struct Plan: Sendable, Hashable {
    public var query: HeadLayout
    public var key: HeadLayout
    public var value: HeadLayout
    /// Number of past keys.
    public var past: Int
    /// Number of keys, the past included.
    public var total: Int { past + key.tokens }

    /// How many keys stand before the first query: the past ones or, where the number of filled keys is
    /// given, those before the queries at their end; may be negative.
    func offset(of length: Int64?) -> Int {
      // A number that no cache has hides all keys or none, and adds up without overflow.
      let bound = Int64(TensorType.maximumCount)
      return length.map { Int(max(-bound, min(bound, $0))) - query.tokens } ?? past
    }
  }

  /// The extents for given inputs.
  /// - Throws: `GraphError` where their shapes do not fit each other.
  package func plan(_ inputs: [[Int]?]) throws(GraphError) -> Plan {
    let (q, k, v) = (inputs[0]!, inputs[1]!, inputs[2]!)
    let plan = Plan(
      query: try HeadLayout(q, heads: queryHeads, "the query"),
      key: try HeadLayout(k, heads: keyHeads, "the key"),
      value: try HeadLayout(v, heads: keyHeads, "the value"),
      past: inputs.count > 4 ? inputs[4]?.dropFirst(2).first ?? 0 : 0)
    let (query, key, value) = (plan.query, plan.key, plan.value)
    guard q.count == k.count, k.count == v.count, query.batch == key.batch,
      key.batch == value.batch, key.heads == value.heads, key.tokens == value.tokens,
      query.size == key.size, key.heads > 0, query.heads % key.heads == 0
    else { throw GraphError(.badShape, "queries \(q), keys \(k), values \(v) do not fit") }
    return plan
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 7, inputs)
    let given = inputs + [OperatorInput?](repeating: nil, count: 7 - inputs.count)
    try Operands.floatingPoint([given[0], given[1], given[4]])
    try Operands.floatingPoint([given[2], given[5]])
    let plan = try plan(given.map { $0?.shape })
    let (batch, heads) = (plan.query.batch, plan.key.heads)
    guard (given[4] == nil) == (given[5] == nil) else {
      throw GraphError(.badArity, "past keys and values come together or not at all")
    }
    try Operands.shape(given[4], [batch, heads, plan.past, plan.key.size], "the past keys")
    try Operands.shape(given[5], [batch, heads, plan.past, plan.value.size], "the past values")
    try Operands.shape(given[6], [batch], "the numbers of keys")
    if let mask = given[3] {
      let limit = [batch, plan.query.heads, plan.query.tokens, plan.total]
      let padded = Array(mask.shape.dropLast()) + [plan.total]
      guard let keys = mask.shape.last, keys <= plan.total, mask.elementType != .string,
        try broadcast([padded, limit]) == limit
      else { throw GraphError(.badShape, "a mask \(mask.type) does not suit scores \(limit)") }
    }
    let (keyType, valueType) = (given[0]!.elementType, given[2]!.elementType)
    let query = plan.query
    let result =
      query.isPacked
      ? [batch, query.tokens, query.heads * plan.value.size]
      : [batch, query.heads, query.tokens, plan.value.size]
    let types = [
      TensorType(keyType, result),
      TensorType(keyType, [batch, heads, plan.total, plan.key.size]),
      TensorType(valueType, [batch, heads, plan.total, plan.value.size]),
      TensorType(keyType, [batch, query.heads, query.tokens, plan.total]),
    ]
    for type in types { _ = try type.checked() }
    return Array(types.prefix(outputCount))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let given = inputs + [Tensor?](repeating: nil, count: 7 - inputs.count)
    let plan = try plan(given.map { $0?.shape })
    let (query, total) = (plan.query, plan.total)
    let queries = query.unpacked(given[0]!.doubles)
    let keys = appended(plan.key, given[1]!, to: given[4], plan.past)
    let values = appended(plan.value, given[2]!, to: given[5], plan.past)
    let mask = Mask(self, plan, given[3], lengths: given[6]?.integers)
    let scale = scale.map { Double($0) } ?? 1 / Double(query.size).squareRoot()
    let (keySize, valueSize) = (plan.key.size, plan.value.size)

    var output = [Double](
      repeating: 0, count: query.batch * query.tokens * query.heads * valueSize)
    var shown: [Double] = []
    for item in 0..<query.batch {
      for head in 0..<query.heads {
        let source =
          (item * plan.key.heads + head / (query.heads / plan.key.heads)) * total
        for token in 0..<query.tokens {
          let from = ((item * query.heads + head) * query.tokens + token) * keySize
          var row = [Double](repeating: 0, count: total)
          for i in 0..<keySize {
            addRow(
              queries[from + i] * scale, keys, at: source * keySize + i, valueStride: keySize,
              to: &row, at: 0, count: total)
          }
          if scores == .products { shown += row }
          if softcap > 0 { row = row.map { Double(softcap) * tanh($0 / Double(softcap)) } }
          if scores == .capped { shown += row }
          let isBlind = mask.apply(to: &row, item, head, token)
          if scores == .masked { shown += row }
          row = isBlind ? row.map { _ in 0 } : softmax(row)
          if scores == .probabilities { shown += row }
          let to =
            query.isPacked
            ? (item * query.tokens + token) * query.heads + head
            : (item * query.heads + head) * query.tokens + token
          for (key, weight) in row.enumerated() {
            addRow(
              weight, values, at: (source + key) * valueSize, to: &output, at: to * valueSize,
              count: valueSize)
          }
        }
      }
    }
    let types = try infer(inputs.map { $0.map { OperatorInput($0.type) } })
    return zip(types, [output, keys, values, shown]).map {
      Tensor(elementType: $0.elementType, shape: $0.shape, doubles: $1)
    }
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    guard let plan = try? plan(inputs.map { $0?.shape }) else { return 0 }
    return plan.query.batch * plan.query.heads * plan.query.tokens * plan.total
      * (plan.key.size + plan.value.size)
  }

  /// Whether there may be queries from which every key is hidden.
  /// - Parameters:
  ///   - mask: Its values where they are known; nil where it is computed, or there is none.
  ///   - lengths: Whether the numbers of keys are given.
  package func mayBeBlind(_ plan: Plan, hasMask: Bool, mask: Tensor?, hasLengths: Bool) -> Bool {
    guard !hasLengths, plan.total > 0 else { return true }
    // Without a mask only a window may lie behind all keys: the first is never after a query.
    guard hasMask || keysBefore != nil else { return false }
    if hasMask, mask == nil { return true }
    let known = Mask(self, plan, mask, lengths: nil)
    var row = [Double](repeating: 0, count: plan.total)
    for item in 0..<plan.query.batch {
      for head in 0..<plan.query.heads {
        for token in 0..<plan.query.tokens where known.apply(to: &row, item, head, token) {
          return true
        }
      }
    }
    return false
  }

  /// New keys or values after the past ones, `[batch, heads, total, size]`.
  private func appended(
    _ layout: HeadLayout, _ new: Tensor, to past: Tensor?, _ pastTokens: Int
  ) -> [Double] {
    let fresh = layout.unpacked(new.doubles)
    guard let old = past?.doubles else { return fresh }
    let (oldLength, newLength) = (pastTokens * layout.size, layout.tokens * layout.size)
    var result: [Double] = []
    result.reserveCapacity(old.count + fresh.count)
    for head in 0..<layout.batch * layout.heads {
      result += old[head * oldLength..<(head + 1) * oldLength]
      result += fresh[head * newLength..<(head + 1) * newLength]
    }
    return result
  }

  private func softmax(_ row: [Double]) -> [Double] {
    let largest = row.reduce(-.infinity, max)
    let powers = row.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// What is added to the scores of a query: minus infinity where a key is hidden.
  private struct Mask {
    let keysBefore: Int?
    let keysAfter: Int?
    /// How many keys stand before the first query, for each item of the batch.
    let offsets: [Int]
    /// The additive mask and, for each score, the position of its addend.
    let values: [Double]?
    /// How many keys the mask speaks of; those after are hidden.
    let width: Int
    let strides: [Int]
    let lengths: [Int64]?

    init(_ attention: Attention, _ plan: Plan, _ mask: Tensor?, lengths: [Int64]?) {
      keysBefore = attention.keysBefore
      keysAfter = attention.keysAfter
      offsets = (0..<plan.query.batch).map { plan.offset(of: lengths?[$0]) }
      self.lengths = lengths
      let isBoolean = mask?.elementType == .bool
      values = mask.map { isBoolean ? $0.doubles.map { $0 == 0 ? -.infinity : 0 } : $0.doubles }
      width = mask?.shape.last ?? plan.total
      let shape = [Int](repeating: 1, count: 4 - (mask?.rank ?? 4)) + (mask?.shape ?? [])
      strides = zip(shape, EspalierGraph.strides(of: shape)).map { $0 == 1 ? 0 : $1 }
    }

    /// - Returns: Whether every key is hidden, whatever the scores are.
    func apply(to row: inout [Double], _ item: Int, _ head: Int, _ token: Int) -> Bool {
      var isBlind = true
      for key in row.indices {
        var addend = 0.0
        if let values {
          let start = item * strides[0] + head * strides[1] + token * strides[2]
          addend = key < width ? values[start + key] : -.infinity
        }
        let isPadding = lengths.map { key >= $0[item] } ?? false
        let distance = key - offsets[item] - token
        let isOutside =
          keysAfter.map { distance > $0 } ?? false || keysBefore.map { -distance > $0 } ?? false
        if isPadding || isOutside { addend = -.infinity }
        row[key] = addend == -.infinity ? addend : row[key] + addend
        isBlind = isBlind && addend == -.infinity
      }
      return isBlind
    }
  }
}

extension Attention {
  /// Queries `KV x R x D`, keys `KV x D`, values `KV x V`, result `KV x R x V`.
  public func mapChannels(_ map: inout ChannelMap) {
    guard let plan = try? plan(map.inputs.map { $0?.shape }), map.inputs.count <= 4,
      map.outputs.count == 1
    else {
      return map.freezeAll(
        .semantic(node: map.node.name, "attention with past keys or further outputs"))
    }
    let keyHeads = map.fresh(plan.key.heads)
    let queryHeads = map.product([keyHeads, map.fresh(plan.query.heads / plan.key.heads)])
    let (size, valueSize) = (map.fresh(plan.key.size), map.fresh(plan.value.size))
    func relate(_ input: Int, _ heads: Axis, _ size: Axis) -> [Axis] {
      let axes = map.axes(input)
      if axes.count == 3 {
        map.relate(axes[2], map.product([heads, size]))
      } else {
        map.relate(axes[1], heads)
        map.relate(axes[3], size)
      }
      return axes
    }
    let query = relate(0, queryHeads, size)
    let key = relate(1, keyHeads, size)
    let value = relate(2, keyHeads, valueSize)
    let tokens = plan.query.isPacked ? 1 : 2
    map.freeze([query[tokens], key[tokens], value[tokens]], .spatial)
    for batch in [key[0], value[0]] { map.relate(batch, query[0]) }
    if map.has(3) {
      // Images and heads of a mask broadcast or follow those of the queries.
      let shape = map.shape(3)
      for index in shape.indices where shape[index] != 1 {
        switch shape.count - index {
        case 4: map.bind(3, index, query[0])
        case 3: map.bind(3, index, queryHeads)
        default: map.bind(3, index, map.frozen(shape[index], .spatial))
        }
      }
    }
    if plan.query.isPacked {
      map.rewrite(.number("q_num_heads", Extent(queryHeads)))
      map.rewrite(.number("kv_num_heads", Extent(keyHeads)))
    }
    // The default scale is of the head's extent: removing channels must not change it.
    if scale == nil { map.rewrite(.float("scale", 1 / Float(plan.key.size).squareRoot())) }
    map.attend(size: size, queries: query[tokens], keys: key[tokens])
    map.mix([key[tokens], value[tokens]])
    map.outputAxes = [
      plan.query.isPacked
        ? [query[0], query[1], map.product([queryHeads, valueSize])]
        : [query[0], queryHeads, query[2], valueSize]
    ]
  }
}
