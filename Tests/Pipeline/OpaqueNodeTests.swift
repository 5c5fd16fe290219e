import EspalierGraph
import EspalierPruning
import EspalierZoo
import Foundation
import Testing

@testable import Espalier

/// Networks with a node that nobody knows, from file to file.
@Suite struct OpaqueNodeTests {
  /// A ResNet whose scores go through an operator from elsewhere as well.
  private func network() throws -> Graph {
    var graph = try #require(Zoo.architecture(named: "resnet18")).graph(seed: 2, imageSize: 32)
    let kept = graph.addNode("NonMaxSuppression", [graph.outputs[0]], name: "detect")
    graph.nodes[graph.nodes.count - 1].domain = "com.example"
    (graph.values[kept].elementType, graph.values[kept].shape) = (.int64, [.unknown, .fixed(3)])
    graph.metadata.opsets.append(("com.example", 1))
    graph.outputs.append(kept)
    return graph
  }

  private func file(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())-\(name)").path
  }

  @Test(arguments: ["channel", "unstructured", "nm:2:4", "block:8x4"])
  func theRestIsPrunedAndWritten(_ pattern: String) throws {
    let path = file("opaque.onnx")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = PruningOptions()
    options.pattern = try PruningOptions.pattern(pattern)
    if pattern != "nm:2:4" { options.sparsity = 0.5 }
    let graph = try network()
    let model = try graph.pruned(by: Recipe(options), wantsReference: pattern == "channel")
    #expect(model.report.opaque.map(\.node) == ["detect"])
    #expect((model.report.parametersRatio ?? 0) > 1.5)
    #expect((model.report.flopsRatio ?? 0) > 1.3)
    try model.graph.write(to: path)
    let read = try Graph(contentsOf: path)
    #expect(read.nodes.last?.operation == "NonMaxSuppression" && read.nodes.last?.name == "detect")
    #expect(read.metadata.opsets.contains { $0.domain == "com.example" && $0.version == 1 })
    let declared = read.values[read.outputs[1]]
    #expect(declared.elementType == .int64 && declared.shape == [.unknown, .fixed(3)])
    if let reference = model.reference {
      try reference.write(to: path)
      #expect(try Graph(contentsOf: path).nodes.last?.name == "detect")
    }
    // The runtime says by name what it lacks.
    #expect(throws: EspalierError.self) { try Conversion(read) }
    do { _ = try Conversion(read) } catch {
      #expect(error.exitCode == 65 && error.description.contains("detect"))
      #expect(error.description.contains("NonMaxSuppression of domain \"com.example\""))
    }
  }

  @Test func reportsNameTheNode() throws {
    let path = file("opaque.onnx")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try network().write(to: path)
    let groups = try GroupsReport(Graph(contentsOf: path))
    #expect(groups.groups.count == 12)
    #expect(groups.opaque.map(\.node) == ["detect"])
    #expect(groups.opaque[0].operation == "com.example.NonMaxSuppression")
    let check = try CheckReport(contentsOf: path)
    #expect(check.problems.map(\.node) == ["detect"])
    #expect(check.held == groups.opaque)
    let json = String(decoding: try JSONEncoder().encode(groups), as: UTF8.self)
    #expect(json.contains("\"operator\":\"com.example.NonMaxSuppression\""))
  }
}
