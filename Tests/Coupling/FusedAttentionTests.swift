import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// Attention and rotary positions as operators of their own (opset 23).
@Suite struct FusedAttentionTests {
  @Test func packedHeads() throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let y = net.node(
      "Attention", [net.linear(x, 6, 12), net.linear(x, 6, 12), net.linear(x, 6, 9)],
      ["q_num_heads": .integer(3), "kv_num_heads": .integer(3)])
    let oracle = try Oracle(net.finished([net.linear(y, 9, 4)]))
    try oracle.checkAll(groups: [3, 3, 4], lists: 2)
    // The default scale follows the head's extent: it is written down when that shrinks.
    let pruned = oracle.coupling.pruned(oracle.removing([1], of: try oracle.group(ofSize: 4)))
    let node = try #require(pruned.nodes.first { $0.operation == "Attention" })
    #expect(node.attributes["scale"] == .float(0.5))
  }

  @Test func packedGroupedQueries() throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let y = net.node(
      "Attention", [net.linear(x, 6, 24), net.linear(x, 6, 8), net.linear(x, 6, 6)],
      ["q_num_heads": .integer(6), "kv_num_heads": .integer(2), "scale": .float(0.3)])
    let oracle = try Oracle(net.finished([net.linear(y, 18, 4)]))
    // Key heads, queries of each, value size, query and key size.
    try oracle.checkAll(groups: [2, 3, 3, 4], lists: 3)
  }

  @Test func headsOnAnAxisOfTheirOwnWithAMask() throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let parts = (0..<3).map { _ in net.heads(net.linear(x, 6, 12), 3, 4) }
    let mask = net.weight([3, 5, 5])
    let y = net.node("Attention", parts + [mask])
    let oracle = try Oracle(net.finished([net.linear(net.merged(y, 12), 12, 4)]))
    try oracle.checkAll(groups: [3, 4, 4], lists: 2)
  }

  /// Tokens of a linear layer's making: heads and their sizes keep one list for all tokens.
  @Test func tokensThatMeetInAttention() throws {
    var net = Net(opset: 23)
    let x = net.reshape(net.gemm(net.input([1, 7]), 7, 48), [1, 4, 12])
    let y = net.node(
      "Attention", [x, x, x], ["q_num_heads": .integer(3), "kv_num_heads": .integer(3)])
    let oracle = try Oracle(net.finished([net.gemm(net.reshape(y, [1, 48]), 48, 3)]))
    try oracle.checkAll(groups: [3, 4], lists: 1)
  }

  @Test(arguments: [false, true]) func rotaryPositionsOfPackedHeads(_ interleaved: Bool) throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let (cosine, sine) = (net.weight([1, 5, 2]), net.weight([1, 5, 2]))
    let parts = (0..<2).map { _ in
      net.node(
        "RotaryEmbedding", [net.linear(x, 6, 12), cosine, sine],
        ["num_heads": .integer(3), "interleaved": .integer(interleaved ? 1 : 0)])
    }
    let y = net.node(
      "Attention", parts + [net.linear(x, 6, 12)],
      ["q_num_heads": .integer(3), "kv_num_heads": .integer(3)])
    let oracle = try Oracle(net.finished([net.linear(y, 12, 4)]))
    // Heads, value size with lists, and pairs, which the tables share among heads.
    try oracle.checkAll(groups: [2, 3, 4], lists: 1)
  }

  @Test func rotaryPositionsOfAPartOfTheHead() throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let (cosine, sine) = (net.weight([9, 2]), net.weight([9, 2]))
    let places = net.graph.addConstant("places", Tensor(integers: [0, 2, 4, 6, 8], shape: [1, 5]))
    let parts = (0..<2).map { _ in
      net.node(
        "RotaryEmbedding", [net.heads(net.linear(x, 6, 18), 3, 6), cosine, sine, places],
        ["rotary_embedding_dim": .integer(4)])
    }
    let y = net.node("Attention", parts + [net.heads(net.linear(x, 6, 12), 3, 4)])
    let oracle = try Oracle(net.finished([net.linear(net.merged(y, 12), 12, 4)]))
    try oracle.checkAll(groups: [2, 2, 3, 4], lists: 2)
  }
}
