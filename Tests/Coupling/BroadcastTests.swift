import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct BroadcastTests {
  /// A plane that multiplies every channel has one channel of its own.
  @Test func aMaskOfOneChannelTiesNothing() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let mask = net.sigmoid(net.conv(net.conv(x, 3, 5, kernel: 1), 5, 1, kernel: 1))
    let y = net.conv(net.multiply(mask, net.conv(x, 3, 8, kernel: 1)), 8, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [5, 8], lists: 0)
  }

  /// A gate of one value a channel ties, through a reshape too.
  @Test(arguments: [false, true]) func aGateOfEveryChannelTies(_ flat: Bool) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1)
    let pooled = net.node("GlobalAveragePool", [x])
    let gate: Graph.ValueID
    if flat {
      let inner = net.relu(net.gemm(net.node("Flatten", [pooled]), 8, 4))
      gate = net.node("Unsqueeze", [net.gemm(inner, 4, 8), net.integers([2, 3])])
    } else {
      gate = net.conv(net.relu(net.conv(pooled, 8, 4, kernel: 1)), 4, 8, kernel: 1)
    }
    let y = net.conv(net.multiply(x, net.node("HardSigmoid", [gate])), 8, 5, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [4, 8], lists: 0)
  }

  @Test(arguments: [[8], [1, 1, 8], [5, 8], [1, 5, 8]])
  func scalesOfALayer(_ shape: [Int]) throws {
    var net = Net()
    let x = net.linear(net.input([1, 5, 3]), 3, 8)
    let y = net.linear(net.multiply(x, net.weight(shape)), 8, 4)
    try Oracle(net.finished([y])).checkAll(groups: [8], lists: 0)
  }

  @Test(arguments: [[6, 1, 1], [1, 6, 1, 1], [6, 4, 4], [1, 1, 4, 4]])
  func scalesOfAnImage(_ shape: [Int]) throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let y = net.conv(net.multiply(x, net.weight(shape)), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// As many tokens as channels: only the channels are tied.
  @Test func positionsAsManyAsChannels() throws {
    var net = Net()
    let x = net.linear(net.input([1, 6, 3]), 3, 6)
    let y = net.linear(net.tanh(net.add(x, net.weight([1, 6, 6]))), 6, 4)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// A real channel beside one that is stretched.
  @Test func oneChannelStretchedByASum() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let sum = net.add(net.conv(x, 3, 1, kernel: 1), net.conv(x, 3, 7, kernel: 1))
    try Oracle(net.finished([net.conv(net.sigmoid(sum), 7, 4, kernel: 1)])).checkAll(
      groups: [7], lists: 0)
  }

  /// Columns against rows: an outer product has both factors, each of its own.
  @Test func anOuterProductByBroadcast() throws {
    var net = Net()
    let x = net.input([1, 5])
    let rows = net.reshape(net.gemm(x, 5, 4), [1, 4, 1])
    let columns = net.reshape(net.gemm(x, 5, 6), [1, 1, 6])
    let y = net.gemm(net.node("Flatten", [net.multiply(rows, columns)]), 24, 3)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([4, 6])
    try oracle.checkAll()
  }

  @Test func whereChoosesAmongThree() throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let condition = net.graph.addConstant(
      "condition",
      Tensor(elementType: .bool, shape: [6, 1, 1], integers: [1, 0, 1, 1, 0, 0]))
    let chosen = net.node(
      "Where", [condition, net.conv(x, 3, 6, kernel: 1), net.conv(x, 3, 6, kernel: 3)])
    try Oracle(net.finished([net.conv(chosen, 6, 4, kernel: 1)])).checkAll(groups: [6], lists: 0)
  }

  @Test(arguments: ["Max", "Min", "Mean", "Sum"]) func variadic(_ operation: String) throws {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let parts = [
      net.conv(x, 3, 6, kernel: 1), net.conv(x, 3, 1, kernel: 1), net.weight([6, 1, 1]),
    ]
    let y = net.conv(net.node(operation, parts), 6, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  @Test func slopesOfPRelu() throws {
    var net = Net()
    let x = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let first = net.node("PRelu", [x, net.weight([6, 1, 1])])
    let second = net.node("PRelu", [net.conv(first, 6, 8, kernel: 1), net.weight([1])])
    try Oracle(net.finished([net.conv(second, 8, 4, kernel: 1)])).checkAll(
      groups: [6, 8], lists: 0)
  }

  @Test func normalisedBeforeAndAfterIdentityAndDropout() throws {
    var net = Net()
    let x = net.batchNorm(net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1), 6)
    let same = net.node("Identity", [net.node("Dropout", [net.node("Identity", [x])])])
    let y = net.conv(net.batchNorm(net.concat([same, x]), 12), 12, 4, kernel: 1)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// A bias that is a residual's summand too.
  @Test func aBiasThatIsAlsoASummand() throws {
    var net = Net()
    let shared = net.weight([6])
    let x = net.conv(net.input([1, 3, 4, 4]), weight: net.weight([6, 3, 1, 1]), bias: shared)
    let turned = net.add(net.transpose(x, [0, 2, 3, 1]), shared)
    try Oracle(net.finished([net.linear(turned, 6, 4)])).checkAll(groups: [6], lists: 0)
  }
}
