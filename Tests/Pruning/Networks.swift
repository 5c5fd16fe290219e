import EspalierGraph
import EspalierSeeded

@testable import EspalierPruning

/// A graph of one weighted node between an input and an output.
func network(
  _ operation: String, input: [Int], weight: Tensor, attributes: [String: Attribute] = [:]
) -> Graph {
  var graph = Graph()
  let x = graph.addInput("x", TensorType(.float32, input))
  let w = graph.addConstant("weight", weight)
  graph.outputs = [graph.addNode(operation, [x, w], name: "layer", attributes: attributes)]
  return graph
}

/// A chain of pointwise convolutions over one pixel.
func chain(channels: [Int], _ random: inout Seeded) -> Graph {
  var graph = Graph()
  var x = graph.addInput("x", TensorType(.float32, [1, channels[0], 1, 1]))
  for (index, (inputs, outputs)) in zip(channels, channels.dropFirst()).enumerated() {
    let w = graph.addConstant("conv\(index).weight", random.tensor([outputs, inputs, 1, 1]))
    x = graph.addNode("Conv", [x, w], name: "conv\(index)")
    x = graph.addNode("Relu", [x], name: "relu\(index)")
  }
  graph.outputs = [x]
  return graph
}

extension Graph {
  /// The elements of an initializer.
  func weight(_ name: String) -> [Float] { values.first { $0.name == name }!.constant!.floats }
}

/// Prunes every layer, first and last included, and returns the weight's elements.
func prune(
  _ graph: Graph, _ pattern: String, _ sparsity: Double? = nil,
  criterion: MagnitudeCriterion = .l2
) throws -> [Float] {
  let pruner = try MagnitudePruner(
    pattern: PruningPattern(parsing: pattern), sparsity: sparsity, criterion: criterion,
    keepsFirstAndLast: false)
  let (result, report) = try pruner.pruned(graph)
  guard let layer = report.layers.first, report.layers.count == 1, layer.reason == nil else {
    throw PruningError(.badGraph, "the layer was not pruned: \(report.layers)")
  }
  return result.weight("weight")
}

/// Which elements are not zero, as digits.
func pattern(of values: [Float]) -> String { values.map { $0 == 0 ? "0" : "1" }.joined() }
