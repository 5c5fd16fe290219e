import EspalierCoupling
import EspalierGraph
import Testing

/// What nodes state of extents, indices and repetitions must follow when channels go.
@Suite struct ExtentTests {
  @Test func resizeToGivenSizes() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1)
    let larger = net.node("Resize", [x, nil, nil, net.integers([1, 8, 7, 7])])
    let oracle = try Oracle(net.finished([net.conv(larger, 8, 4, kernel: 1)]))
    try oracle.checkAll(groups: [8], lists: 0)
  }

  @Test func resizeToGivenSizesOfSomeAxes() throws {
    var net = Net(opset: 18)
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1)
    let larger = net.node(
      "Resize", [x, nil, nil, net.integers([7, 7])], ["axes": .integers([2, 3])])
    try Oracle(net.finished([net.conv(larger, 8, 4, kernel: 1)])).checkAll(groups: [8], lists: 0)
  }

  /// Channels pass where a computed grid names places, whose own axes are held.
  @Test func sampledAtAComputedGrid() throws {
    var net = Net()
    let image = net.input([1, 3, 4, 4])
    let x = net.conv(image, 3, 8, kernel: 1)
    let flow = net.node(
      "Transpose", [net.conv(image, 3, 2, kernel: 1)], ["perm": .integers([0, 2, 3, 1])])
    let sampled = net.node("GridSample", [x, flow], ["align_corners": .integer(1)])
    try Oracle(net.finished([net.conv(sampled, 8, 4, kernel: 1)])).checkAll(groups: [8], lists: 0)
  }

  @Test func expandAStretchedAxisBesideTheChannels() throws {
    var net = Net()
    let x = net.conv(net.node("GlobalAveragePool", [net.input([1, 3, 4, 4])]), 3, 6, kernel: 1)
    let wide = net.node("Expand", [x, net.integers([1, 6, 4, 4])])
    try Oracle(net.finished([net.conv(wide, 6, 4, kernel: 3)])).checkAll(groups: [6], lists: 0)
  }

  /// Copies of one channel are channels of the layer that reads them.
  @Test func expandOneChannelToMany() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 1, kernel: 1)
    let wide = net.node("Expand", [x, net.integers([1, 5, 1, 1])])
    let y = net.conv(net.add(wide, net.weight([5, 1, 1])), 5, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [5], lists: 0)
  }

  /// Repeated channels: the channels, and how often they are repeated.
  @Test func tiledChannels() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let tiled = net.node("Tile", [x, net.integers([1, 2, 1, 1])])
    let oracle = try Oracle(net.finished([net.conv(tiled, 12, 4, kernel: 1)]))
    oracle.expectGroups([2, 6])
    try oracle.checkAll()
  }

  /// A shortcut without parameters: half as many positions, zeros beside the channels.
  @Test func aShortcutThatPadsChannels() throws {
    var net = Net()
    let x = net.relu(net.conv(net.input([1, 3, 8, 8]), 3, 6, kernel: 1))
    let half = net.node(
      "Slice",
      [
        x, net.integers([0, 0]), net.integers([.max, .max]), net.integers([2, 3]),
        net.integers([2, 2]),
      ])
    let padded = net.node("Pad", [half, net.integers([0, 3, 0, 0, 0, 3, 0, 0])])
    let deep = net.node(
      "Conv", [x, net.weight([12, 6, 3, 3])],
      ["strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])])
    let y = net.conv(net.relu(net.add(padded, deep)), 12, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [3, 3, 6], lists: 0)
  }

  /// Padding by other than zero is a channel all the same: every consumer's columns for it go.
  @Test func channelsPaddedByAValue() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let padded = net.node("Pad", [x, net.integers([0, 0, 0, 0, 0, 2, 0, 0]), net.scalar(0.7)])
    try Oracle(net.finished([net.conv(padded, 8, 4, kernel: 1)])).checkAll(
      groups: [2, 6], lists: 0)
  }

  @Test func channelsPaddedByReflectionAreHeld() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let padded = net.node(
      "Pad", [x, net.integers([0, 1, 0, 0, 0, 1, 0, 0])],
      ["mode": .string(Array("reflect".utf8))])
    let oracle = try Oracle(net.finished([net.conv(padded, 8, 4, kernel: 1)]))
    oracle.expectGroups([])
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("reflect") })
  }

  /// Operators that took lists as attributes once.
  @Test func splitSliceAndPadByAttribute() throws {
    var net = Net(opset: 9)
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 9, kernel: 1)
    let parts = net.nodes(
      "Split", [x], outputs: 2, ["axis": .integer(1), "split": .integers([3, 6])])
    let part = net.node(
      "Slice", [parts[1]],
      ["starts": .integers([2]), "ends": .integers([Int64.max]), "axes": .integers([1])])
    let padded = net.node("Pad", [part], ["pads": .integers([0, 1, 0, 0, 0, 0, 0, 0])])
    let y = net.conv(net.concat([padded, parts[0]]), 8, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    // Two that the slice drops, four that it keeps, three of the other part.
    oracle.expectGroups([2, 3, 4], lists: 0)
    try oracle.check(oracle.randomKeptChannels(removing: 0.4, seed: 1))
    try oracle.check(oracle.randomKeptChannels(removing: 1, seed: 1))
  }

  @Test func equalPartsByNumber() throws {
    var net = Net(opset: 18)
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 10, kernel: 1)
    let parts = net.nodes(
      "Split", [x], outputs: 3, ["axis": .integer(1), "num_outputs": .integer(3)])
    let y = net.conv(net.concat([parts[2], net.relu(parts[0]), parts[1]]), 10, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [2, 4, 4], lists: 0)
  }

  @Test(arguments: [(-3, Int.max), (2, -2), (0, -1), (-6, 4)])
  func slicesByNegativePlaces(_ from: Int, _ to: Int) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let part = net.slice(x, Int64(from), Int64(to), axis: -3)
    let left = [(3), (2), (5), (4)][[(-3), 2, 0, -6].firstIndex(of: from)!]
    let both = net.concat([net.relu(part), x])
    try Oracle(net.finished([net.conv(both, left + 6, 4, kernel: 1)])).checkAll()
  }

  @Test func channelsInReverseAreHeld() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let turned = net.slice(x, -1, .min, axis: 1, step: -1)
    let oracle = try Oracle(net.finished([net.conv(turned, 6, 4, kernel: 1)]))
    oracle.expectGroups([])
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("backwards") })
  }

  /// Every second channel: pairs go as one.
  @Test func everySecondChannel() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1)
    let even = net.slice(x, 0, .max, axis: 1, step: 2),
      odd = net.slice(x, 1, .max, axis: 1, step: 2)
    let y = net.conv(net.multiply(even, net.sigmoid(odd)), 4, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [4], lists: 0)
  }

  /// Selections, permutations and repetitions by constant indices: runs of them are groups.
  @Test(arguments: [
    ([0, 1, 2, 3, 4, 5, 6, 7], [8]), ([4, 5, 6, 7, 0, 1, 2, 3], [4, 4]), ([1, 2, 3], [3, 4]),
    ([0, 1, 2, 5, 6, 7, 0, 1, 2], [2, 3, 3]), ([-2, -1, 0, 1, 2], [2, 3, 3]),
  ])
  func gatheredChannels(_ indices: [Int64], _ groups: [Int]) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1)
    let chosen = net.sigmoid(net.gather(x, indices, axis: 1))
    let y = net.conv(net.concat([chosen, x]), indices.count + 8, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: groups, lists: 0)
  }

  /// Where no two neighbours stay together nothing can go, and the report says why.
  @Test func channelsInAnyOrderAreHeld() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let oracle = try Oracle(
      net.finished([net.conv(net.gather(x, [5, 2, 4, 0, 3, 1], axis: 1), 6, 4, kernel: 1)]))
    oracle.expectGroups([])
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("Gather") })
  }

  /// One index list for two tensors: each keeps its own.
  @Test func oneListOfIndicesForTwoTensors() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let indices = net.integers([3, 4, 5, 0, 1, 2])
    let parts = [net.conv(x, 3, 6, kernel: 1), net.conv(x, 3, 6, kernel: 3)].map {
      net.node("Gather", [$0, indices], ["axis": .integer(1)])
    }
    let y = net.conv(net.concat(parts), 12, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [3, 3, 3, 3], lists: 0)
  }

  @Test func oneShapeForTwoReshapes() throws {
    var net = Net()
    let x = net.input([1, 4, 3])
    let target = net.integers([1, 4, 2, 3])
    let parts = (0..<2).map { _ in
      net.reshape(net.tanh(net.node("Reshape", [net.linear(x, 3, 6), target])), [1, 4, 6])
    }
    let y = net.linear(net.concat(parts, axis: 2), 12, 4)
    try Oracle(net.finished([y])).checkAll(groups: [2, 2, 3, 3], lists: 2)
  }

  /// Extents that a graph computes from shapes are constants once shapes are known.
  @Test func aTargetComputedFromAShape() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let shape = net.node("Shape", [x])
    let leading = net.slice(shape, 0, 2, axis: 0)
    let target = net.concat([leading, net.integers([-1])], axis: 0)
    let flat = net.transpose(net.node("Reshape", [x, target]), [0, 2, 1])
    try Oracle(net.finished([net.linear(flat, 6, 4)])).checkAll(groups: [6], lists: 0)
  }

  @Test(arguments: ["MaxPool", "AveragePool", "LpPool"]) func pools(_ operation: String) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3)
    let pooled = net.node(operation, [x], ["kernel_shape": .integers([2, 2])])
    try Oracle(net.finished([net.conv(pooled, 6, 4, kernel: 1)])).checkAll(groups: [6], lists: 0)
  }

  /// What no channel map says anything of freezes what passes, with the node's name.
  @Test func anOperatorWithoutAChannelMap() throws {
    var net = Net()
    let x = net.linear(net.linear(net.input([2, 3]), 3, 6), 6, 8)
    let places = net.graph.addConstant("places", Tensor(integers: [0, 3, 1, 2], shape: [2, 2]))
    let chosen = net.node("GatherElements", [x, places], ["axis": .integer(1)])
    let oracle = try Oracle(net.finished([net.linear(chosen, 2, 2)]))
    try oracle.checkAll(groups: [6], lists: 0)
    #expect(oracle.coupling.frozenAxes.contains { $0.reason.contains("GatherElements") })
  }

  @Test(arguments: ["ArgMax", "TopK", "CumSum"]) func orderedAxesAreHeld(_ operation: String) throws
  {
    var net = Net()
    let x = net.linear(net.linear(net.input([2, 3]), 3, 6), 6, 8)
    let y: Graph.ValueID
    switch operation {
    case "TopK":
      y = net.nodes("TopK", [x, net.integers([3])], outputs: 2, ["axis": .integer(1)])[0]
    case "CumSum":
      y = net.node("CumSum", [x, net.graph.addConstant("axis", Tensor(integers: [1], shape: []))])
    default: y = net.node("ArgMax", [x], ["axis": .integer(1)])
    }
    let read = operation == "ArgMax" ? y : net.linear(y, operation == "TopK" ? 3 : 8, 2)
    let oracle = try Oracle(net.finished([read]))
    oracle.expectGroups([6], lists: 0)
    try oracle.check(
      oracle.randomKeptChannels(removing: 0.5, seed: 1), changes: operation != "ArgMax")
  }
}
