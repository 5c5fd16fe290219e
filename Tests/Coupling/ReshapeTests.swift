import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct ReshapeTests {
  /// A channel is a run of columns of the layer behind the flattening.
  @Test func flattenMakesAChannelARunOfColumns() throws {
    var net = Net()
    let x = net.relu(net.conv(net.input([1, 3, 6, 6]), 3, 6, kernel: 1))
    let weight = net.weight([5, 216])
    let inner = net.node(
      "Gemm", [net.node("Flatten", [x]), weight, net.weight([5])],
      ["transB": .integer(1), "alpha": .float(0.5), "beta": .float(2)])
    let y = net.node("Gemm", [inner, net.weight([5, 4]), net.weight([1, 1])])
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [5, 6], lists: 0)
    let keptChannels = oracle.removing([2], of: try oracle.group(ofSize: 6))
    let kept = try oracle.kept(net.graph.values[weight].name, axis: 1, keptChannels)
    #expect(kept == (0..<216).filter { !(72..<108).contains($0) })
  }

  @Test func aLinearLayerThatMakesAnImage() throws {
    var net = Net()
    let flat = net.node("Gemm", [net.input([1, 10]), net.weight([10, 112]), net.weight([112])])
    let image = net.relu(net.reshape(flat, [-1, 7, 4, 4]))
    let larger = net.node(
      "ConvTranspose", [image, net.weight([7, 6, 3, 3]), net.weight([6])],
      ["strides": .integers([2, 2]), "output_padding": .integers([1, 1])])
    let y = net.conv(larger, 6, 3, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6, 7], lists: 0)
  }

  @Test func oneShuffleMakesTwoFactors() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1)
    let y = net.conv(net.shuffle(x, 12, groups: 3, extent: 4), 12, 4, kernel: 1)
    // 12 = 3 x 4: whole groups, or the same places in each (or different ones: lists).
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 1)
  }

  @Test func twoShufflesByDifferentGroupsInARow() throws {
    var net = Net()
    let x = net.shuffle(
      net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1), 12, groups: 2, extent: 4)
    let inner = net.conv(x, 12, 12, kernel: 3, groups: 12)
    let y = net.conv(net.shuffle(inner, 12, groups: 3, extent: 4), 12, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([2, 2, 3])
    try oracle.checkAll()
  }

  /// Groups of 3 by 8 against 8 by 3, joined by a residual sum.
  @Test func shuffleNetUnitWithGroups() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 24, kernel: 1)
    let inner = net.shuffle(net.conv(x, 24, 24, kernel: 1, groups: 3), 24, groups: 3, extent: 4)
    let deep = net.conv(
      net.conv(inner, 24, 24, kernel: 3, groups: 24), 24, 24, kernel: 1, groups: 3)
    let y = net.conv(net.relu(net.add(deep, x)), 24, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([8])
    try oracle.checkAll()
  }

  /// ShuffleNetV2's unit twice: halves of 6 = 2 x 3, dealt out and halved again.
  @Test func shuffleNetUnitsWithSplits() throws {
    var net = Net()
    var x = net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1)
    for _ in 0..<2 {
      let halves = net.split(x, [6, 6])
      let inner = net.relu(net.conv(halves[1], 6, 6, kernel: 1))
      let deep = net.conv(net.conv(inner, 6, 6, kernel: 3, groups: 6), 6, 6, kernel: 1)
      x = net.shuffle(net.concat([halves[0], deep]), 12, groups: 2, extent: 4)
    }
    let y = net.conv(x, 12, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([3, 3, 6, 6, 6])
    try oracle.checkAll()
  }

  /// DCR lays the channels innermost, CRD outermost: rows a stride apart, or adjacent.
  @Test(arguments: ["DCR", "CRD"]) func pixelShuffle(_ mode: String) throws {
    var net = Net()
    let weight = net.weight([20, 3, 1, 1])
    let x = net.conv(net.input([1, 3, 4, 4]), weight: weight)
    let larger = net.node(
      "DepthToSpace", [x], ["blocksize": .integer(2), "mode": .string(Array(mode.utf8))])
    let y = net.conv(net.relu(larger), 5, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [5], lists: 0)
    let keptChannels = oracle.removing([1], of: oracle.coupling.groups[0])
    let removed: Set = mode == "DCR" ? [1, 6, 11, 16] : [4, 5, 6, 7]
    let kept = try oracle.kept(net.graph.values[weight].name, axis: 0, keptChannels)
    #expect(kept == (0..<20).filter { !removed.contains($0) })
  }

  @Test func pixelShuffleByDefaultLaysChannelsInnermost() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 2, 2]), 3, 12, kernel: 1)
    let y = net.conv(net.node("DepthToSpace", [x], ["blocksize": .integer(2)]), 3, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll()
  }

  @Test func spaceToDepth() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 5, kernel: 1)
    let deep = net.node("SpaceToDepth", [x], ["blocksize": .integer(2)])
    let y = net.conv(net.conv(deep, 20, 6, kernel: 1), 6, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([5, 6])
    try oracle.checkAll()
  }

  /// Zeros copy extents of the input, and -1 takes the rest: both must still mean the same axes.
  @Test(arguments: [[0, 0, 3, 4], [0, -1, 3, 4], [-1, 5, 3, 4], [0, 0, -1, 4], [1, 5, 3, -1]])
  func targetsOfAReshape(_ target: [Int64]) throws {
    var net = Net()
    let x = net.linear(net.input([1, 5, 6]), 6, 12)
    let y = net.linear(net.reshape(net.tanh(net.reshape(x, target)), [0, -1, 12]), 12, 4)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4], lists: 1)
  }

  /// A zero in the target that copies an axis at a place where another is meant after pruning.
  @Test func aZeroThatCopiesAnExtentOfAnotherAxis() throws {
    var net = Net()
    let x = net.linear(net.input([1, 6, 5]), 5, 6)
    // [1, 6 tokens, 6] -> [1, 6, 6, 1]: the second zero copies the channels' extent.
    let apart = net.reshape(net.transpose(x, [0, 2, 1]), [0, 0, 6, 1])
    let back = net.transpose(net.reshape(apart, [0, 0, 6]), [0, 2, 1])
    try Oracle(net.finished([net.linear(back, 6, 4)])).checkAll(groups: [6], lists: 0)
  }

  @Test func anchorsOfADetector() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 2, 2]), 3, 8, kernel: 1)
    let detections = net.conv(x, 8, 12, kernel: 1)
    let view = net.transpose(net.reshape(detections, [1, 3, 4, 2, 2]), [0, 1, 3, 4, 2])
    let oracle = try Oracle(net.finished([net.reshape(net.sigmoid(view), [1, 12, 4])]))
    try oracle.checkAll(groups: [8], lists: 0)
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("graph output") })
  }

  @Test func squeezeAndUnsqueezeByAttribute() throws {
    var net = Net(opset: 11)
    let x = net.node("GlobalAveragePool", [net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)])
    let flat = net.node("Squeeze", [x], ["axes": .integers([2, 3])])
    let back = net.node("Unsqueeze", [net.tanh(flat)], ["axes": .integers([2, 3])])
    let y = net.conv(back, 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  @Test func squeezeAndUnsqueezeByInput() throws {
    var net = Net()
    let x = net.node("GlobalAveragePool", [net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)])
    let flat = net.node("Squeeze", [x, net.integers([-2, -1])])
    let back = net.node("Unsqueeze", [net.tanh(flat), net.integers([2, 3])])
    let y = net.conv(back, 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// Of one channel that is left, an axis of 1 is no axis to remove. onnxruntime reads an empty list of
  /// axes as all that have one element, so none may be written.
  @Test(arguments: [11, 17]) func squeezeWithoutAxesRemovesNoMoreThanBefore(opset: Int) throws {
    for hasOne in [false, true] {
      var net = Net(opset: opset)
      let x = net.conv(net.input([2, 3, 5, hasOne ? 1 : 5]), 3, 6, kernel: 1)
      let squeezed = net.node("Squeeze", [x])
      let last = net.transpose(net.tanh(squeezed), hasOne ? [0, 2, 1] : [0, 2, 3, 1])
      let oracle = try Oracle(net.finished([net.linear(last, 6, 2)]))
      let channels = try oracle.group(ofSize: 6)
      let pruned = try oracle.check(oracle.removing([1, 2, 3, 4, 5], of: channels))
      let node = try #require(
        pruned.nodes.first { $0.operation == "Squeeze" || $0.operation == "Identity" })
      #expect((node.operation == "Squeeze") == hasOne)
      let named =
        opset < 13
        ? node.attributes["axes"].flatMap { if case .integers(let axes) = $0 { axes } else { nil } }
        : node.inputs.count < 2
          ? nil : node.inputs[1].flatMap { pruned.values[$0].constant?.integers }
      #expect(named == (hasOne ? [3] : nil))
    }
  }

  /// Neither 4 x 6 nor 6 x 4 divides the other: sums of blocks do.
  @Test func factorsThatDoNotDivideEachOther() throws {
    var net = Net()
    let x = net.linear(net.input([1, 2, 5]), 5, 24)
    let first = net.reshape(net.tanh(net.reshape(x, [1, 2, 4, 6])), [1, 2, 24])
    let second = net.reshape(net.sigmoid(net.reshape(first, [1, 2, 6, 4])), [1, 2, 24])
    let oracle = try Oracle(net.finished([net.linear(second, 24, 3)]))
    oracle.expectGroups([2])
    try oracle.checkAll()
  }

  /// Where every cut leaves single channels nothing can go, and pieces of them stay pieces.
  @Test func anAxisOfSingleChannels() throws {
    var net = Net()
    let x = net.linear(net.input([1, 2, 5]), 5, 8)
    let turned = net.gather(net.slice(x, 0, 5, axis: 2), [4, 0, 3, 1, 2], axis: 2)
    let pieces = (0..<8).map { net.slice(x, Int64($0), Int64($0 + 1), axis: 2) }
    let dust = net.tanh(net.concat(pieces.reversed(), axis: 2))
    let parts = net.split(dust, [3, 5], axis: 2)
    let y = net.linear(
      net.concat([parts[1], net.slice(parts[0], 0, 2, axis: 2), turned], axis: 2), 12, 3)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([])
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("single channels") })
  }

  /// A cut that does not fall on a block of the inner factor.
  @Test func aSliceInsideAProduct() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 24, kernel: 1)
    let grouped = net.conv(x, 24, 24, kernel: 3, groups: 4)
    let turned = net.concat([
      net.slice(grouped, 9, 24, axis: 1), net.slice(grouped, 0, 9, axis: 1),
    ])
    let oracle = try Oracle(net.finished([net.conv(turned, 24, 4, kernel: 1)]))
    oracle.expectGroups([2, 3, 3, 6])
    try oracle.checkAll()
  }
}
