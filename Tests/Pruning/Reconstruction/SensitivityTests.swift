import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

@Suite struct SensitivityTests {
  /// `10 a(x) + b(x)`, where `a` and `b` are layers of two.
  private func branches(_ random: inout Seeded) throws -> Specialised {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [3, 6]))
    func branch(_ name: String) -> Graph.ValueID {
      let first = graph.addConstant("\(name)1", random.tensor([6, 8]))
      let second = graph.addConstant("\(name)2", random.tensor([8, 5]))
      let hidden = graph.addNode("Relu", [graph.addNode("MatMul", [x, first])])
      return graph.addNode("MatMul", [hidden, second])
    }
    let ten = graph.addConstant("ten", Tensor([10], shape: []))
    let large = graph.addNode("Mul", [branch("a"), ten])
    graph.outputs = [graph.addNode("Add", [large, branch("b")])]
    return try Specialised(graph)
  }

  private func calibration(
    _ graph: Specialised, _ count: Int, _ random: inout Seeded
  ) throws -> Calibration {
    try Calibration(["x": random.tensor([3 * count, 6])], for: graph)
  }

  @Test func `a factor behind a layer counts by its square`() throws {
    var random = Seeded(seed: 71)
    let graph = try branches(&random)
    let products = GroupConsumers(Coupling(of: graph)).products
    let factors = try #require(
      try Sensitivity().measured(
        at: products, Evaluator(graph), calibration(graph, 8, &random)))
    let found = products.map { factors[$0.node]! }
    #expect(found.count == 2)
    #expect(abs(found[0] / found[1] - 100) < 0.01)
    let run = try calibration(graph, 8, &random)
    #expect(try Sensitivity().measured(at: products, Evaluator(graph), run.prefix(2)) == nil)
  }

  /// The greater branch would lose as great a share by itself.
  @Test func `channels of the branch that counts less go first`() throws {
    var random = Seeded(seed: 72)
    let graph = try branches(&random)
    let coupling = Coupling(of: graph)
    let scores = try ReconstructionScores(.obs).scores(
      coupling, calibration(graph, 30, &random)
    ).values.map { $0[0] }
    #expect(scores.count == 2)
    #expect(scores[0].min()! > scores[1].max()!)
  }
}
