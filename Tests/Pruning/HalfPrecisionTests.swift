import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Networks of half precision: what a pipeline writes, the masked reference too, has the types that the
/// file had.
@Suite struct HalfPrecisionTests {
  /// Three convolutions of a type, nothing declared between them.
  private func network(_ type: ElementType) -> Graph {
    var random = Seeded(seed: 41)
    var graph = Graph()
    graph.opset = 22
    var last = graph.addInput("x", TensorType(type, [1, 3, 6, 6]))
    for (number, extents) in [[16, 3, 3, 3], [24, 16, 3, 3], [4, 24, 1, 1]].enumerated() {
      let values = random.tensor(extents).doubles
      let weight = graph.addConstant(
        "w\(number)", Tensor(elementType: type, shape: extents, doubles: values))
      last = graph.addNode("Relu", [graph.addNode("Conv", [last, weight])])
    }
    graph.outputs = [last]
    return graph
  }

  private func types(of graph: Graph) throws -> Set<ElementType> {
    let typed = try Specialised(graph)
    return Set(typed.types.compactMap { $0?.elementType }.filter(\.isFloatingPoint))
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `channels, and the masked reference`(_ type: ElementType) throws {
    var step = ChannelStep(budget: .channels(share: 0.3))
    step.pruner.alignment = 1
    let pruned = try PruningPipeline([.channels(step)]).run(
      on: network(type), wantsReference: true)
    #expect(try types(of: pruned.graph) == [type])
    #expect(try types(of: #require(pruned.reference)) == [type])
    #expect(pruned.graph.parameterCount < network(type).parameterCount)
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `zeros, refitted`(_ type: ElementType) throws {
    var step = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    step.calibration = StepCalibration(
      source: .noise(mean: 0, deviation: 1), samples: 4, refits: true)
    let pruned = try PruningPipeline([.zeros(step)]).run(on: network(type))
    #expect(try types(of: pruned.graph) == [type])
    let changed = pruned.graph.values.filter { value in
      guard let constant = value.constant else { return false }
      return network(type).values.first { $0.name == value.name }?.constant != constant
    }
    #expect(changed.count >= 2)
  }
}
