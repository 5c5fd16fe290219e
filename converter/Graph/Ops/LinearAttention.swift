internal import Glibc

/// Attention by a state of the size `keys x values` for each head, updated token after token.
///
/// Inputs: queries, keys and values `[batch, tokens, heads * size]`, the past state
/// `[batch, key heads, key size, value size]` (zeros where left out), the decay's logarithm and the rate.
/// With the state `S`, the decay `g` and the rate `b` of a token: `S = exp(g) * S` by the gated rules,
/// then `S = S + k (b * (v - S'k))'` by the delta rules, else `S = S + k v'`; a query of the head gets
/// `scale * S'q`. Each key head serves as many query heads as there are to one, neighbours together.
/// Outputs: the result and the last state.
public struct LinearAttention: Operator {
  /// Whether the state decays before each token.
  public let isGated: Bool
  /// Whether a token writes what its value differs by from what the state has for its key.
  public let correctsByDelta: Bool
  /// `1 / sqrt(key size)` where nil.
  public let scale: Float?
  private let queryHeads: Int
  private let keyHeads: Int
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    let rule = try node.string("update_rule", default: "gated_delta")
    guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else {
      throw GraphError(
        .badAttribute, "update_rule \"\(rule)\" is none of linear, gated, delta and gated_delta")
    }
    isGated = rule.hasPrefix("gated")
    correctsByDelta = rule.hasSuffix("delta")
    let given = try node.float("scale", default: 0)
    scale = given == 0 ? nil : given
    guard let queryHeads = try node.integer("q_num_heads"), queryHeads > 0,
      let keyHeads = try node.integer("kv_num_heads"), keyHeads > 0, queryHeads % keyHeads == 0
    else {
      throw GraphError(
        .badAttribute, "q_num_heads must be given, and be a positive multiple of kv_num_heads")
    }
    (self.queryHeads, self.keyHeads) = (queryHeads, keyHeads)
    outputCount = max(1, node.outputCount)
    guard outputCount <= 2 else {
      throw GraphError(.badArity, "\(outputCount) outputs are named, of two")
    }
  }

  /// The extents of a linear attention.
  package struct Plan: Sendable {
    package var query: HeadLayout
    package var key: HeadLayout
    package var value: HeadLayout
    /// Query heads for each key head.
    package var group: Int
    /// Whether the decay is one number for a head, not one for each place of a key.
    package var decaysByHead: Bool
    /// Whether all heads have one rate.
    package var sharesRate: Bool
    /// Extents of the state.
    package var state: [Int] { [key.batch, key.heads, key.size, value.size] }
  }

  /// The extents for given inputs.
  /// - Throws: `GraphError` where their shapes do not fit each other.
  package func plan(_ inputs: [[Int]?]) throws(GraphError) -> Plan {
    let (q, k, v) = (inputs[0]!, inputs[1]!, inputs[2]!)
    guard q.count == 3, k.count == 3, v.count == 3, k[0] == q[0], v[0] == q[0], k[1] == q[1],
      v[1] == q[1]
    else {
      throw GraphError(
        .badShape, "queries \(q), keys \(k), values \(v) are not [batch, tokens, heads * size]")
    }
    let query = try HeadLayout(q, heads: queryHeads, "the query")
    let key = try HeadLayout(k, heads: keyHeads, "the key")
    let value = try HeadLayout(v, heads: keyHeads, "the value")
    guard query.size == key.size else {
      throw GraphError(
        .badShape, "queries of \(query.size) places do not meet keys of \(key.size)")
    }
    let decay = inputs.count > 4 ? inputs[4] : nil
    let rate = inputs.count > 5 ? inputs[5] : nil
    guard (decay != nil) == isGated, (rate != nil) == correctsByDelta else {
      throw GraphError(
        .badArity, "the decay belongs to the gated rules alone, the rate to the delta rules alone")
    }
    let outer = [key.batch, key.tokens]
    let fits =
      decay.map { $0 == outer + [keyHeads] || $0 == outer + [keyHeads * key.size] } ?? true
    guard fits, rate.map({ $0 == outer + [keyHeads] || $0 == outer + [1] }) ?? true else {
      throw GraphError(
        .badShape, "a decay \(decay ?? []) or a rate \(rate ?? []) does not suit keys \(k)")
    }
    return Plan(
      query: query, key: key, value: value, group: queryHeads / keyHeads,
      decaysByHead: decay?[2] == keyHeads, sharesRate: rate?[2] == 1)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 6, inputs)
    let given = inputs + [OperatorInput?](repeating: nil, count: 6 - inputs.count)
    try Operands.floatingPoint([given[0], given[1], given[2], given[4], given[5]])
    if given[3] != nil { try Operands.floatingPoint([given[3]]) }
    let plan = try plan(given.map { $0?.shape })
    try Operands.shape(given[3], plan.state, "the past state")
    let type = given[0]!.elementType
    let result = [plan.query.batch, plan.query.tokens, plan.query.heads * plan.value.size]
    let types = [
      try TensorType(type, result).checked(),
      try TensorType(given[3]?.elementType ?? type, plan.state).checked(),
    ]
    return Array(types.prefix(outputCount))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let given = inputs + [Tensor?](repeating: nil, count: 6 - inputs.count)
    let plan = try plan(given.map { $0?.shape })
    let (query, key, value) = (plan.query, plan.key, plan.value)
    let (queries, keys, values) = (given[0]!.doubles, given[1]!.doubles, given[2]!.doubles)
    let (decay, rate) = (given[4]?.doubles, given[5]?.doubles)
    let scale = scale.map { Double($0) } ?? 1 / Double(key.size).squareRoot()
    var states = given[3]?.doubles ?? [Double](repeating: 0, count: elementCount(plan.state))
    var output = [Double](
      repeating: 0, count: query.batch * query.tokens * query.heads * value.size)

    for item in 0..<key.batch {
      for head in 0..<key.heads {
        let start = (item * key.heads + head) * key.size * value.size
        for token in 0..<key.tokens {
          let place = (item * key.tokens + token) * key.heads + head
          if let decay {
            for row in 0..<key.size {
              let factor = exp(decay[plan.decaysByHead ? place : place * key.size + row])
              for column in 0..<value.size { states[start + row * value.size + column] *= factor }
            }
          }
          for column in 0..<value.size {
            var written = values[place * value.size + column]
            if let rate {
              var known = 0.0
              for row in 0..<key.size {
                known += states[start + row * value.size + column] * keys[place * key.size + row]
              }
              written =
                rate[plan.sharesRate ? item * key.tokens + token : place] * (written - known)
            }
            for row in 0..<key.size {
              states[start + row * value.size + column] += keys[place * key.size + row] * written
            }
          }
          for member in 0..<plan.group {
            let own =
              (item * query.tokens + token) * query.heads + head * plan.group + member
            for row in 0..<key.size {
              addRow(
                scale * queries[own * key.size + row], states, at: start + row * value.size,
                to: &output, at: own * value.size, count: value.size)
            }
          }
        }
      }
    }
    let types = try infer(inputs.map { $0.map { OperatorInput($0.type) } })
    return zip(types, [output, states]).map {
      Tensor(elementType: $0.elementType, shape: $0.shape, doubles: $1)
    }
  }

  /// What reads and writes the state: once for each query, and once or, by the delta rules, twice for
  /// each key.
  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    guard let plan = try? plan(inputs.map { $0?.shape }) else { return 0 }
    return elementCount(plan.state) * plan.key.tokens * (plan.group + (correctsByDelta ? 2 : 1))
  }
}
