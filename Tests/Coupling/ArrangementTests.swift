import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// Channels in another order: the network computes the same.
@Suite struct ArrangementTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func orderMakesNoDifference(_ seed: UInt64) throws {
    let (graph, steps) = RandomNetwork.graph(seed: seed)
    let oracle = try Oracle(graph)
    var random = Seeded(seed: seed + 1000)
    var arranged = KeptChannels(oracle.coupling)
    for group in oracle.coupling.groups where group.partner == nil && group.isExact {
      var order = Array(0..<group.size)
      for place in order.indices.dropFirst().reversed() {
        order.swapAt(place, Int(random.next() % UInt64(place + 1)))
      }
      arranged.arrange(order, of: group)
    }
    let outputs = try Oracle.run(oracle.coupling.pruned(arranged), oracle.inputs)
    for (found, wanted) in zip(outputs, oracle.dense) {
      let errors = zip(found.doubles, wanted.doubles).map { abs($0 - $1) / max(abs($1), 1) }
      #expect(errors.allSatisfy { $0 <= 1e-9 }, "seed \(seed): \(steps)")
    }
  }
}
