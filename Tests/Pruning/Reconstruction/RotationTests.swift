import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierONNX
import EspalierSeeded
import EspalierZoo
import Foundation
import Testing

@testable import EspalierPruning

@Suite struct RotationTests {
  /// Random inputs; integers are small enough for any table.
  private func calibration(
    _ graph: Specialised, _ count: Int, _ random: inout Seeded
  ) throws -> Calibration {
    var tensors: [String: Tensor] = [:]
    for input in graph.graph.inputs {
      let type = graph.type(of: input)
      let shape = [count * type.shape[0]] + type.shape.dropFirst()
      tensors[graph.graph.values[input].name] =
        type.elementType.isFloatingPoint
        ? random.tensor(shape)
        : Tensor(
          elementType: type.elementType, shape: shape,
          integers: (0..<shape.reduce(1, *)).map { _ in Int64(random.next(in: 0...1)) })
    }
    return try Calibration(tensors, for: graph)
  }

  /// The largest difference of the outputs, as a share of the largest output.
  private func difference(_ a: Specialised, _ b: Specialised, _ data: Calibration) throws -> Double
  {
    let (first, second) = (Evaluator(a), Evaluator(b))
    var (worst, largest) = (0.0, 0.0)
    for run in data.runs {
      let (wanted, found) = (try first.run(run), try second.run(run))
      for (name, tensor) in wanted {
        let difference = TensorDifference(found[name]!, tensor, relative: 0, absolute: 0)
        worst = max(worst, difference.maximumAbsolute)
        largest = tensor.doubles.reduce(largest) { max($0, abs($1)) }
      }
    }
    return worst / largest
  }

  private func rotated(_ coupling: Coupling, _ data: Calibration) throws -> Coupling {
    try ChannelRotation().rotated(
      coupling, allowed: coupling.groups.map { _ in true }, data)
  }

  private func passages(_ coupling: Coupling) -> [LinearPassage] {
    let counts = coupling.graph.useCounts
    return coupling.groups.indices.compactMap { LinearPassage($0, coupling, counts) }
  }

  /// How many tensors have other elements.
  private func changes(_ a: Coupling, _ b: Coupling) -> Int {
    zip(a.graph.constants, b.graph.constants).count { $0 != $1 }
  }

  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Coupling/Fixtures").standardized

  /// PyTorch's exports keep queries, keys and values in one weight, TensorFlow's heads in an axis of
  /// their biases: nothing is turned there.
  @Test(arguments: [
    ("jax", true), ("paddlepaddle", true), ("pytorch_dynamo", false),
    ("pytorch_torchscript", false), ("tensorflow", false),
  ])
  func `attention of any exporter computes the same in another basis`(
    exporter: String, turns: Bool
  ) throws {
    let path = Self.fixtures.appending(path: "\(exporter)-attention.onnx").path
    let graph = try Specialised(importONNX(contentsOf: path), purpose: .rewriting)
    let coupling = Coupling(of: graph)
    var random = Seeded(seed: 61)
    let data = try calibration(graph, 40, &random)
    let turned = try rotated(coupling, data)
    #expect(passages(coupling).isEmpty != turns)
    #expect(turns ? changes(coupling, turned) >= 3 : changes(coupling, turned) == 0)
    #expect(try difference(graph, turned.graph, data) < 2e-5)
    #expect(turned.groups.map(\.size) == coupling.groups.map(\.size))
  }

  /// Rotary positions come between queries and keys, but not between values and their sum.
  @Test func `of a decoder with rotary positions values alone are turned`() throws {
    let architecture = try #require(Zoo.architecture(named: "llama_decoder"))
    let graph = try Specialised(architecture.graph(seed: 5), purpose: .rewriting)
    let coupling = Coupling(of: graph)
    let found = passages(coupling)
    let layers = coupling.graph.graph.nodes.count { $0.operation == "Softmax" }
    #expect(found.count == layers)
    #expect(found.allSatisfy { $0.changes.count { $0.isInverse } == 1 })
    var random = Seeded(seed: 62)
    let data = try calibration(graph, 6, &random)
    let turned = try rotated(coupling, data)
    #expect(changes(coupling, turned) >= 2 * layers)
    #expect(try difference(graph, turned.graph, data) < 2e-5)
  }

  /// Attention of two heads of four dimensions; a nonlinearity may stand behind each projection.
  private func attention(
    _ random: inout Seeded, rank: Int, activation: String? = nil
  ) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 6, 10]))
    func shape(_ numbers: [Int64]) -> Graph.ValueID {
      graph.addConstant("s\(graph.values.count)", Tensor(integers: numbers, shape: [numbers.count]))
    }
    /// Each head's columns are mixtures of a few.
    func projection(_ order: [Int64]) -> Graph.ValueID {
      var weight = Matrix(zeros: 10, 8)
      for head in 0..<2 {
        let a = Matrix(10, rank, random.tensor([10, rank]).doubles)
        let product = a.times(Matrix(rank, 4, random.tensor([rank, 4]).doubles))
        for row in 0..<10 {
          for column in 0..<4 { weight[row, 4 * head + column] = product[row, column] }
        }
      }
      let w = graph.addConstant(
        "w\(graph.values.count)", Tensor(weight.values.map { Float($0) }, shape: [10, 8]))
      var y = graph.addNode("MatMul", [x, w])
      if rank == 4 {
        y = graph.addNode(
          "Add", [y, graph.addConstant("b\(graph.values.count)", random.tensor([8]))])
      }
      if let activation { y = graph.addNode(activation, [y]) }
      let heads = graph.addNode("Reshape", [y, shape([0, 0, 2, 4])])
      return graph.addNode("Transpose", [heads], attributes: ["perm": .integers(order)])
    }
    let (q, k, v) = (
      projection([0, 2, 1, 3]), projection([0, 2, 3, 1]), projection([0, 2, 1, 3])
    )
    let weights = graph.addNode("Softmax", [graph.addNode("MatMul", [q, k])])
    let mixed = graph.addNode(
      "Transpose", [graph.addNode("MatMul", [weights, v])],
      attributes: ["perm": .integers([0, 2, 1, 3])])
    let merged = graph.addNode("Reshape", [mixed, shape([0, 0, 8])])
    let out = graph.addConstant("out", random.tensor([8, 5]))
    graph.outputs = [graph.addNode("MatMul", [merged, out])]
    return graph
  }

  @Test func `dimensions without energy can go for nothing once turned`() throws {
    var random = Seeded(seed: 63)
    let graph = try Specialised(attention(&random, rank: 2))
    let coupling = Coupling(of: graph)
    let data = try calibration(graph, 60, &random)
    let turned = try rotated(coupling, data)
    #expect(passages(coupling).count == 2)
    func cut(_ coupling: Coupling) throws -> Specialised {
      let scores = try ReconstructionScores(.obspa).scores(coupling, data)
      var keptChannels = KeptChannels(coupling)
      for (group, lists) in zip(coupling.groups, scores.values) where group.size == 4 {
        let kept = lists.map { list in
          list.indices.sorted { list[$0] > list[$1] }.prefix(2).sorted()
        }
        keptChannels.keep(.lists(kept, of: group.partner!), of: group)
      }
      #expect(keptChannels.kept.count == 2)
      return try Specialised(coupling.pruned(keptChannels))
    }
    #expect(try difference(graph, cut(turned), data) < 1e-3)
    #expect(try difference(graph, cut(coupling), data) > 0.1)
  }

  @Test func `behind a nonlinearity nothing is turned`() throws {
    var random = Seeded(seed: 64)
    let coupling = try Coupling(of: Specialised(attention(&random, rank: 4, activation: "Relu")))
    #expect(passages(coupling).isEmpty)
    let data = try calibration(coupling.graph, 4, &random)
    #expect(changes(coupling, try rotated(coupling, data)) == 0)
  }

  @Test func `groups that may not be pruned stay as they are`() throws {
    var random = Seeded(seed: 65)
    let coupling = try Coupling(of: Specialised(attention(&random, rank: 4)))
    let data = try calibration(coupling.graph, 4, &random)
    let turned = try ChannelRotation().rotated(
      coupling, allowed: coupling.groups.map { _ in false }, data)
    #expect(changes(coupling, turned) == 0)
  }
}
