import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct ConcatenationTests {
  @Test func aTensorBesideItselfLosesAnIndexTwice() throws {
    var net = Net()
    let y = net.relu(net.conv(net.input([1, 3, 6, 6]), 3, 8, kernel: 3))
    let consumer = net.weight([4, 16, 1, 1])
    let oracle = try Oracle(net.finished([net.conv(net.concat([y, y]), weight: consumer)]))
    try oracle.checkAll(groups: [8], lists: 0)
    let keptChannels = oracle.removing([3], of: oracle.coupling.groups[0])
    let name = net.graph.values[consumer].name
    #expect(try oracle.kept(name, axis: 1, keptChannels) == (0..<16).filter { $0 != 3 && $0 != 11 })
  }

  /// The indices of the second branch are moved by the whole of the first.
  @Test func aPrunableBranchBehindTheInput() throws {
    var net = Net()
    let x = net.input([1, 3, 6, 6])
    let consumer = net.weight([4, 11, 1, 1])
    let both = net.concat([x, net.conv(x, 3, 8, kernel: 1)])
    let oracle = try Oracle(net.finished([net.conv(both, weight: consumer)]))
    try oracle.checkAll(groups: [8], lists: 0)
    let keptChannels = oracle.removing([0], of: oracle.coupling.groups[0])
    let name = net.graph.values[consumer].name
    #expect(try oracle.kept(name, axis: 1, keptChannels) == (0..<11).filter { $0 != 3 })
  }

  @Test func branchesOfOneConcatStayApart() throws {
    var net = Net()
    let x = net.input([1, 3, 6, 6])
    let first = net.concat([x, net.conv(x, 3, 8, kernel: 1)])
    let second = net.concat([first, net.conv(first, 11, 6, kernel: 1)])
    let third = net.conv(net.sigmoid(second), 17, 5, kernel: 1)
    let y = net.conv(net.concat([third, second]), 22, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [5, 6, 8], lists: 0)
  }

  /// A class token: channels are tied, tokens are not moved, although there are as many as channels.
  @Test func aConcatOfTokensTiesChannels() throws {
    var net = Net()
    let tokens = net.linear(net.input([1, 8, 3]), 3, 9)
    let all = net.concat([net.weight([1, 1, 9]), tokens], axis: 1)
    let placed = net.add(all, net.weight([1, 9, 9]))
    let y = net.linear(net.layerNorm(placed, 9), 9, 4)
    try Oracle(net.finished([y])).checkAll(groups: [9], lists: 0)
  }

  @Test func aConcatOfRowsTiesChannels() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let both = net.concat([net.conv(x, 3, 6, kernel: 1), net.conv(x, 3, 6, kernel: 3)], axis: 2)
    let y = net.conv(net.relu(both), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// One normalisation owns pieces of many groups.
  @Test func denseBlockWithNormalisationBeforeEachConvolution() throws {
    var net = Net()
    var x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
    var channels = 6
    for _ in 0..<3 {
      let inner = net.conv(net.relu(net.batchNorm(x, channels)), channels, 8, kernel: 1)
      let new = net.conv(net.relu(net.batchNorm(inner, 8)), 8, 4, kernel: 3)
      x = net.concat([x, new])
      channels += 4
    }
    let y = net.conv(net.relu(net.batchNorm(x, channels)), channels, 5, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [4, 4, 4, 6, 8, 8, 8], lists: 0)
  }

  /// YOLO's C2f: halves of a split, one of them used twice, put together again.
  @Test func aSplitWithOneHalfUsedTwice() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 6, 6]), 3, 16, kernel: 1)
    let halves = net.split(x, [8, 8])
    func bottleneck(_ x: Graph.ValueID) -> Graph.ValueID {
      net.conv(net.relu(net.conv(x, 8, 6, kernel: 3)), 6, 8, kernel: 1)
    }
    let second = net.add(bottleneck(halves[1]), halves[1])
    let third = bottleneck(second)
    let y = net.conv(net.concat([halves[0], halves[1], second, third]), 32, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6, 6, 8, 8, 8], lists: 0)
  }

  /// Parts are told apart by their place, not by their extent.
  @Test func unequalPartsOfASplitInEveryOrder() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 15, kernel: 1)
    let parts = net.split(x, [4, 7, 4])
    let turned = net.concat([parts[2], net.sigmoid(parts[1]), parts[0]])
    let y = net.conv(
      net.add(turned, net.conv(net.input([1, 3, 4, 4]), 3, 15, kernel: 1)), 15, 3, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [4, 4, 7], lists: 0)
  }

  /// The boundary of a concat lies inside a group of the convolution behind it.
  @Test func aConcatThatCutsAcrossGroups() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let both = net.concat([net.conv(x, 3, 10, kernel: 1), net.conv(x, 3, 14, kernel: 1)])
    let y = net.conv(net.conv(both, 24, 24, kernel: 3, groups: 4), 24, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([2, 2, 4, 6])
    try oracle.checkAll()
  }

  @Test func aConcatWithAConstant() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let y = net.conv(net.concat([x, net.weight([1, 2, 4, 4])]), 8, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [2, 6], lists: 0)
  }
}
