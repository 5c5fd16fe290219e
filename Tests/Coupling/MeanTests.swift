import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// Sums that are divided by the number of their terms, as some exporters write means.
@Suite struct MeanTests {
  enum Form: CaseIterable { case mean, product, quotient, otherNumber }

  /// A layer whose channels a normalisation of mean and mean square brings to one scale.
  private func network(_ form: Form, opset: Int) -> Graph {
    var net = Net(opset: opset)
    let x = net.linear(net.input([2, 4, 3]), 3, 8)
    func mean(_ x: Graph.ValueID) -> Graph.ValueID {
      let keeps: [String: Attribute] = ["keepdims": .integer(1)]
      let axes = opset >= 13 ? [net.integers([2])] : []
      var attributes = keeps
      if form == .mean ? opset < 18 : opset < 13 { attributes["axes"] = .integers([2]) }
      if form == .mean {
        return net.node("ReduceMean", opset < 18 ? [x] : [x] + axes, attributes)
      }
      let sum = net.node("ReduceSum", [x] + axes, attributes)
      return switch form {
      case .quotient: net.node("Div", [sum, net.scalar(8)])
      case .product: net.node("Mul", [net.scalar(1.0 / 8), sum])
      default: net.node("Mul", [sum, net.scalar(0.1)])
      }
    }
    let centre = mean(x)
    let square = mean(net.multiply(x, x))
    let variance = net.node("Sub", [square, net.multiply(centre, centre)])
    let scale = net.node("Sqrt", [net.node("Add", [net.node("Abs", [variance]), net.scalar(0.1)])])
    let y = net.node("Div", [net.node("Sub", [x, centre]), scale])
    return net.finished([net.linear(y, 8, 4)])
  }

  private func pruned(_ graph: Graph, _ kept: [Int]) throws -> [Double] {
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    #expect(coupling.groups.map(\.size) == [8])
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared(kept), of: coupling.groups[0])
    let small = coupling.pruned(keptChannels)
    var random = Seeded(seed: 9)
    let input = random.tensor([2, 4, 3])
    return try Interpreter(try Specialised(small))
      .run([small.values[small.inputs[0]].name: input]).values.first!.doubles
  }

  @Test(arguments: [11, 13, 17, 18], Form.allCases)
  func `they are the means of what is left`(_ opset: Int, _ form: Form) throws {
    let graph = network(form, opset: opset)
    let kept = [0, 2, 3, 6, 7]
    let (own, wanted) = (
      try pruned(graph, kept), try pruned(network(.mean, opset: opset), kept)
    )
    let difference = zip(own, wanted).map { abs($0 - $1) }.max()!
    // A sum times another number stays what it is.
    #expect(form == .otherNumber ? difference > 1e-3 : difference < 1e-5)
    let rewritten = try Specialised.forRewriting(graph).graph
    #expect(rewritten.nodes.contains { $0.operation == "ReduceSum" } == (form == .otherNumber))
    try Oracle(graph).checkAll(groups: [8], lists: 0)
  }

  /// 1/N says nothing where N is whatever the caller gives.
  @Test func `a sum over a free axis stays one`() throws {
    var net = Net()
    let x = net.input([1, 8, 3])
    net.graph.values[x].shape = [.fixed(1), .symbol("T"), .fixed(3)]
    let sum = net.node("ReduceSum", [net.linear(x, 3, 6), net.integers([1])])
    let graph = net.finished([net.linear(net.multiply(sum, net.scalar(1.0 / 8)), 6, 2)])
    let name = graph.values[x].name
    let typed = try Specialised.forRewriting(graph, inputShapes: [name: [1, 8, 3]])
    #expect(typed.graph.nodes.contains { $0.operation == "ReduceSum" })
    #expect(!typed.graph.nodes.contains { $0.operation == "ReduceMean" })
  }

  @Test func `a sum that somebody else reads stays one`() throws {
    var net = Net()
    let x = net.linear(net.input([2, 4, 3]), 3, 8)
    let sum = net.node("ReduceSum", [x, net.integers([2])])
    let mean = net.multiply(sum, net.scalar(1.0 / 8))
    let typed = try Specialised.forRewriting(net.finished([net.linear(mean, 1, 2), sum]))
    #expect(!typed.graph.nodes.contains { $0.operation == "ReduceMean" })
  }

  /// Tokens in one place of many: an index of the list stands for a number, not for a channel.
  @Test(arguments: [false, true])
  func `numbers that an input is compared with stay`(_ swapped: Bool) throws {
    var net = Net()
    let tokens = net.graph.addInput("tokens", TensorType(.int64, [2, 5, 1]))
    let list = net.graph.addConstant("list", Tensor(integers: Array(0..<11), shape: [1, 1, 11]))
    let equal = net.node("Equal", swapped ? [list, tokens] : [tokens, list])
    let one = net.node("Cast", [equal], ["to": .integer(1)])
    let graph = net.finished([net.linear(net.relu(net.linear(one, 11, 8)), 8, 4)])
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    #expect(coupling.groups.map(\.size) == [8])
  }
}
