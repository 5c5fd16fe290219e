import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// What is kept as it was when a graph is rewritten: open extents, control flow, unknown operators.
@Suite struct RewritingTests {
  /// A network that computes its reshape's target from the batch, as exporters write it.
  private func openNetwork() -> Graph {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    net.graph.values[x].shape = [.symbol("N"), .fixed(3), .fixed(4), .fixed(4)]
    let a = net.relu(net.conv(x, 3, 8, kernel: 3))
    let batch = net.node(
      "Gather", [net.node("Shape", [a]), net.integers([0])], ["axis": .integer(0)])
    let target = net.node("Concat", [batch, net.integers([128])], ["axis": .integer(0)])
    return net.finished([net.gemm(net.node("Reshape", [a, target]), 128, 5)])
  }

  @Test func anOpenBatchStaysOpen() throws {
    let graph = openNetwork()
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    var keptChannels = KeptChannels(coupling)
    #expect(coupling.groups.count == 1)
    keptChannels.keep(.shared([0, 2, 3, 6]), of: coupling.groups[0])
    let pruned = coupling.pruned(keptChannels)
    #expect(pruned.values[pruned.inputs[0]].shape?[0] == .symbol("N"))
    // Three samples at once, and one by one.
    var random = Seeded(seed: 3)
    let batch = random.tensor([3, 3, 4, 4])
    let name = pruned.values[pruned.inputs[0]].name
    func run(_ input: Tensor) throws -> [Double] {
      let interpreter = Interpreter(try Specialised(pruned, inputShapes: [name: input.shape]))
      return try interpreter.run([name: input]).values.first!.doubles
    }
    let single = try (0..<3).flatMap { sample in
      try run(Tensor(Array(batch.floats[sample * 48..<(sample + 1) * 48]), shape: [1, 3, 4, 4]))
    }
    for (a, b) in zip(try run(batch), single) { #expect(abs(a - b) < 1e-6) }
  }

  /// What exporters make of token types: a table's row for each sample, all the same, then added.
  @Test func aConstantForEachSampleIsWrittenOnce() throws {
    var net = Net()
    let x = net.input([1, 3])
    net.graph.values[x].shape = [.symbol("N"), .fixed(3)]
    let batch = net.node(
      "Gather", [net.node("Shape", [x]), net.integers([0])], ["axis": .integer(0)])
    let shape = net.node("Concat", [batch, net.integers([8])], ["axis": .integer(0)])
    let rows = net.node("Expand", [net.weight([1, 8]), shape])
    let y = net.node("Add", [net.gemm(x, 3, 8), rows])
    let graph = net.finished([net.gemm(net.relu(y), 8, 2)])
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared([1, 4, 5]), of: coupling.groups[0])
    let pruned = coupling.pruned(keptChannels)
    #expect(pruned.values[pruned.inputs[0]].shape == [.symbol("N"), .fixed(3)])
    let name = pruned.values[pruned.inputs[0]].name
    let interpreter = Interpreter(try Specialised(pruned, inputShapes: [name: [5, 3]]))
    var random = Seeded(seed: 4)
    let result = try interpreter.run([name: random.tensor([5, 3])]).values.first!
    #expect(result.shape == [5, 2])
  }

  /// `Conv -> If -> Conv -> Conv`: the branches read the first result by name.
  private func controlFlow(declared: Bool) -> Graph {
    var net = Net()
    let x = net.input([1, 3, 4, 4])
    let a = net.conv(net.relu(net.conv(x, 3, 8, kernel: 1)), 8, 6, kernel: 1)
    let condition = net.node("Greater", [net.node("ReduceSum", [x]), net.weight([])])
    let chosen = net.node(
      "If", [condition], ["then_branch": .opaque([]), "else_branch": .opaque([])])
    net.graph.nodes[net.graph.nodes.count - 1].captures = [a]
    if declared {
      net.graph.values[chosen].elementType = .float32
      net.graph.values[chosen].shape = [1, 6, 4, 4].map { .fixed($0) }
    }
    let y = net.conv(net.relu(net.conv(chosen, 6, 8, kernel: 1)), 8, 2, kernel: 1)
    return net.finished([y])
  }

  @Test func whatControlFlowCapturesIsHeldAndTheRestPruned() throws {
    let coupling = Coupling(of: try Specialised.forRewriting(controlFlow(declared: true)))
    #expect(coupling.groups.map(\.size) == [8, 8])
    let held = coupling.frozenAxes.filter { $0.reason.contains("If") }
    // Rows and bias that make it, columns that read it.
    #expect(held.count == 3)
    var keptChannels = KeptChannels(coupling)
    for group in coupling.groups { keptChannels.keep(.shared([1, 4, 5]), of: group) }
    let pruned = coupling.pruned(keptChannels)
    #expect(pruned.validate().isEmpty)
    #expect(pruned.nodes.contains { $0.operation == "If" && $0.captures.count == 1 })
  }

  @Test func whatIsBehindAnUnknownOutputIsHeldToo() throws {
    let coupling = Coupling(of: try Specialised.forRewriting(controlFlow(declared: false)))
    #expect(coupling.groups.map(\.size) == [8])
    let opaque = coupling.graph.opaqueNodes
    #expect(opaque.map(\.operation) == ["If"] && opaque[0].followers.count == 3)
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared([1, 4, 5]), of: coupling.groups[0])
    #expect(coupling.pruned(keptChannels).validate().isEmpty)
    #expect(coupling.maskedReference(keptChannels).validate().isEmpty)
    // To be run, the operator must be known.
    #expect(throws: GraphProblems.self) { try Specialised(controlFlow(declared: true)) }
  }

  @Test func quantisedWeightsStayQuantised() throws {
    var net = Net()
    let x = net.input([1, 4])
    let weight = net.graph.addConstant(
      "quantised",
      Tensor(elementType: .int8, shape: [8, 4], integers: (0..<32).map { Int64($0 % 13 - 6) }))
    let scale = net.positive([8])
    let zero = net.graph.addConstant(
      "zero", Tensor(elementType: .int8, shape: [8], integers: [Int64](repeating: 0, count: 8)))
    let first = net.node("DequantizeLinear", [weight, scale, zero], ["axis": .integer(0)])
    let hidden = net.relu(net.node("Gemm", [x, first], ["transB": .integer(1)]))
    let graph = net.finished([net.gemm(hidden, 8, 3)])
    let oracle = try Oracle(graph, purpose: .rewriting)
    #expect(oracle.coupling.groups.map(\.size) == [8])
    let pruned = try oracle.check(oracle.randomKeptChannels(removing: 0.5, seed: 1))
    let kept = pruned.values.first { $0.name == "quantised" }?.constant
    #expect(kept?.elementType == .int8)
    #expect(kept?.shape == [4, 4])
  }
}
