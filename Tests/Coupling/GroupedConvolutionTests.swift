import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct GroupedConvolutionTests {
  /// ResNeXt: groups keep different places, as many each.
  @Test func bottleneckWithGroups() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let reduced = net.relu(net.batchNorm(net.conv(x, 6, 12, kernel: 1), 12))
    let middle = net.relu(net.batchNorm(net.conv(reduced, 12, 12, kernel: 3, groups: 3), 12))
    let y = net.conv(net.relu(net.add(net.conv(middle, 12, 6, kernel: 1), x)), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4, 4, 6], lists: 2)
  }

  @Test func groupsThatDivideEachOther() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 3, 3]), 3, 32, kernel: 1)
    let inner = net.relu(net.conv(x, 32, 32, kernel: 3, groups: 8))
    let y = net.conv(net.conv(inner, 32, 32, kernel: 3, groups: 4), 32, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    // 8 = 4 x 2 groups; 4 inputs and outputs of the first, 8 outputs of the second.
    oracle.expectGroups([2, 4, 4, 4, 8])
    try oracle.checkAll()
  }

  /// 4 and 6 groups in series: one list for all blocks is always sound.
  @Test func groupsThatDoNotDivideEachOther() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 3, 3]), 3, 24, kernel: 1)
    let inner = net.relu(net.conv(x, 24, 24, kernel: 3, groups: 4))
    let y = net.conv(net.conv(inner, 24, 24, kernel: 3, groups: 6), 24, 4, kernel: 1)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([2, 4, 6])
    try oracle.checkAll()
  }

  @Test func depthwiseWithTwoOutputsPerChannel() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let y = net.conv(net.sigmoid(net.conv(x, 6, 12, kernel: 3, groups: 6)), 12, 4, kernel: 1)
    // Channels, and outputs of each, which may differ among channels.
    try Oracle(net.finished([y])).checkAll(groups: [2, 6], lists: 1)
  }

  @Test func depthwiseInsideAResidualWithSqueezeAndExcitation() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let sum = net.add(x, net.conv(x, 6, 6, kernel: 3, groups: 6))
    let mean = net.node("ReduceMean", [sum], ["axes": .integers([2, 3]), "keepdims": .integer(0)])
    let gate = net.gemm(net.relu(net.gemm(mean, 6, 4)), 4, 6)
    let gated = net.multiply(sum, net.sigmoid(net.reshape(gate, [1, 6, 1, 1])))
    try Oracle(net.finished([net.conv(gated, 6, 4, kernel: 1)])).checkAll(groups: [4, 6], lists: 0)
  }

  /// A convolution with one output is no depthwise one.
  @Test func aConvolutionToOneChannel() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let y = net.conv(net.conv(x, 6, 1, kernel: 3), 1, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// A depthwise convolution of the caller's channels, with two outputs for each.
  @Test func depthwiseOfTheInput() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 3, groups: 3)
    let y = net.conv(net.relu(x), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [2], lists: 1)
  }

  @Test func transposedWithGroupsAndBias() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 12, kernel: 1)
    let larger = net.node(
      "ConvTranspose", [x, net.weight([12, 5, 2, 2]), net.weight([15])],
      ["group": .integer(3), "strides": .integers([2, 2]), "output_padding": .integers([1, 1])])
    let y = net.conv(net.sigmoid(larger), 15, 4, kernel: 1)
    // Groups, 4 inputs of each and 5 outputs of each.
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [3, 4, 5], lists: 2)
  }

  /// The transposed weight's outputs carry no group, so a row of the weight names its group itself.
  @Test func transposedDepthwise() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let larger = net.node(
      "ConvTranspose", [x, net.weight([6, 1, 2, 2]), net.weight([6])], ["group": .integer(6)])
    let y = net.conv(net.relu(larger), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// Two grouped convolutions in a row with one number of groups share them.
  @Test func groupsInARow() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 3, 3]), 3, 8, kernel: 1)
    let inner = net.relu(net.conv(x, 8, 12, kernel: 3, groups: 4))
    let y = net.conv(net.conv(inner, 12, 8, kernel: 1, groups: 4), 8, 3, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [2, 2, 3, 4], lists: 3)
  }
}
