import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// ONNX's node test cases on the reference evaluation.
///
/// `Scripts/fetch-onnx-cases.sh` puts the cases in the default folder; without them these tests are skipped.
/// `ESPALIER_ONNX_FILTER=test_gather` runs the cases whose names begin so.
enum NodeCases {
  static let folder: String =
    ProcessInfo.processInfo.environment["ESPALIER_ONNX_CASES"]
    ?? NSString(string: "~/.cache/espalier/onnx-cases/node").expandingTildeInPath
  static let filter = ProcessInfo.processInfo.environment["ESPALIER_ONNX_FILTER"] ?? ""
  static var areAvailable: Bool { FileManager.default.fileExists(atPath: folder) }

  /// The names in a text file beside this one: the first word of each line.
  static func names(in file: String) throws -> [String] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: file)
    return try String(contentsOf: path, encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
      .filter { $0.hasPrefix(filter) }
  }

  /// Why a case fails; `nil` if it passes. Tolerances are near those of ONNX's own runner.
  static func failure(of name: String) -> String? {
    do {
      let nodeCase = try OperatorCase(contentsOf: "\(folder)/\(name)")
      guard !nodeCase.dataSets.isEmpty else { return "has no data" }
      for set in nodeCase.dataSets {
        let specialised = try nodeCase.specialised(for: set)
        let names = Set(specialised.graph.inputs.map { specialised.graph.values[$0].name })
        let outputs = try Interpreter(specialised).run(set.inputs.filter { names.contains($0.key) })
        for (name, expected) in set.outputs.sorted(by: { $0.key < $1.key }) {
          guard let actual = outputs[name] else { return "output \(name) is missing" }
          guard actual.type == expected.type else {
            return "output \(name) is \(actual.type) instead of \(expected.type)"
          }
          let difference = TensorDifference(actual, expected, relative: 1e-3, absolute: 1e-5)
          if let position = difference.firstMismatch {
            return "output \(name): \(difference.mismatches) of \(expected.count) elements differ, "
              + "at \(position) \(actual.doubles[position]) instead of \(expected.doubles[position])"
          }
        }
      }
      return nil
    } catch {
      return "\(error)".replacingOccurrences(of: "\n", with: "; ")
    }
  }
}

@Test(.enabled(if: NodeCases.areAvailable))
func `ONNX's node cases pass but those listed as failing`() throws {
  let cases = try NodeCases.names(in: "onnx-cases.txt")
  let listed = Set(try NodeCases.names(in: "onnx-cases-failing.txt"))
  var passed = 0
  for name in cases {
    let failure = NodeCases.failure(of: name)
    if let failure {
      print("fails \(name): \(failure)")
    } else {
      passed += 1
    }
    #expect(
      (failure != nil) == listed.contains(name), "\(name): \(failure ?? "passes but is listed")")
  }
  print("node cases on the reference evaluation: \(passed) of \(cases.count) pass")
}
