import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct LinearTests {
  @Test(arguments: [0, 1]) func gemm(_ transposed: Int64) throws {
    var net = Net()
    let inner = net.weight(transposed == 1 ? [8, 5] : [5, 8])
    let x = net.node(
      "Gemm", [net.input([3, 5]), inner, net.weight([3, 1])], ["transB": .integer(transposed)])
    let outer = net.weight(transposed == 1 ? [4, 8] : [8, 4])
    let y = net.node(
      "Gemm", [net.tanh(x), outer, net.weight([1, 4])],
      ["transB": .integer(transposed), "alpha": .float(0.5), "beta": .float(2)])
    try Oracle(net.finished([y])).checkAll(groups: [8], lists: 0)
  }

  @Test func gemmOfATransposedActivation() throws {
    var net = Net()
    let x = net.node("Gemm", [net.weight([7, 4]), net.input([4, 3])])
    let y = net.node(
      "Gemm", [net.relu(x), net.weight([5, 7])], ["transA": .integer(1), "transB": .integer(1)])
    try Oracle(net.finished([y])).checkAll(groups: [7], lists: 0)
  }

  @Test func constantsOnTheLeft() throws {
    var net = Net()
    let x = net.matmul(net.weight([7, 4]), net.input([4, 5]))
    let y = net.node("Gemm", [net.weight([3, 7]), net.tanh(x), net.weight([3, 1])])
    try Oracle(net.finished([y])).checkAll(groups: [7], lists: 0)
  }

  @Test func vectorsOnEitherSide() throws {
    var net = Net()
    let x = net.linear(net.input([2, 4, 3]), 3, 6)
    let right = net.matmul(net.tanh(x), net.weight([6]))
    let left = net.matmul(net.weight([4]), net.sigmoid(x))
    let oracle = try Oracle(net.finished([right, net.linear(left, 6, 3)]))
    try oracle.checkAll(groups: [6], lists: 0)
  }

  /// Experts: a batch of matrices, each with a list of its own.
  @Test func aBatchOfMatrices() throws {
    var net = Net()
    let x = net.input([1, 4, 3])
    let inner = net.relu(net.matmul(x, net.weight([5, 3, 8])))
    let outer = net.matmul(inner, net.weight([5, 8, 2]))
    let y = net.node("ReduceSum", [outer, net.integers([0])], ["keepdims": .integer(0)])
    let oracle = try Oracle(net.finished([y]))
    // Experts, and the units of each.
    oracle.expectGroups([5, 8])
    try oracle.checkAll()
  }

  @Test func aBatchOfMatricesOverAStretchedInput() throws {
    var net = Net()
    let x = net.linear(net.input([4, 3]), 3, 6)
    let y = net.matmul(net.tanh(x), net.weight([2, 6, 5]))
    let sum = net.node(
      "ReduceSum", [net.relu(net.matmul(y, net.weight([2, 5, 3]))), net.integers([0])])
    let oracle = try Oracle(net.finished([sum]))
    oracle.expectGroups([2, 5, 6])
    try oracle.checkAll()
  }

  @Test(arguments: [
    "bti,io->bto", "bti,io->tbo", "bti,oi->bto",
  ])
  func einsumAsALinearLayer(_ equation: String) throws {
    var net = Net()
    let x = net.linear(net.input([2, 3, 4]), 4, 6)
    let weight = net.weight(equation.contains("oi") ? [7, 6] : [6, 7])
    let inner = net.node("Einsum", [x, weight], ["equation": .string(Array(equation.utf8))])
    try Oracle(net.finished([net.linear(net.tanh(inner), 7, 3)])).checkAll(
      groups: [6, 7], lists: 0)
  }

  /// Two labels summed at once, and heads that stay.
  @Test func einsumOverHeadsAndTheirSize() throws {
    var net = Net()
    let x = net.reshape(net.linear(net.input([1, 5, 6]), 6, 12), [1, 5, 3, 4])
    let y = net.node(
      "Einsum", [net.tanh(x), net.weight([3, 4, 7])],
      ["equation": .string(Array("bthd,hdo->bto".utf8))])
    try Oracle(net.finished([net.linear(y, 7, 3)])).checkAll(groups: [3, 4, 7], lists: 1)
  }

  @Test func einsumAsAttention() throws {
    var net = Net()
    let x = net.input([1, 5, 6])
    let parts = (0..<3).map { _ in net.reshape(net.linear(x, 6, 12), [1, 5, 3, 4]) }
    func einsum(_ equation: String, _ inputs: [Graph.ValueID]) -> Graph.ValueID {
      net.node("Einsum", inputs, ["equation": .string(Array(equation.utf8))])
    }
    let scores = einsum("bqhd,bkhd->bhqk", [parts[0], parts[1]])
    let mixed = einsum("bhqk,bkhd->bqhd", [net.node("Softmax", [scores]), parts[2]])
    let y = net.linear(net.reshape(mixed, [1, 5, 12]), 12, 4)
    try Oracle(net.finished([y])).checkAll(groups: [3, 4, 4], lists: 2)
  }

  /// A bilinear layer: two sums over one constant.
  @Test func einsumOfThreeOperands() throws {
    var net = Net()
    let x = net.input([3, 5])
    let (a, b) = (net.linear(x, 5, 4), net.linear(x, 5, 6))
    let y = net.node(
      "Einsum", [a, net.weight([7, 4, 6]), b],
      ["equation": .string(Array("ni,oij,nj->no".utf8))])
    try Oracle(net.finished([net.linear(net.tanh(y), 7, 3)])).checkAll(groups: [4, 6, 7], lists: 0)
  }

  /// The diagonal of an activation, and its trace.
  @Test func einsumWithALabelTwice() throws {
    var net = Net()
    let x = net.input([2, 5])
    let square = net.reshape(net.linear(x, 5, 16), [2, 4, 4])
    let trace = net.node("Einsum", [net.tanh(square)], ["equation": .string(Array("bii->b".utf8))])
    let y = net.linear(net.reshape(trace, [2, 1]), 1, 3)
    let oracle = try Oracle(net.finished([y]))
    oracle.expectGroups([4], lists: 0)
    try oracle.checkAll()
  }

  /// A sum over neighbours gives rows again: features keep one list for all rows.
  @Test func aSquareMatrixAmongRows() throws {
    var net = Net()
    let rows = net.reshape(net.tanh(net.gemm(net.input([1, 10]), 10, 24)), [1, 4, 6])
    let sum = net.add(rows, net.matmul(net.weight([4, 4]), rows))
    let y = net.gemm(net.reshape(sum, [1, 24]), 24, 3)
    try Oracle(net.finished([y])).checkAll(groups: [4, 6], lists: 0)
  }

  /// A graph network: neighbours by a constant matrix, features through a layer.
  @Test func neighboursByAMatrix() throws {
    var net = Net()
    let features = net.relu(net.linear(net.input([6, 4]), 4, 8))
    let mixed = net.matmul(net.weight([6, 6]), features)
    try Oracle(net.finished([net.linear(mixed, 8, 3)])).checkAll(groups: [8], lists: 0)
  }
}
