import EspalierGraph
import EspalierSeeded
import Testing

/// Operators that carry a state from call to call; values by hand.
@Suite struct StateTests {
  private let linear: [String: Attribute] = [
    "q_num_heads": .integer(1), "kv_num_heads": .integer(1),
    "update_rule": .string(Array("linear".utf8)), "scale": .float(1),
  ]

  private func rule(_ name: String) -> [String: Attribute] {
    linear.merging(["update_rule": .string(Array(name.utf8))]) { $1 }
  }

  @Test func `a causal convolution sees the past alone, and hands on what it has seen`() throws {
    let x = Tensor([1, 2, 3, 4], shape: [1, 2, 2])
    let kernels = Tensor([1, 10, 100, 0, 0, 1], shape: [2, 1, 3])
    let y = try evaluating(.causalConvWithState, [x, kernels], opset: 27, outputs: 2)
    #expect(y[0].floats == [100, 210, 3, 4])
    #expect(y[1] == Tensor([1, 2, 3, 4], shape: [1, 2, 2]))
    let past = Tensor([5, 6, 7, 8], shape: [1, 2, 2])
    let bias = vector([0.5, -1])
    let next = try evaluating(
      .causalConvWithState, [Tensor([1, 3], shape: [1, 2, 1]), kernels, bias, past], opset: 27,
      outputs: 2)
    #expect(next[0].floats == [165.5, 2])
    #expect(next[1].floats == [6, 1, 8, 3])
    let swish = try evaluating(
      .causalConvWithState, [Tensor([2], shape: [1, 1, 1]), ones([1, 1, 1])],
      ["activation": .string(Array("swish".utf8))], opset: 27)
    #expect(agree(swish[0].floats, [1.7615942]))
  }

  @Test func `a linear state sums keys by values`() throws {
    let keys = Tensor([1, 0, 1, 1], shape: [1, 2, 2])
    let values = Tensor([2, 5], shape: [1, 2, 1])
    let queries = Tensor([1, 1, 1, 10], shape: [1, 2, 2])
    let y = try evaluating(
      .linearAttention, [queries, keys, values], linear, opset: 27, outputs: 2)
    #expect(y[0] == Tensor([2, 57], shape: [1, 2, 1]))
    #expect(y[1] == Tensor([7, 5], shape: [1, 1, 2, 1]))
    // By default the scale is one over the root of the key's size.
    let plain = linear.filter { $0.key != "scale" }
    let scaled = try evaluating(.linearAttention, [queries, keys, values], plain, opset: 27)
    #expect(agree(scaled[0].floats, [1.4142136, 40.305087]))
  }

  @Test func `a gated state halves, and a delta writes what is missing`() throws {
    let one = ones([1, 1, 1])
    let past = Tensor([8], shape: [1, 1, 1, 1])
    let half = Tensor([-0.6931472], shape: [1, 1, 1])
    let gated = try evaluating(
      .linearAttention, [one, one, one, past, half], rule("gated"), opset: 27, outputs: 2)
    #expect(agree(gated[1].floats, [5]))
    // Of the missing 1 - 8 a quarter is written.
    let quarter = Tensor([0.25], shape: [1, 1, 1])
    let delta = try evaluating(
      .linearAttention, [one, one, one, past, nil, quarter], rule("delta"), opset: 27, outputs: 2)
    #expect(agree(delta[1].floats, [6.25]))
    let both = try evaluating(
      .linearAttention, [one, one, one, past, half, quarter], rule("gated_delta"), opset: 27,
      outputs: 2)
    #expect(agree(both[0].floats + both[1].floats, [3.25, 3.25]))
  }

  @Test func `what a rule lacks or does not take is an error`() {
    let one = ones([1, 1, 1])
    #expect(errorCode(.linearAttention, [one, one, one], rule("gated")) == .badArity)
    #expect(errorCode(.linearAttention, [one, one, one, nil, one], linear) == .badArity)
    #expect(errorCode(.linearAttention, [one, one, one], rule("slow")) == .badAttribute)
    #expect(
      errorCode(.linearAttention, [one, one, one], ["q_num_heads": .integer(1)]) == .badAttribute)
    #expect(errorCode(.linearAttention, [one, one, one, one], linear) == .badShape)
    #expect(errorCode(.causalConvWithState, [one, ones([2, 1, 1])]) == .badShape)
    #expect(
      errorCode(.causalConvWithState, [one, one], ["activation": .string(Array("relu".utf8))])
        == .badAttribute)
  }

  @Test func `a cache is written where each item says`() throws {
    let cache = ramp([2, 3, 1])
    let update = Tensor([-1, -2], shape: [2, 1, 1])
    #expect(try evaluating(.tensorScatter, [cache, update])[0].floats == [-1, 1, 2, -2, 4, 5])
    let places = Tensor(integers: [2, 0])
    #expect(
      try evaluating(.tensorScatter, [cache, update, places])[0].floats == [0, 1, -1, -2, 4, 5])
    let two = Tensor([-1, -2, -3, -4], shape: [2, 2, 1])
    #expect(errorCode(.tensorScatter, [cache, two, places]) == .badIndex)
    let circular = ["mode": Attribute.string(Array("circular".utf8))]
    #expect(
      try evaluating(.tensorScatter, [cache, two, places], circular)[0].floats
        == [-2, 1, -1, -3, -4, 5])
    #expect(errorCode(.tensorScatter, [cache, update], ["axis": .integer(0)]) == .badAttribute)
    #expect(errorCode(.tensorScatter, [update, cache]) == .badShape)
  }
}
