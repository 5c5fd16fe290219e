import EspalierCoupling
import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// Networks exported by other people's exporters (`Scripts/export-frameworks.sh` made the files).
@Suite struct FixtureTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  /// Empty where the folder is missing, which the first test notices.
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".onnx") }.sorted()

  @Test func everyFrameworkIsThere() {
    let frameworks = Dictionary(grouping: Self.names) { $0.prefix { $0 != "-" } }
    #expect(
      frameworks.mapValues(\.count) == [
        "jax": 2, "mxnet": 2, "paddlepaddle": 3, "pytorch_dynamo": 3, "pytorch_torchscript": 3,
        "tensorflow": 3,
      ])
  }

  @Test(arguments: names) func prunedComputesWhatTheMaskedOriginalDoes(_ name: String) throws {
    let path = Self.folder.appendingPathComponent(name).path
    let oracle = try Oracle(try importONNX(contentsOf: path), purpose: .rewriting)
    #expect(!oracle.coupling.groups.isEmpty)
    try oracle.checkAll()
  }
}
