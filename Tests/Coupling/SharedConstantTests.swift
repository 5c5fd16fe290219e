import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct SharedConstantTests {
  /// One head on several levels: its weight ties the channels of both.
  @Test func oneHeadOnTwoLevels() throws {
    var net = Net()
    let first = net.conv(net.input([1, 3, 6, 6]), 3, 8, kernel: 1)
    let inner = net.conv(net.conv(first, 8, 6, kernel: 1), 6, 8, kernel: 1)
    let second = net.node(
      "MaxPool", [inner], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
    let (hidden, last) = (net.weight([5, 8, 3, 3]), net.weight([2, 5, 1, 1]))
    let outputs = [first, second].map {
      net.conv(net.relu(net.conv($0, weight: hidden, kernel: 3)), weight: last)
    }
    let oracle = try Oracle(net.finished(outputs))
    try oracle.checkAll(groups: [5, 6, 8], lists: 0)
    // One tensor before, one tensor after.
    let pruned = oracle.coupling.pruned(oracle.randomKeptChannels(removing: 0.5, seed: 1))
    let weights = pruned.nodes.filter { $0.operation == "Conv" }.map { $0.inputs[1] }
    #expect(Set(weights).count == weights.count - 2)
  }

  /// Exporters store equal vectors once for layers that have nothing to do with each other.
  @Test func aSharedBiasTiesNothing() throws {
    var net = Net()
    let bias = net.weight([8])
    let x = net.conv(net.input([1, 3, 4, 4]), weight: net.weight([8, 3, 1, 1]), bias: bias)
    let inner = net.conv(x, weight: net.weight([8, 8, 1, 1]), bias: bias)
    let oracle = try Oracle(net.finished([net.conv(inner, 8, 4, kernel: 1)]))
    try oracle.checkAll(groups: [8, 8], lists: 0)
    // The two keep different halves, so the bias is stored twice.
    let pruned = oracle.coupling.pruned(oracle.randomKeptChannels(removing: 0.5, seed: 2))
    let biases = pruned.nodes.compactMap { $0.inputs.count > 2 ? $0.inputs[2] : nil }
    #expect(Set(biases).count == biases.count)
  }

  /// One matrix as embedding and classifier: its channels are one group, its words stay.
  @Test func tiedEmbeddingAndClassifier() throws {
    var net = Net()
    let words = net.graph.addInput("words", TensorType(.int64, [1, 5]))
    let table = net.weight([20, 6])
    let x = net.tanh(net.node("Gather", [table, words]))
    let y = net.matmul(x, net.transpose(table, [1, 0]))
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// The words of an embedding are chosen by the caller.
  @Test func wordsOfAnEmbeddingAreHeld() throws {
    var net = Net()
    let words = net.graph.addInput("words", TensorType(.int64, [1, 5]))
    let oracle = try Oracle(
      net.finished([net.linear(net.node("Gather", [net.weight([20, 6]), words]), 6, 4)]))
    try oracle.checkAll(groups: [6], lists: 0)
    #expect(oracle.coupling.frozenAxes.contains { $0.axis == 0 && $0.reason.contains("Gather") })
  }

  /// The same matrix as a layer's weight and as a summand.
  @Test func aWeightThatIsAlsoASummand() throws {
    var net = Net()
    let weight = net.weight([6, 6])
    let x = net.matmul(net.linear(net.input([6, 3]), 3, 6), weight)
    let y = net.linear(net.tanh(net.add(x, weight)), 6, 4)
    let oracle = try Oracle(net.finished([y]))
    // Rows of the summand are the caller's rows, and they are the layer's columns.
    oracle.expectGroups([6], lists: 0)
    try oracle.checkAll()
  }

  /// A matrix applied twice in a row ties its rows to its columns.
  @Test func aMatrixAppliedTwice() throws {
    var net = Net()
    let weight = net.weight([6, 6])
    let x = net.linear(net.input([2, 3]), 3, 6)
    let y = net.linear(net.tanh(net.matmul(net.tanh(net.matmul(x, weight)), weight)), 6, 4)
    try Oracle(net.finished([y])).checkAll(groups: [6], lists: 0)
  }

  /// A constant that two layers keep different parts of is stored twice, under different names.
  @Test func namesStayUnique() throws {
    var net = Net()
    let scale = net.positive([6])
    let x = net.multiply(net.linear(net.input([2, 3]), 3, 6), scale)
    let y = net.multiply(net.linear(net.tanh(x), 6, 6), scale)
    let oracle = try Oracle(net.finished([net.linear(y, 6, 2)]))
    try oracle.checkAll(groups: [6, 6], lists: 0)
    let pruned = oracle.coupling.pruned(oracle.randomKeptChannels(removing: 0.5, seed: 3))
    let names = pruned.values.map(\.name)
    #expect(Set(names).count == names.count)
  }

  /// What a graph gives out is not pruned, whatever else reads it.
  @Test func aTensorThatIsAlsoAnOutput() throws {
    var net = Net()
    let first = net.conv(net.input([1, 3, 4, 4]), 3, 6, kernel: 1)
    let second = net.conv(first, 6, 8, kernel: 1)
    let oracle = try Oracle(net.finished([first, net.conv(second, 8, 4, kernel: 1)]))
    try oracle.checkAll(groups: [8], lists: 0)
    let reasons = oracle.coupling.frozenAxes.map(\.reason)
    #expect(reasons.contains { $0.contains("graph output") && $0.contains("Conv") })
  }
}
