import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct AttentionTests {
  /// Query, key and value of one linear layer, told apart after the reshape: their sizes are one.
  @Test func fusedWithTheThreeOutermost() throws {
    var net = Net()
    let all = net.reshape(net.linear(net.input([1, 5, 10]), 10, 36), [1, 5, 3, 3, 4])
    let apart = net.transpose(all, [2, 0, 3, 1, 4])
    let parts = (0..<3).map { net.pick(apart, $0, axis: 0) }
    let mixed = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
    let y = net.linear(net.merged(mixed, 12), 12, 6)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 1)
  }

  @Test func fusedWithTheHeadsOutermost() throws {
    var net = Net()
    let all = net.reshape(net.linear(net.input([1, 5, 10]), 10, 36), [1, 5, 3, 3, 4])
    let parts = net.split(all, [1, 1, 1], axis: 3).map {
      net.transpose(net.node("Squeeze", [$0, net.integers([3])]), [0, 2, 1, 3])
    }
    let mixed = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
    let y = net.linear(net.merged(mixed, -1), 12, 6)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 1)
  }

  /// Split before the reshape: values have a size of their own.
  @Test func fusedAndSplitBeforeTheReshape() throws {
    var net = Net()
    let all = net.linear(net.input([1, 5, 10]), 10, 36)
    let parts = net.split(all, [12, 12, 12], axis: -1).map { net.heads($0, 3, 4) }
    let mixed = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
    let y = net.linear(net.merged(mixed, -1), 12, 6)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4, 4], lists: 2)
  }

  /// 1/sqrt(D) is a constant of the trained function, and stays when D shrinks.
  @Test func theScaleStays() throws {
    var net = Net()
    let x = net.input([1, 5, 6])
    let (q, k, v) = (net.linear(x, 6, 8), net.linear(x, 6, 8), net.linear(x, 6, 8))
    let scale = net.scalar(0.5)
    let scores = net.matmul(net.heads(q, 2, 4), net.transpose(net.heads(k, 2, 4), [0, 1, 3, 2]))
    let weights = net.node("Softmax", [net.multiply(scores, scale)])
    let y = net.linear(net.merged(net.matmul(weights, net.heads(v, 2, 4)), 8), 8, 3)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [2, 4, 4], lists: 2)
    let pruned = oracle.coupling.pruned(oracle.randomKeptChannels(removing: 0.5, seed: 1))
    #expect(pruned.values[scale].constant?.doubles == [0.5])
  }

  /// Two key heads for eight query heads; tables of rotations know no head, so pairs are shared.
  @Test func groupedQueriesWithRotaryPositions() throws {
    let oracle = try Oracle(Self.groupedQueries(keyHeads: 2, perKey: 4))
    // Key heads, queries of each, pairs of the rotation, value size.
    try oracle.checkAll(groups: [2, 4, 4, 6], lists: 2)
    let pairs = oracle.coupling.groups.filter { $0.size == 4 && $0.partner == nil }
    #expect(pairs.count == 1)
  }

  /// One key head: queries are pruned, and values have no head to differ over.
  @Test func oneKeyHeadForAllQueries() throws {
    let oracle = try Oracle(Self.groupedQueries(keyHeads: 1, perKey: 5))
    try oracle.checkAll(groups: [4, 5, 6], lists: 0)
  }

  static func groupedQueries(keyHeads: Int, perKey: Int) -> Graph {
    var net = Net()
    let (tokens, width, size, valueSize) = (5, 12, 8, 6)
    let heads = keyHeads * perKey
    let x = net.input([1, tokens, width])
    let (cosine, sine) = (net.weight([tokens, size]), net.weight([tokens, size]))
    let q = net.heads(net.linear(x, width, heads * size), Int64(heads), Int64(size))
    let k = net.heads(net.linear(x, width, keyHeads * size), Int64(keyHeads), Int64(size))
    let v = net.heads(net.linear(x, width, keyHeads * valueSize), Int64(keyHeads), Int64(valueSize))
    func repeated(_ x: Graph.ValueID, _ size: Int) -> Graph.ValueID {
      let apart = net.node("Unsqueeze", [x, net.integers([2])])
      let shape = [1, keyHeads, perKey, tokens, size].map { Int64($0) }
      let wide = net.node("Expand", [apart, net.integers(shape)])
      return net.reshape(wide, [1, heads, tokens, size].map { Int64($0) })
    }
    let query = net.rotated(q, cosine, sine, Int64(size))
    let key = repeated(net.rotated(k, cosine, sine, Int64(size)), size)
    let mixed = net.attend(query, net.transpose(key, [0, 1, 3, 2]), repeated(v, valueSize))
    let width2 = heads * valueSize
    return net.finished([net.linear(net.merged(mixed, Int64(width2)), width2, 7)])
  }

  /// Pairs of neighbours: even and odd elements by strided slices.
  @Test func rotaryPositionsOfNeighbours() throws {
    var net = Net()
    let x = net.input([1, 5, 12])
    let (cosine, sine) = (net.weight([5, 4]), net.weight([5, 4]))
    func rotated(_ x: Graph.ValueID) -> Graph.ValueID {
      let apart = net.heads(x, 3, 8)
      let even = net.slice(apart, 0, .max, axis: 3, step: 2)
      let odd = net.slice(apart, 1, .max, axis: 3, step: 2)
      let first = net.node("Sub", [net.multiply(even, cosine), net.multiply(odd, sine)])
      let second = net.add(net.multiply(even, sine), net.multiply(odd, cosine))
      let pairs = [first, second].map { net.node("Unsqueeze", [$0, net.integers([-1])]) }
      return net.reshape(net.concat(pairs, axis: -1), [1, 3, 5, 8])
    }
    let q = rotated(net.linear(x, 12, 24)), k = rotated(net.linear(x, 12, 24))
    let v = net.heads(net.linear(x, 12, 24), 3, 8)
    let mixed = net.attend(q, net.transpose(k, [0, 1, 3, 2]), v)
    let y = net.linear(net.merged(mixed, 24), 24, 3)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4, 8], lists: 1)
  }

  /// Only the first elements of a head are turned: a sum inside a product.
  @Test func rotaryPositionsOfAPartOfTheHead() throws {
    var net = Net()
    let apart = net.reshape(net.linear(net.input([1, 5, 12]), 12, 24), [1, 5, 3, 8])
    let low = net.slice(apart, 0, 3, axis: -1), high = net.slice(apart, 3, 8, axis: -1)
    let turned = net.concat([net.tanh(high), low], axis: -1)
    let y = net.linear(net.reshape(turned, [1, 5, 24]), 24, 5)
    try Oracle(net.finished([y])).checkAll(groups: [3, 3, 5], lists: 2)
  }

  /// Every list differs over the rows that a Gram matrix pairs with each other: not so.
  @Test func aGramMatrixKeepsOneListForAllRows() throws {
    var net = Net()
    let x = net.tanh(net.gemm(net.input([1, 10]), 10, 24))
    let rows = net.reshape(x, [1, 4, 6])
    let gram = net.matmul(rows, net.transpose(rows, [0, 2, 1]))
    let y = net.gemm(net.reshape(gram, [1, 16]), 16, 3)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.contains { $0.size == 6 && $0.partner == nil })
    #expect(oracle.coupling.groups.allSatisfy { $0.partner == nil })
    try oracle.checkAll()
  }

  @Test func aGramMatrixByEinsumKeepsOneListForAllRows() throws {
    var net = Net()
    let rows = net.reshape(net.tanh(net.gemm(net.input([1, 10]), 10, 24)), [1, 4, 6])
    let gram = net.node("Einsum", [rows, rows], ["equation": .string(Array("bik,bjk->bij".utf8))])
    let y = net.gemm(net.reshape(gram, [1, 16]), 16, 3)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.allSatisfy { $0.partner == nil })
    try oracle.checkAll()
  }

  /// Restormer: channels attend to channels, so the softmax holds them; heads may go.
  @Test func attentionAmongChannels() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let parts = (0..<3).map { _ in net.reshape(net.conv(x, 3, 12, kernel: 1), [1, 3, 4, 16]) }
    let mixed = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
    let y = net.conv(net.reshape(mixed, [1, 12, 4, 4]), 12, 4, kernel: 1)
    // Heads, and the queries' rows, which nothing sums over; keys and values are held.
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 1)
  }

  /// Swin: windows of positions, a table of biases by relative position, heads.
  @Test func windowsWithATableOfRelativePositions() throws {
    var net = Net()
    // 4 x 4 positions in windows of 2 x 2, two heads of 3.
    let x = net.linear(net.input([1, 4, 4, 5]), 5, 6)
    let apart = net.transpose(
      net.reshape(net.layerNorm(x, 6), [1, 2, 2, 2, 2, 6]), [0, 1, 3, 2, 4, 5])
    let windows = net.reshape(apart, [4, 4, 6])
    let all = net.reshape(net.linear(windows, 6, 18), [4, 4, 3, 2, 3])
    let turned = net.transpose(all, [2, 0, 3, 1, 4])
    let parts = (0..<3).map { net.pick(turned, $0, axis: 0) }
    let table = net.weight([9, 2])
    let places = net.integers([4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4])
    let biases = net.reshape(net.node("Gather", [table, places]), [4, 4, 2])
    let bias = net.node("Unsqueeze", [net.transpose(biases, [2, 0, 1]), net.integers([0])])
    let scores = net.matmul(parts[0], net.transpose(parts[1], [0, 1, 3, 2]))
    let weights = net.node("Softmax", [net.add(scores, bias)])
    let mixed = net.linear(net.merged(net.matmul(weights, parts[2]), 6), 6, 6)
    let back = net.reshape(
      net.transpose(net.reshape(mixed, [1, 2, 2, 2, 2, 6]), [0, 1, 3, 2, 4, 5]), [1, 4, 4, 6])
    let y = net.linear(net.add(x, back), 6, 4)
    try Oracle(net.finished([y])).checkAll(groups: [2, 3, 6], lists: 1)
  }

  /// Swin's patch merging: every fourth position laid side by side; index i goes four times.
  @Test func mergedPatchesLoseAnIndexFourTimes() throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 4, 3]), 3, 6)
    let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
      net.slice(net.slice(x, row, .max, axis: 1, step: 2), column, .max, axis: 2, step: 2)
    }
    let weight = net.weight([24, 5])
    let all = net.layerNorm(net.concat(corners, axis: -1), 24)
    let y = net.linear(net.matmul(all, weight), 5, 3)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [5, 6], lists: 0)
    let keptChannels = oracle.removing([2], of: try oracle.group(ofSize: 6))
    let kept = try oracle.kept(net.graph.values[weight].name, axis: 0, keptChannels)
    #expect(kept == (0..<24).filter { $0 % 6 != 2 })
  }
}
