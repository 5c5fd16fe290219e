import EspalierGraph
import EspalierPruning
import EspalierSeeded
import Foundation
import Testing

@testable import Espalier

/// Scores of single weights that another program has computed.
@Suite struct ScoreFileTests {
  /// Two layers: what the scores of the first say decides which of its channels stay.
  private func network() -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 2, 4, 4]))
    let first = graph.addConstant("first", Tensor([1, 1, 9, 9, 5, 5, 7, 7], shape: [4, 2, 1, 1]))
    let second = graph.addConstant("second", Tensor([1, 1, 1, 1], shape: [1, 4, 1, 1]))
    let y = graph.addNode("Conv", [x, first], name: "one")
    graph.outputs = [graph.addNode("Conv", [y, second], name: "two")]
    return graph
  }

  private func kept(_ scores: [String]) throws -> [Float] {
    var options = PruningOptions()
    options.pattern = try PruningOptions.pattern("channel")
    (options.sparsity, options.align) = (0.5, 1)
    options.scores = try PruningOptions.scores(scores)
    let recipe = try Recipe(options)
    let graph = try network().pruned(by: recipe, file: "g").graph
    return try #require(graph.values.first { $0.name == "first" }?.constant).floats
  }

  @Test func scoresDecide() throws {
    let header =
      "{\"first\": {\"dtype\": \"F32\", \"shape\": [4, 2, 1, 1], \"data_offsets\": [0, 32]}}"
    let numbers: [Float] = [4, 4, 1, 1, 3, 3, 2, 2]
    let path = try safetensorsFile(
      header,
      numbers.flatMap { n in (0..<4).map { UInt8(truncatingIfNeeded: n.bitPattern >> (8 * $0)) } })
    let array = NSTemporaryDirectory() + "espalier-\(UUID().uuidString).npy"
    try Tensor(numbers, shape: [4, 2, 1, 1]).write(to: array)
    defer { for file in [path, array] { try? FileManager.default.removeItem(atPath: file) } }
    #expect(try kept([path]) == [1, 1, 5, 5])
    #expect(try kept(["first=\(array)"]) == [1, 1, 5, 5])
    for (sources, said) in [
      (["first=\(array)", path], "twice"), (["furst=\(array)"], "did you mean \"first\""),
      (["second=\(array)"], "shape"),
    ] {
      do {
        _ = try kept(sources)
        Issue.record("\(sources) is accepted")
      } catch let error as EspalierError {
        #expect(error.exitCode == 65 && error.description.contains(said), "\(error)")
      }
    }
  }

  @Test func scoresStandInForACriterion() throws {
    var options = PruningOptions()
    options.pattern = try PruningOptions.pattern("channel")
    options.sparsity = 0.5
    options.criterion = .scores
    #expect(throws: EspalierError.self) { try Recipe(options) }
    options.criterion = .weights(.l2)
    options.scores = [.archive(path: "a.safetensors")]
    #expect(throws: EspalierError.self) { try Recipe(options) }
    options.criterion = nil
    _ = try Recipe(options)
  }
}
