import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// Nodes that coupling knows nothing of, and the graph around them.
///
/// A node is hidden by a domain that nobody knows; to be run, the pruned graph and its masked
/// reference get it back.
@Suite struct OpaqueTests {
  private static let domain = "hidden"

  private func hiding(_ indices: Set<Int>, of graph: Graph) -> Graph {
    var result = graph
    for index in indices { result.nodes[index].domain = Self.domain }
    return result
  }

  private func revealed(_ graph: Graph) -> Graph {
    var result = graph
    for index in graph.nodes.indices where graph.nodes[index].domain == Self.domain {
      result.nodes[index].domain = ""
    }
    return result
  }

  /// The outputs of the pruned graph, of the masked reference, and before.
  private func outputs(
    _ coupling: Coupling, _ keptChannels: KeptChannels, seed: UInt64
  ) throws -> (pruned: [Tensor], masked: [Tensor], dense: [Tensor]) {
    let pruned = revealed(coupling.pruned(keptChannels))
    #expect(pruned.validate().isEmpty)
    let inputs = try Specialised(pruned).randomInputs(seed: seed)
    return (
      try Oracle.run(pruned, inputs),
      try Oracle.run(revealed(coupling.maskedReference(keptChannels)), inputs),
      try Oracle.run(revealed(coupling.graph.graph), inputs)
    )
  }

  private func keeping(_ share: Double, of coupling: Coupling, seed: UInt64) -> KeptChannels {
    var random = Seeded(seed: seed)
    var keptChannels = KeptChannels(coupling)
    for group in coupling.groups {
      let count = max(1, Int(Double(group.size) * share))
      var all = Array(0..<group.size)
      for place in all.indices.reversed() { all.swapAt(place, random.next(in: 0...place)) }
      keptChannels.keep(.shared(all[..<count].sorted()), of: group)
    }
    return keptChannels
  }

  /// Any nodes of random networks hidden, some with their outputs' types declared: what is pruned around
  /// them computes what the masked original does.
  @Test(arguments: 0..<4) func randomNodesHidden(_ part: Int) throws {
    var (networks, pruned, beside, resumed) = (0, 0, 0, 0)
    for seed in stride(from: part, to: 600, by: 4) {
      var (graph, steps) = RandomNetwork.graph(seed: UInt64(seed))
      var random = Seeded(seed: UInt64(seed) + 77)
      let whole = try Specialised(graph)
      let isDeclared = random.next(in: 0...1) == 0
      var hidden: Set<Int> = []
      for _ in 0...random.next(in: 0...1) {
        // Towards the end, where most of a detector's unknown nodes stand.
        let last = graph.nodes.count - 1
        hidden.insert(max(random.next(in: 0...last), random.next(in: 0...last)))
      }
      let names = Set(hidden.map { graph.nodes[$0].name })
      for index in hidden where isDeclared {
        for case let output? in graph.nodes[index].outputs {
          guard let type = whole.types[output] else { continue }
          graph.values[output].elementType = type.elementType
          graph.values[output].shape = type.shape.map { .fixed($0) }
        }
      }
      networks += 1
      do {
        let coupling = Coupling(of: try Specialised.forRewriting(hiding(hidden, of: graph)))
        #expect(Set(coupling.graph.opaqueNodes.map(\.node)).isSubset(of: names))
        if !coupling.graph.opaqueNodesWithin.isEmpty { resumed += 1 }
        guard !coupling.groups.isEmpty else { continue }
        let keptChannels = keeping(0.6, of: coupling, seed: UInt64(seed))
        let found = try outputs(coupling, keptChannels, seed: UInt64(seed))
        for (a, b) in zip(found.pruned, found.masked) {
          try #require(a.shape == b.shape, "seed \(seed) after \(steps)")
          let scale = max(b.doubles.reduce(0) { max($0, abs($1)) }, 1e-3)
          let error = Oracle.distance(a, b) / scale
          if error > 1e-8 {
            Issue.record("seed \(seed): \(error), hidden \(names), after \(steps)")
          }
        }
        let changes = zip(found.pruned, found.dense).contains { Oracle.distance($0, $1) > 1e-9 }
        if changes { pruned += 1 }
        if changes, !coupling.graph.opaqueNodes.isEmpty { beside += 1 }
      } catch {
        Issue.record("seed \(seed): \(error), hidden \(names), after \(steps)")
      }
    }
    print(
      "part \(part): \(networks) networks, \(pruned) pruned, \(beside) around a node, \(resumed) behind"
    )
    #expect(pruned * 3 > networks && beside * 4 > networks && resumed > 0)
  }

  /// `Conv -> Relu -> Conv -> unknown`, where the last convolution's channels are the unknown node's.
  @Test func whatAnUnknownNodeTouchesIsHeld() throws {
    var net = Net()
    let a = net.relu(net.conv(net.input([1, 3, 4, 4]), 3, 8, kernel: 1))
    let b = net.conv(a, 8, 6, kernel: 1)
    let unknown = net.node("Frobnicate", [b])
    let y = net.conv(net.relu(net.conv(unknown, 6, 8, kernel: 1)), 8, 2, kernel: 1)
    let coupling = Coupling(of: try Specialised.forRewriting(net.finished([y])))
    // The second pair stands behind it, where no shape is known.
    #expect(coupling.groups.map(\.size) == [8])
    let name = net.graph.nodes.first { $0.operation == "Frobnicate" }!.name
    let reasons = coupling.frozenAxes.map(\.reason)
    #expect(reasons.contains { $0.contains(name) && $0.contains("Frobnicate is not supported") })
    #expect(reasons.contains { $0.contains("is not known behind \"\(name)\"") })
  }

  /// One vector for a layer that is pruned and for an unknown node, which gets the whole.
  @Test func aConstantThatAnUnknownNodeReadsStaysWhole() throws {
    var net = Net()
    let (x, shared) = (net.input([1, 3, 4, 4]), net.weight([8]))
    let weights = [net.weight([8, 3, 1, 1]), net.weight([4, 8, 1, 1])]
    let a = net.conv(net.relu(net.conv(x, weight: weights[0], bias: shared)), weight: weights[1])
    let b = net.node("Relu", [shared])
    var graph = net.finished([a, b])
    graph.nodes[graph.nodes.count - 1].domain = Self.domain
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    #expect(coupling.groups.map(\.size) == [8])
    let found = try outputs(coupling, keeping(0.5, of: coupling, seed: 1), seed: 2)
    #expect(found.pruned.map(\.shape) == found.dense.map(\.shape))
    #expect(found.pruned[1] == found.dense[1])
    #expect(Oracle.distance(found.pruned[0], found.masked[0]) < 1e-5)
    #expect(Oracle.distance(found.pruned[0], found.dense[0]) > 1e-3)
  }

  /// A weight that an unknown node reads is held for every layer that shares it.
  @Test func aWeightThatAnUnknownNodeReadsIsHeldEverywhere() throws {
    var net = Net()
    let (x, weight) = (net.input([1, 3]), net.weight([3, 8]))
    let y = net.matmul(net.relu(net.matmul(x, weight)), net.weight([8, 2]))
    let graph = net.finished([y, net.node("Frobnicate", [weight])])
    let coupling = Coupling(of: try Specialised.forRewriting(graph))
    #expect(coupling.groups.isEmpty)
    #expect(coupling.frozenAxes.contains { $0.reason.contains("Frobnicate") })
  }
}
