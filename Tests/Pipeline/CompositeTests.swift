import Espalier
import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// Operators that become plain nodes, loops and branches: each a small ONNX test case under
/// `CompositeCases/`, with onnxruntime's outputs, without optimisations, on a processor whose products of
/// bytes do not saturate.
@Suite struct CompositeTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appending(path: "CompositeCases").path
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

  /// Operators whose bytes may be the ones beside onnxruntime's, which rounds in another order.
  private static let inexact: Set<String> = [
    "com.microsoft.QLinearAdd", "com.microsoft.QLinearMul", "com.microsoft.QLinearSoftmax",
    "com.microsoft.QLinearGlobalAveragePool", "com.microsoft.QLinearAveragePool",
  ]

  /// Operators that a graph to be rewritten has as plain nodes as well; others stay in it.
  private func remaining(_ graph: Specialised) -> [String] {
    graph.graph.nodes.map(\.qualifiedOperation).filter { Graph.compositeOperators.contains($0) }
  }

  @Test func `every case is there`() { #expect(Self.names.count == 107) }

  @Test(arguments: names) func `computes what onnxruntime does, bytes exactly`(name: String) throws
  {
    let path = "\(Self.folder)/\(name)"
    let operations = try Graph(contentsOf: "\(path)/model.onnx").nodes.map(\.qualifiedOperation)
    let isExact = Self.inexact.isDisjoint(with: operations)
    for onRuntime in [false, true] {
      let result = try Verification(ofCase: path, onRuntime: onRuntime, tolerance: Tolerance())
      for output in result.outputs {
        #expect(output.pass, "\(name), runtime \(onRuntime): \(output.reason ?? "")")
      }
      guard isExact else { continue }
      let expected = try OperatorCase(contentsOf: path).dataSets[0].outputs
      let exact = try Verification(
        ofCase: path, onRuntime: onRuntime, tolerance: Tolerance(relative: 0, absolute: 0))
      for output in exact.outputs
      where expected[output.name]?.elementType.isInteger ?? false {
        #expect(output.pass, "\(name), runtime \(onRuntime): \(output.reason ?? "")")
      }
    }
  }

  /// With the operators that the file's opset has, and exported: what pruning works on.
  @Test(arguments: names) func `rewritten, it is standard and computes the same, or stays`(
    name: String
  ) throws {
    let set = try OperatorCase(contentsOf: "\(Self.folder)/\(name)")
    let data = set.dataSets[0]
    let typed = try Specialised.forRewriting(
      set.graph, inputShapes: data.inputs.mapValues(\.shape))
    // Its states are not rounded to bytes.
    if name.hasPrefix("dqlstm") {
      #expect(typed.graph.nodes.map(\.operation).contains("LSTM"))
      return
    }
    guard typed.opaqueNodes.isEmpty else { return }
    #expect(remaining(typed).isEmpty)
    let written = try importONNX(bytes: exportONNX(typed.openGraph))
    let result = Verification(
      Dictionary(try written.run(data.inputs).map { ($0.name, $0.tensor) }) { $1 },
      against: data.outputs.map { ($0.key, $0.value) }, tolerance: Tolerance())
    for output in result.outputs { #expect(output.pass, "\(name): \(output.reason ?? "")") }
  }

  @Test func `every composite operator has a case`() throws {
    var found: Set<String> = []
    for name in Self.names {
      // What reading expands stands in the file alone.
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)/model.onnx"))
      let text = String(decoding: bytes, as: UTF8.self)
      for operation in Graph.compositeOperators {
        let own = operation.split(separator: ".").last.map(String.init)!
        if text.contains("\u{22}\(Character(UnicodeScalar(UInt8(own.utf8.count))))\(own)") {
          found.insert(operation)
        }
      }
    }
    #expect(Graph.compositeOperators.subtracting(found).sorted() == [])
  }
}
