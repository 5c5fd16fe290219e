import EspalierGraph
import EspalierSeeded
import Foundation
import Testing

@testable import EspalierPruning

@Suite struct ReportTests {
  @Test func jsonHasTheKeysThatScriptsReadOn() throws {
    var random = Seeded(seed: 31)
    let graph = chain(channels: [8, 8, 8, 8], &random)
    let pruner = try MagnitudePruner(pattern: .block(rows: 4, columns: 4), sparsity: 0.5)
    let data = try JSONEncoder().encode(try pruner.pruned(graph).1)
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["schema"] as? String == "espalier.prune/1")
    #expect(json["method"] as? String == "magnitude")
    #expect(json["pattern"] as? String == "block:4x4")
    #expect(json["sparsity"] as? Double == 0.5)
    #expect(json["flops_ratio"] as? Double == 1.2)
    #expect(json["params_ratio"] as? Double == 1.2)
    let layers = try #require(json["layers"] as? [[String: Any]])
    #expect(layers.map { $0["name"] as? String } == ["conv0", "conv1", "conv2"])
    #expect(layers.map { $0["kept"] as? Int } == [64, 32, 64])
    #expect(layers.map { $0["of"] as? Int } == [64, 64, 64])
    #expect(layers.map { $0["sparsity"] as? Double } == [0, 0.5, 0])
    let frozen = try #require(json["frozen"] as? [[String: String]])
    #expect(frozen.map { $0["axis"] } == ["conv0.weight", "conv2.weight"])
  }
}
