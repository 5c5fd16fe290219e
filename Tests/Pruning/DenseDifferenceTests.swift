import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// How far a pruned model is from the dense one, and what is done about it.
@Suite struct DenseDifferenceTests {
  private func linear(_ weights: [Float]) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 2]))
    let w = graph.addConstant("w", Tensor(weights, shape: [2, 2]))
    graph.outputs = [graph.addNode("MatMul", [x, w], name: "layer")]
    return graph
  }

  private func difference(_ weights: [Float], _ samples: [Float]) throws -> DenseDifference? {
    let dense = try Specialised(linear([1, 0, 0, 1]))
    let data = try Calibration(
      ["x": Tensor(samples, shape: [samples.count / 2, 2])], for: dense)
    return try DenseDifference(
      dense: dense, pruned: Specialised(linear(weights)), data, namesLayers: true)
  }

  @Test func figuresAreThoseByHand() throws {
    // Outputs (1, 0), (0, 2), (-1, -2): of means 0, variances 2 and 8.
    let samples: [Float] = [1, 0, 0, 2, -1, -2]
    let same = try #require(try difference([1, 0, 0, 1], samples))
    #expect([same.explained, same.spread, same.agreement] == [1, 1, 1])
    #expect(same.runs == 3)
    #expect(same.fault == nil && same.warning == nil)
    // Without the second output: its variance of 8 is not told.
    let half = try #require(try difference([1, 0, 0, 0], samples))
    let explained = abs(half.explained - 0.2)
    let spread = abs(half.spread - 0.2.squareRoot())
    #expect(explained < 1e-9)
    #expect(spread < 1e-9)
    // Largest: (1, 0) alike, (0, 2) not, (-1, -2) not: (-1, 0).
    #expect(half.agreement == 1.0 / 3)
    #expect(half.fault != nil)
    #expect(half.worst.map(\.name) == ["layer"])
    // Four fifths of the second output: 1 - (0.04 * 8) / 10.
    let good = try #require(try difference([1, 0, 0, 0.8], samples))
    let near = abs(good.explained - 0.968)
    #expect(near < 1e-6)
    #expect(good.fault == nil)
    #expect(good.warning == nil)
    let fair = try #require(try difference([1, 0, 0, 0.5], samples))
    let fairly = abs(fair.explained - 0.8)
    #expect(fairly < 1e-6)
    #expect(fair.fault == nil)
    #expect(try #require(fair.warning).contains("layer (0.8)"))
    #expect(try difference([1, 0, 0, 1], [1, 2, 1, 2]) == nil)
  }

  /// A model that is broken is an error unless it is wanted; nothing else changes.
  @Test func brokenModelsAreRefused() throws {
    var random = Seeded(seed: 9)
    let graph = chain(channels: [8, 32, 32, 32, 8], &random)
    var step = ZeroStep(try MagnitudePruner(pattern: .unstructured, sparsity: 0.95))
    step.calibration.source = .noise(mean: 0, deviation: 1)
    let pipeline = PruningPipeline([.zeros(step)])
    do throws(PruningFailure) {
      _ = try pipeline.run(on: graph)
      Issue.record("a network without its weights passed")
    } catch {
      guard case .pruning(let error) = error else { throw error }
      #expect(error.code == .brokenModel)
      #expect(error.message.contains("--force"))
    }
    let forced = try pipeline.run(on: graph, force: true)
    let difference = try #require(forced.report.difference)
    #expect(difference.spread < 0.5)
    #expect(difference.isNoise)
    #expect(forced.report.warnings.contains { $0.contains("broken") })
  }

  /// Inputs of every kind are made up so that models take them.
  @Test func syntheticInputsFit() throws {
    var graph = Graph()
    let tokens = graph.addInput("tokens", TensorType(.int64, [2, 5]))
    let mask = graph.addInput("mask", TensorType(.int64, [2, 5]))
    let x = graph.addInput("x", TensorType(.float32, [2, 5, 3]))
    let table = graph.addConstant("table", Tensor((0..<21).map(Float.init), shape: [7, 3]))
    let found = graph.addNode("Gather", [table, graph.addNode("Identity", [tokens])])
    let cast = graph.addNode("Cast", [mask], attributes: ["to": .integer(1)])
    let axes = graph.addConstant("axes", Tensor(integers: [2], shape: [1]))
    let wide = graph.addNode("Unsqueeze", [cast, axes])
    graph.opset = 17
    graph.outputs = [graph.addNode("Mul", [graph.addNode("Add", [found, x]), wide])]
    let specialised = try Specialised(graph)
    let inputs = Calibration.synthetic(for: specialised, count: 40, seed: 3)
    #expect(inputs.isNoise && inputs.runs.count == 40)
    let drawn = inputs.runs.flatMap { $0["tokens"]!.integers }
    #expect(Set(drawn) == Set(0..<7))
    #expect(inputs.runs.allSatisfy { $0["mask"]!.integers.allSatisfy { $0 == 1 } })
    let numbers = inputs.runs.flatMap { $0["x"]!.floats }
    let mean = numbers.reduce(0, +) / Float(numbers.count)
    #expect(abs(mean) < 0.2)
    for run in inputs.runs { _ = try Evaluator(specialised).run(run) }
  }

  /// Numbers that are turned into a one among zeros are tokens too.
  @Test(arguments: ["Equal", "OneHot"]) func tokensWithoutATable(_ operation: String) throws {
    var graph = Graph()
    graph.opset = 17
    let tokens = graph.addInput("tokens", TensorType(.int64, [2, 5, 1]))
    switch operation {
    case "OneHot":
      let depth = graph.addConstant("depth", Tensor(integers: [11]))
      let values = graph.addConstant("values", Tensor([0, 1], shape: [2]))
      graph.outputs = [graph.addNode("OneHot", [tokens, depth, values])]
    default:
      let list = graph.addConstant("list", Tensor(integers: Array(0..<11), shape: [1, 1, 11]))
      let axis = graph.addConstant("axes", Tensor(integers: [2, 5, 11], shape: [3]))
      graph.outputs = [graph.addNode("Equal", [list, graph.addNode("Expand", [tokens, axis])])]
    }
    let inputs = Calibration.synthetic(for: try Specialised(graph), count: 40, seed: 3)
    #expect(Set(inputs.runs.flatMap { $0["tokens"]!.integers }) == Set(0..<11))
  }
}
