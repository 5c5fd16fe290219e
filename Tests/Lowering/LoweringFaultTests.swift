import EspalierGraph
import EspalierLowering
import Testing

/// What the runtime cannot do is told all at once.
@Suite struct LoweringFaultTests {
  @Test func `a fault hides none behind it`() throws {
    var network = Network([1, 1, 2, 2, 2, 2])
    let weight = network.constant(Tensor([2], shape: [1, 1, 1, 1, 1, 1]))
    let first = network.node("Conv", [network.x, weight])
    let second = network.node("Conv", [network.node("Relu", [first]), weight])
    do {
      _ = try network.unfused(outputs: [second])
      Issue.record("accepted")
    } catch let error as GraphProblems {
      #expect(error.problems.map(\.code) == [.unsupportedVariant, .unsupportedVariant])
      #expect(
        error.problems.map(\.node) == [network.graph.nodes[0].name, network.graph.nodes[2].name])
    }
  }
}
