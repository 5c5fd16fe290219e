import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct NormalisationTests {
  /// A normalisation over the channels changes what is left: inexact, against masked statistics.
  @Test func layerNormIsInexact() throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 3]), 3, 8)
    let oracle = try Oracle(net.finished([net.linear(net.layerNorm(x, 8), 8, 4)]))
    try oracle.checkAll(groups: [8], lists: 0)
    #expect(oracle.coupling.groups.allSatisfy { !$0.isExact })
  }

  @Test func layerNormOverTwoAxes() throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 3]), 3, 6)
    let normal = net.node(
      "LayerNormalization", [x, net.positive([4, 6]), net.weight([4, 6])], ["axis": .integer(1)])
    try Oracle(net.finished([net.linear(normal, 6, 4)])).checkAll(groups: [6], lists: 0)
  }

  /// Heads normalised one by one: a scale for the size of a head, shared among heads.
  @Test func rmsNormOfEachHead() throws {
    var net = Net(opset: 23)
    let x = net.input([1, 5, 6])
    let scale = net.positive([4])
    func head(_ x: Graph.ValueID) -> Graph.ValueID {
      net.node("RMSNormalization", [net.heads(net.linear(x, 6, 12), 3, 4), scale])
    }
    let mixed = net.attend(
      head(x), net.transpose(head(x), [0, 1, 3, 2]), net.heads(net.linear(x, 6, 12), 3, 4))
    let oracle = try Oracle(net.finished([net.linear(net.merged(mixed, 12), 12, 4)]))
    // Heads, query and key size (shared), value size (with lists).
    try oracle.checkAll(groups: [3, 4, 4], lists: 1)
  }

  /// RMSNorm as it was exported before it became an operator.
  @Test func rmsNormWrittenOut() throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 3]), 3, 8)
    let mean = net.node(
      "ReduceMean", [net.node("Pow", [x, net.scalar(2)])],
      ["axes": .integers([-1]), "keepdims": .integer(1)])
    let root = net.node("Sqrt", [net.add(mean, net.scalar(1e-5))])
    let normal = net.multiply(net.node("Div", [x, root]), net.weight([8]))
    let oracle = try Oracle(net.finished([net.linear(normal, 8, 4)]))
    try oracle.checkAll(groups: [8], lists: 0)
    #expect(!oracle.coupling.groups[0].isExact)
  }

  /// As exported before opset 18: the reshaped instance normalisation, then scales of channels.
  @Test func groupNormWrittenOut() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1)
    let grouped = net.node(
      "InstanceNormalization",
      [net.reshape(x, [1, 4, -1]), net.positive([4]), net.weight([4])])
    let scaled = net.add(
      net.multiply(net.reshape(grouped, [1, 12, 4, 4]), net.weight([12, 1, 1])),
      net.weight([12, 1, 1]))
    let oracle = try Oracle(net.finished([net.conv(scaled, 12, 4, kernel: 1)]))
    // Whole groups, and channels of each group, which may differ.
    try oracle.checkAll(groups: [3, 4], lists: 1)
    #expect(oracle.coupling.groups.filter { !$0.isExact }.map(\.size) == [3])
  }

  /// Scales of groups until opset 20, of channels from 21 on.
  @Test(arguments: [18, 21]) func groupNorm(_ opset: Int) throws {
    var net = Net(opset: opset)
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1)
    let parameters = opset < 21 ? 4 : 12
    let normal = net.node(
      "GroupNormalization", [x, net.positive([parameters]), net.weight([parameters])],
      ["num_groups": .integer(4)])
    let oracle = try Oracle(net.finished([net.conv(net.relu(normal), 12, 4, kernel: 1)]))
    try oracle.checkAll(groups: [3, 4], lists: 1)
  }

  /// Each group is normalised by itself: after a shuffle groups stand inside their channels, but must
  /// not keep other lists for each, or a statistic would run over channels of several groups.
  @Test(arguments: [false, true]) func shuffledGroupNorm(_ writtenOut: Bool) throws {
    var net = Net(opset: 21)
    let x = net.conv(net.input([1, 3, 2, 2]), 3, 12, kernel: 1)
    let normal =
      writtenOut
      ? net.reshape(
        net.node(
          "InstanceNormalization",
          [net.reshape(x, [1, 3, -1]), net.positive([3]), net.weight([3])]), [1, 12, 2, 2])
      : net.node(
        "GroupNormalization", [x, net.positive([12]), net.weight([12])],
        ["num_groups": .integer(3)])
    let y = net.conv(net.shuffle(normal, 12, groups: 3, extent: 2), 12, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [3, 4], lists: 1)
    #expect(try oracle.group(ofSize: 3).partner == nil)
  }

  @Test func shuffledRmsNormOfEachHead() throws {
    var net = Net(opset: 23)
    let apart = net.heads(net.linear(net.input([1, 4, 5]), 5, 12), 3, 4)
    let normal = net.merged(net.node("RMSNormalization", [apart, net.positive([4])]), 12)
    let turned = net.transpose(net.reshape(normal, [1, 4, 3, 4]), [0, 1, 3, 2])
    let y = net.linear(net.tanh(net.reshape(turned, [1, 4, 12])), 12, 3)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 0)
  }

  /// A softmax mixes what lies along its axis: what lies beside it is the same everywhere.
  @Test(arguments: ["Softmax", "LpNormalization", "MeanVarianceNormalization"])
  func noListsAlongAnAxisThatIsMixed(_ operation: String) throws {
    var net = Net()
    let rows = net.reshape(net.gemm(net.input([1, 10]), 10, 24), [1, 4, 6])
    let attribute: [String: Attribute] =
      operation.hasPrefix("Mean") ? ["axes": .integers([1])] : ["axis": .integer(1)]
    let mixed = net.node(operation, [rows], attribute)
    let y = net.gemm(net.reshape(mixed, [1, 24]), 24, 3)
    let oracle = try Oracle(net.finished([y]))
    #expect(try oracle.group(ofSize: 6).partner == nil)
    try oracle.checkAll()
  }

  @Test func instanceNormIsExact() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
    let normal = net.node("InstanceNormalization", [x, net.positive([6]), net.weight([6])])
    let oracle = try Oracle(net.finished([net.conv(normal, 6, 4, kernel: 1)]))
    try oracle.checkAll(groups: [6], lists: 0)
    #expect(oracle.coupling.groups[0].isExact)
  }

  @Test(arguments: [3, 5]) func localResponse(_ size: Int64) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 3)
    let normal = net.node("LRN", [x], ["size": .integer(size), "alpha": .float(0.5)])
    let oracle = try Oracle(net.finished([net.conv(normal, 8, 4, kernel: 1)]))
    try oracle.checkAll(groups: [8], lists: 0)
    #expect(!oracle.coupling.groups[0].isExact)
  }

  @Test(arguments: [[0, 2, 3], [0, 1, 2, 3]]) func meanAndVariance(_ axes: [Int64]) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
    let normal = net.node("MeanVarianceNormalization", [x], ["axes": .integers(axes)])
    let oracle = try Oracle(net.finished([net.conv(normal, 6, 4, kernel: 1)]))
    try oracle.checkAll(groups: [6], lists: 0)
    #expect(oracle.coupling.groups[0].isExact == !axes.contains(1))
  }

  @Test(arguments: [1, 2]) func unitLength(_ power: Int64) throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 3]), 3, 6)
    let normal = net.node("LpNormalization", [x], ["axis": .integer(-1), "p": .integer(power)])
    try Oracle(net.finished([net.linear(normal, 6, 4)])).checkAll(groups: [6], lists: 0)
  }

  @Test(arguments: ["ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare"])
  func reductionsOverTheChannels(_ operation: String) throws {
    for keeps in [0, 1] as [Int64] {
      var net = Net(opset: 18)
      let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
      let reduced = net.node(
        operation, [net.add(x, net.scalar(3)), net.integers([1])], ["keepdims": .integer(keeps)])
      let y = net.conv(keeps == 1 ? reduced : net.reshape(reduced, [1, 1, 4, 4]), 1, 4, kernel: 1)
      let oracle = try Oracle(net.finished([y]))
      try oracle.checkAll(groups: [6], lists: 0)
      #expect(oracle.coupling.groups[0].isExact == (operation != "ReduceMean"))
    }
  }

  /// A maximum, a product or a logarithm of a sum knows nothing of zeros: the axis is held.
  @Test(arguments: ["ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp", "ReduceLogSum"])
  func reductionsThatHoldTheChannels(_ operation: String) throws {
    var net = Net(opset: 18)
    let x = net.sigmoid(net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3))
    let y = net.conv(net.node(operation, [x, net.integers([1])]), 1, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([])
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains(operation) })
  }

  /// Every axis at once, by leaving the axes out.
  @Test func aMeanOverEverything() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
    let mean = net.node("ReduceMean", [net.sigmoid(x)], ["keepdims": .integer(1)])
    try Oracle(net.finished([net.conv(mean, 1, 4, kernel: 1)])).checkAll(groups: [6], lists: 0)
  }

  @Test(arguments: ["Softmax", "LogSoftmax", "Hardmax"])
  func softmaxHoldsItsAxis(_ operation: String) throws {
    var net = Net()
    let x = net.linear(net.linear(net.input([1, 4, 3]), 3, 5), 5, 8)
    let y = net.linear(net.node(operation, [x], ["axis": .integer(-1)]), 8, 4)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([5], lists: 0)
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains(operation) })
    // Hardmax answers a removed channel only where the largest changes.
    try oracle.check(
      oracle.randomKeptChannels(removing: 0.4, seed: 1), changes: operation != "Hardmax")
  }

  /// Over tokens a softmax leaves channels free.
  @Test func softmaxOverTokens() throws {
    var net = Net()
    let x = net.linear(net.input([1, 4, 3]), 3, 8)
    let y = net.linear(net.node("Softmax", [x], ["axis": .integer(1)]), 8, 4)
    try Oracle(net.finished([y])).checkAll(groups: [8], lists: 0)
  }

  /// Before opset 13 a softmax flattens everything from its axis on.
  @Test func oldSoftmaxHoldsEverythingBehindItsAxis() throws {
    var net = Net(opset: 11)
    let x = net.conv(net.input([1, 3, 2, 2]), 3, 8, kernel: 1)
    let y = net.conv(net.node("Softmax", [x], ["axis": .integer(1)]), 8, 4, kernel: 1)
    try Oracle(net.finished([y])).expectGroups([])
  }
}
