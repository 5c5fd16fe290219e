import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct BasicTests {
  /// Two convolutions in a row: one group between them, outer channels held by input and output.
  @Test func channelsBetweenTwoConvolutions() throws {
    var net = Net()
    let x = net.input([1, 3, 6, 6])
    let y = net.conv(net.relu(net.conv(x, 3, 8, kernel: 3)), 8, 5, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.map(\.size) == [8])
    #expect(oracle.coupling.groups[0].members.map(\.role) == [.output, .parameter, .input])
    try oracle.checkAll()
  }

  @Test func residualSumsShareTheirChannels() throws {
    var net = Net()
    let x = net.input([1, 3, 6, 6])
    let stem = net.batchNorm(net.conv(x, 3, 8, kernel: 3), 8)
    let inner = net.conv(net.relu(net.conv(stem, 8, 6, kernel: 3)), 6, 8, kernel: 3)
    let y = net.conv(net.relu(net.node("Add", [inner, stem])), 8, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.map(\.size).sorted() == [6, 8])
    try oracle.checkAll()
  }

  @Test func groupedConvolutionKeepsListsOfItsOwnInEachGroup() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let a = net.relu(net.conv(x, 3, 12, kernel: 1))
    let b = net.relu(net.conv(a, 12, 8, kernel: 3, groups: 4))
    let y = net.conv(b, 8, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.map(\.size).sorted() == [2, 3, 4])
    #expect(oracle.coupling.groups.count { $0.partner != nil } == 2)
    try oracle.checkAll()
  }

  @Test func headsAndBothHeadDimensionsOfAttention() throws {
    var net = Net()
    let tokens = net.input([1, 5, 6])
    let x = net.linear(tokens, 6, 12)
    func heads(_ order: [Int64]) -> Graph.ValueID {
      let reshaped = net.reshape(net.linear(x, 12, 8), [0, 0, 2, 4])
      return net.node("Transpose", [reshaped], ["perm": .integers(order)])
    }
    let scores = net.node("MatMul", [heads([0, 2, 1, 3]), heads([0, 2, 3, 1])])
    let mixed = net.node("MatMul", [net.node("Softmax", [scores]), heads([0, 2, 1, 3])])
    let merged = net.reshape(
      net.node("Transpose", [mixed], ["perm": .integers([0, 2, 1, 3])]), [0, 0, -1])
    let sum = net.node("Add", [net.linear(merged, 8, 12), x])
    let y = net.linear(net.layerNorm(sum, 12), 12, 3)
    let oracle = try Oracle(net.finished([y]))
    // The stream, heads, query and key size, value size.
    #expect(oracle.coupling.groups.map(\.size).sorted() == [2, 4, 4, 12])
    #expect(oracle.coupling.groups.count { $0.partner != nil } == 2)
    #expect(oracle.coupling.groups.count { !$0.isExact } == 1)
    try oracle.checkAll()
  }

  @Test func concatAndFlattenAndLinear() throws {
    var net = Net()
    let x = net.input([2, 3, 4, 4])
    let a = net.conv(x, 3, 4, kernel: 1), b = net.conv(x, 3, 6, kernel: 1)
    let both = net.node("Concat", [a, b], ["axis": .integer(1)])
    let flat = net.node("Flatten", [net.relu(both)])
    let y = net.gemm(flat, 160, 5)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.map(\.size).sorted() == [4, 6])
    try oracle.checkAll()
  }

  @Test func lstmHiddenUnitsAcrossDirections() throws {
    var net = Net()
    let x = net.input([4, 1, 5])
    let w = net.weight([2, 12, 5]), r = net.weight([2, 12, 3]), b = net.weight([2, 24])
    let states = net.node(
      "LSTM", [x, w, r, b],
      ["hidden_size": .integer(3), "direction": .string(Array("bidirectional".utf8))])
    let turned = net.node("Transpose", [states], ["perm": .integers([0, 2, 1, 3])])
    let y = net.linear(net.reshape(turned, [0, 0, -1]), 6, 4)
    let oracle = try Oracle(net.finished([y]))
    #expect(oracle.coupling.groups.map(\.size) == [3])
    try oracle.checkAll()
  }

  @Test func nothingRemovedChangesNothing() throws {
    var net = Net()
    let x = net.input([1, 3, 6, 6])
    let y = net.conv(net.conv(x, 3, 8, kernel: 3), 8, 5, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    let pruned = oracle.coupling.pruned(KeptChannels(oracle.coupling))
    let whole = oracle.coupling.graph.graph
    #expect(pruned.values.map { $0.constant } == whole.values.map { $0.constant })
    #expect(pruned.nodes.map { $0.inputs } == whole.nodes.map { $0.inputs })
  }
}
