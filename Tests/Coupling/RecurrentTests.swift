import EspalierCoupling
import EspalierGraph
import Testing

@Suite struct RecurrentTests {
  /// States, initial states and peepholes: as many units go from each direction, others in each.
  @Test func lstmInBothDirectionsWithEverything() throws {
    var net = Net()
    let (hidden, width) = (5, 4)
    let x = net.linear(net.input([6, 1, 3]), 3, width)
    let inputs: [Graph.ValueID?] = [
      x, net.weight([2, 4 * hidden, width]), net.weight([2, 4 * hidden, hidden]),
      net.weight([2, 8 * hidden]), nil, net.weight([2, 1, hidden]), net.weight([2, 1, hidden]),
      net.weight([2, 3 * hidden]),
    ]
    let outputs = net.nodes(
      "LSTM", inputs, outputs: 3,
      ["hidden_size": .integer(5), "direction": .string(Array("bidirectional".utf8))])
    let states = net.reshape(net.transpose(outputs[0], [0, 2, 1, 3]), [6, 1, 10])
    let last = net.reshape(net.transpose(outputs[2], [1, 0, 2]), [1, 10])
    let oracle = try Oracle(net.finished([net.linear(states, 10, 3), net.linear(last, 10, 2)]))
    try oracle.checkAll(groups: [4, 5], lists: 1)
  }

  @Test(arguments: ["GRU", "LSTM", "RNN"]) func stackedLayers(_ operation: String) throws {
    var net = Net()
    let gates = ["GRU": 3, "LSTM": 4, "RNN": 1][operation]!
    var (x, width) = (net.input([4, 1, 3]), 3)
    for hidden in [5, 6] {
      let states = net.node(
        operation,
        [
          x, net.weight([1, gates * hidden, width]), net.weight([1, gates * hidden, hidden]),
          net.weight([1, 2 * gates * hidden]),
        ], ["hidden_size": .integer(Int64(hidden))])
      (x, width) = (net.node("Squeeze", [states, net.integers([1])]), hidden)
    }
    try Oracle(net.finished([net.linear(x, 6, 3)])).checkAll(groups: [5, 6], lists: 0)
  }

  /// Rows of gates are removed gate by gate.
  @Test func rowsOfEveryGate() throws {
    var net = Net()
    let (w, r) = (net.weight([1, 9, 2]), net.weight([1, 9, 3]))
    let states = net.node("GRU", [net.input([2, 1, 2]), w, r], ["hidden_size": .integer(3)])
    let y = net.linear(net.node("Squeeze", [states, net.integers([1])]), 3, 2)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [3], lists: 0)
    let keptChannels = oracle.removing([1], of: oracle.coupling.groups[0])
    for name in [w, r].map({ net.graph.values[$0].name }) {
      #expect(try oracle.kept(name, axis: 1, keptChannels) == [0, 2, 3, 5, 6, 8])
    }
    #expect(try oracle.kept(net.graph.values[r].name, axis: 2, keptChannels) == [0, 2])
  }

  @Test func gruThatResetsAfterTheProduct() throws {
    var net = Net()
    let outputs = net.nodes(
      "GRU",
      [
        net.input([3, 2, 2]), net.weight([2, 12, 2]), net.weight([2, 12, 4]), net.weight([2, 24]),
      ],
      outputs: 2,
      [
        "hidden_size": .integer(4), "linear_before_reset": .integer(1),
        "direction": .string(Array("bidirectional".utf8)),
      ])
    let states = net.reshape(net.transpose(outputs[0], [0, 2, 1, 3]), [0, 0, -1])
    let last = net.node("ReduceSum", [outputs[1], net.integers([0])], ["keepdims": .integer(0)])
    let oracle = try Oracle(net.finished([net.linear(states, 8, 3), net.linear(last, 4, 3)]))
    try oracle.checkAll(groups: [4], lists: 0)
  }

  /// A first state that the caller gives holds the units.
  @Test func aStateFromTheCallerHoldsTheUnits() throws {
    var net = Net()
    let x = net.linear(net.input([3, 1, 2]), 2, 6)
    let states = net.node(
      "GRU",
      [x, net.weight([1, 12, 6]), net.weight([1, 12, 4]), nil, nil, net.input([1, 1, 4])],
      ["hidden_size": .integer(4)])
    let y = net.linear(net.node("Squeeze", [states, net.integers([1])]), 4, 2)
    let oracle = try Oracle(net.finished([y]))
    try oracle.checkAll(groups: [6], lists: 0)
    #expect(
      oracle.coupling.frozenAxes.contains { $0.axis == 2 && $0.reason.contains("graph input") })
  }
}
