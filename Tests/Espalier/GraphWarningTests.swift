import EspalierGraph
import Testing

@testable import Espalier

/// What is said of a model that works, but not as somebody may think.
@Suite struct GraphWarningTests {
  private func product(_ weights: [Float], batch: Graph.Dimension = .fixed(1)) -> Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 2]))
    graph.values[x].shape = [batch, .fixed(2)]
    let w = graph.addConstant("w", Tensor(weights, shape: [2, weights.count / 2]))
    graph.outputs = [graph.addNode("MatMul", [x, w], name: "layer")]
    return graph
  }

  @Test func `values that no result comes from are counted`() {
    #expect(product([1, 2, 3, 4]).weightWarnings.isEmpty)
    #expect(
      product([1, .nan, .infinity, .nan]).weightWarnings
        == ["weight \"w\" of layer \"layer\" has 2 NaN and 1 infinite among 4 values"])
    var masked = product([1, 2, 3, 4])
    let mask = masked.addConstant("mask", Tensor([0, -.infinity], shape: [1, 2]))
    masked.outputs = [masked.addNode("Add", [masked.outputs[0], mask], name: "add")]
    #expect(masked.weightWarnings.isEmpty, "infinity that is added is a mask")
  }

  @Test func `an open batch is said to be 1, unless it is given`() {
    let graph = product([1, 2], batch: .symbol("N"))
    #expect(graph.assumptions(inputShapes: [:]).count == 1)
    #expect(graph.assumptions(inputShapes: ["x": [3, 2]]).isEmpty)
    #expect(graph.assumptions(inputShapes: [:], given: ["x"]).isEmpty)
    #expect(product([1, 2]).assumptions(inputShapes: [:]).isEmpty)
  }
}
