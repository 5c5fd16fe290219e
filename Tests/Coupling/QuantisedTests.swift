import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct QuantisedTests {
  /// Scales of weights follow their rows, be the weights folded or left quantised; activations are
  /// quantised as one.
  @Test(arguments: [true, false], [true, false])
  func quantisedWeightsWithScalesOfRows(_ perRow: Bool, _ folded: Bool) throws {
    var net = Net(opset: 19)
    func layer(_ x: Graph.ValueID, _ from: Int, _ to: Int) -> Graph.ValueID {
      let zero = net.graph.addConstant(
        "zero_\(net.graph.values.count)", Tensor(elementType: .int8, shape: [], integers: [0]))
      let activation = net.node(
        "DequantizeLinear",
        [net.node("QuantizeLinear", [x, net.scalar(0.05), zero]), net.scalar(0.05), zero])
      let values = (0..<to * from).map { Int64(($0 * 37 + to) % 255) - 127 }
      let weight = net.graph.addConstant(
        "quantised_\(net.graph.values.count)",
        Tensor(elementType: .int8, shape: [to, from, 1, 1], integers: values))
      let whole = net.node(
        "DequantizeLinear", [weight, perRow ? net.positive([to]) : net.scalar(0.02)],
        ["axis": .integer(perRow ? 0 : 1)])
      let scaled = net.multiply(whole, net.scalar(0.01))
      return net.node("Conv", [activation, scaled, net.weight([to])])
    }
    let x = layer(net.input([1, 3, 4, 4]), 3, 8)
    let y = layer(net.relu(layer(net.relu(x), 8, 6)), 6, 4)
    let oracle = try Oracle(net.finished([y]), purpose: folded ? .execution : .rewriting)
    try oracle.checkAll(groups: [6, 8], lists: 0)
  }

  /// An activation quantised channel by channel, along a negative axis.
  @Test func scalesOfChannelsOfAnActivation() throws {
    var net = Net(opset: 19)
    let x = net.linear(net.input([1, 4, 3]), 3, 6)
    let scale = net.positive([6])
    let zero = net.graph.addConstant(
      "zero", Tensor(elementType: .int8, shape: [6], integers: [1, -2, 3, 0, 5, -1]))
    let small = net.multiply(scale, net.scalar(0.03))
    let quantised = net.node("QuantizeLinear", [x, small, zero], ["axis": .integer(-1)])
    let back = net.node("DequantizeLinear", [quantised, small, zero], ["axis": .integer(-1)])
    try Oracle(net.finished([net.linear(back, 6, 4)])).checkAll(groups: [6], lists: 0)
  }
}
