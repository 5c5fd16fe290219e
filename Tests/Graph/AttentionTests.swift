import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct AttentionTests {
  /// Two queries and two orthogonal keys: equal scores of 1/sqrt(2) where they meet.
  private let query = Tensor([1, 0, 0, 1], shape: [1, 1, 2, 2])
  private let value = Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2])

  @Test func `scores weigh the values`() throws {
    let y = try evaluating(
      .attention, [query, query, value], ["scale": .float(1000)], opset: 23)
    // So large a scale makes each query choose its own key.
    #expect(y[0].floats == [1, 2, 3, 4])
    let flat = try evaluating(.attention, [query, query, value], ["scale": .float(0)], opset: 23)
    #expect(flat[0].floats == [2, 3, 2, 3])
  }

  @Test func `the default scale is one over the root of the head's size`() throws {
    let scores = try evaluating(
      .attention, [query, query, value], opset: 23, outputs: 4)[3].floats
    #expect(agree(scores, [0.70710678, 0, 0, 0.70710678]))
  }

  @Test func `a causal query sees no later key, but all of the past`() throws {
    let flat: [String: Attribute] = ["is_causal": .integer(1), "scale": .float(0)]
    let y = try evaluating(.attention, [query, query, value], flat, opset: 23)
    #expect(y[0].floats == [1, 2, 2, 3])
    let past = Tensor([5, 6], shape: [1, 1, 1, 2])
    let later = try evaluating(
      .attention, [query, query, value, nil, past, past], flat, opset: 23, outputs: 3)
    #expect(later[0].floats == [3, 4, 3, 4])
    #expect(later[1] == Tensor([5, 6, 1, 0, 0, 1], shape: [1, 1, 3, 2]))
    #expect(later[2] == Tensor([5, 6, 1, 2, 3, 4], shape: [1, 1, 3, 2]))
  }

  @Test func `a window hides keys on either side`() throws {
    func seen(_ before: Int64, _ after: Int64, _ lengths: Tensor? = nil) throws -> [Float] {
      let keys = ones([1, 1, 4, 1])
      return try evaluating(
        .attention, [ones([1, 1, 2, 1]), keys, ramp([1, 1, 4, 1]), nil, nil, nil, lengths],
        ["left_window_size": .integer(before), "right_window_size": .integer(after)], opset: 25)[0]
        .floats
    }
    #expect(try seen(-1, -1) == [1.5, 1.5])
    #expect(try seen(0, 0) == [0, 1])
    #expect(try seen(-1, 1) == [0.5, 1])
    #expect(try seen(0, 2) == [1, 2])
    // Of three filled keys the queries stand at the last two.
    #expect(try seen(1, 0, Tensor(integers: [3])) == [0.5, 1.5])
    #expect(
      errorCode(.attention, [query, query, value], ["left_window_size": .integer(-2)])
        == .badAttribute)
  }

  @Test func `masks hide keys or add to their scores`() throws {
    let flat: [String: Attribute] = ["scale": .float(0)]
    let hiding = Tensor(booleans: [true, false, true, true], shape: [2, 2])
    let hidden = try evaluating(.attention, [query, query, value, hiding], flat, opset: 23)
    #expect(hidden[0].floats == [1, 2, 2, 3])
    let adding = Tensor([0, -.infinity], shape: [1, 2])
    let added = try evaluating(.attention, [query, query, value, adding], flat, opset: 23)
    #expect(added[0].floats == [1, 2, 1, 2])
    let short = Tensor([0, 0], shape: [2, 1])
    let padded = try evaluating(.attention, [query, query, value, short], flat, opset: 23)
    #expect(padded[0].floats == [1, 2, 1, 2])
    let lengths = Tensor(integers: [1])
    let counted = try evaluating(
      .attention, [query, query, value, nil, nil, nil, lengths], flat, opset: 24)
    #expect(counted[0].floats == [1, 2, 1, 2])
  }

  @Test func `neighbouring query heads share a key head`() throws {
    // Four query heads, two key heads with one token each: the result is its value.
    let y = try evaluating(
      .attention,
      [ones([1, 4, 1, 2]), ones([1, 2, 1, 2]), Tensor([7, 8], shape: [1, 2, 1, 1])], opset: 23)
    #expect(y[0].floats == [7, 7, 8, 8])
    #expect(
      errorCode(
        .attention, [ones([1, 3, 1, 2]), ones([1, 2, 1, 2]), ones([1, 2, 1, 1])], opset: 23)
        == .badShape)
  }

  @Test func `three axes pack the heads after the tokens`() throws {
    var random = Seeded(seed: 77)
    let (q, k, v) = (
      random.tensor([2, 3, 8]), random.tensor([2, 5, 4]), random.tensor([2, 5, 6])
    )
    let heads: [String: Attribute] = ["q_num_heads": .integer(4), "kv_num_heads": .integer(2)]
    let packed = try evaluating(.attention, [q, k, v], heads, opset: 23)[0]
    #expect(packed.shape == [2, 3, 12])
    /// `[batch, tokens, heads * size]` as `[batch, heads, tokens, size]`.
    func unpacked(_ tensor: Tensor, _ heads: Int) -> Tensor {
      let (tokens, size) = (tensor.shape[1], tensor.shape[2] / heads)
      var positions: [Int] = []
      let shape = [2, heads, tokens, size]
      forEachIndex(of: shape) { index in
        positions.append(((index[0] * tokens + index[2]) * heads + index[1]) * size + index[3])
      }
      return tensor.gathering(positions, shape: shape)
    }
    let apart = try evaluating(
      .attention, [unpacked(q, 4), unpacked(k, 2), unpacked(v, 2)], opset: 23)[0]
    #expect(agree(unpacked(packed, 4).floats, apart.floats), "seed 77")
  }

  @Test func `the scores output shows each stage`() throws {
    let mask = Tensor([0, 1], shape: [1, 2])
    func scores(_ mode: Int64) throws -> [Float] {
      Array(
        try evaluating(
          .attention, [query, query, value, mask],
          [
            "qk_matmul_output_mode": .integer(mode), "scale": .float(1), "softcap": .float(0.5),
          ], opset: 23, outputs: 4)[3].floats[..<2])
    }
    #expect(agree(try scores(0), [1, 0]))
    #expect(agree(try scores(1), [0.48201379, 0]))
    #expect(agree(try scores(2), [0.48201379, 1]))
    #expect(agree(try scores(3), [0.37332326, 0.62667674]))
  }

  @Test func `rotation by a quarter turn exchanges the pair`() throws {
    let x = Tensor([1, 2, 3, 4], shape: [1, 1, 1, 4])
    let cosines = Tensor([1, 1, 0, 0], shape: [2, 2])
    let sines = Tensor([0, 0, 1, 1], shape: [2, 2])
    let second = Tensor(integers: [1], shape: [1, 1])
    let halves = try evaluating(.rotaryEmbedding, [x, cosines, sines, second], opset: 23)
    #expect(halves[0].floats == [-3, -4, 1, 2])
    let pairs = try evaluating(
      .rotaryEmbedding, [x, cosines, sines, second], ["interleaved": .integer(1)], opset: 23)
    #expect(pairs[0].floats == [-2, 1, -4, 3])
    let outside = Tensor(integers: [2], shape: [1, 1])
    #expect(errorCode(.rotaryEmbedding, [x, cosines, sines, outside], opset: 23) == .badIndex)
  }

  @Test func `rotation may stop short of the head's end`() throws {
    let x = Tensor([1, 2, 3, 4], shape: [1, 1, 4])
    let y = try evaluating(
      .rotaryEmbedding, [x, Tensor([0], shape: [1, 1, 1]), Tensor([1], shape: [1, 1, 1])],
      ["rotary_embedding_dim": .integer(2), "num_heads": .integer(1)], opset: 23)
    #expect(y[0].floats == [-2, 1, 3, 4])
  }

  @Test func `what does not fit is an error`() {
    let past = ones([1, 1, 1, 2])
    #expect(errorCode(.attention, [query, query, value, nil, past], opset: 23) == .badArity)
    #expect(
      errorCode(.attention, [query, query, value, ones([2, 3])], opset: 23) == .badShape)
    #expect(errorCode(.attention, [ones([2, 2]), query, value], opset: 23) == .badShape)
    #expect(
      errorCode(.attention, [query, query, value], ["q_num_heads": .integer(3)], opset: 23)
        == .badShape)
    #expect(
      errorCode(
        .rotaryEmbedding, [ones([1, 1, 4]), ones([1, 1, 2]), ones([1, 1, 2])], opset: 23)
        == .badShape)
  }
}
