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
    ?? NSString(string: "~/.cache/espalier/onnx-cases-1.23.2/node").expandingTildeInPath
  static let filter = ProcessInfo.processInfo.environment["ESPALIER_ONNX_FILTER"] ?? ""
  static var areAvailable: Bool { FileManager.default.fileExists(atPath: folder) }

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appending(path: "../..").standardized

  private static func text(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  /// The cases claimed by the script that `Scripts/check-onnx-cases.sh` asks as well, and of them those
  /// that run everywhere and are judged by one tolerance: without types that the runtime has none of, and
  /// without half precision.
  static func selected() throws -> (claimed: Int, names: [String]) {
    let (script, output) = (Process(), Pipe())
    script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    script.arguments = [
      "python3", root.appending(path: "Scripts/select-onnx-cases.py").path, folder,
    ]
    script.standardOutput = output
    try script.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    script.waitUntilExit()
    try #require(script.terminationStatus == 0)
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    let names = lines.filter { $0[1...].allSatisfy(\.isEmpty) && $0[0].hasPrefix(filter) }.map {
      $0[0]
    }
    return (lines.count { $0[1].isEmpty }, names)
  }

  /// The cases that must fail: the first word of each line.
  static func failing() throws -> Set<String> {
    Set(
      try text(of: "Tests/Operators/onnx-cases-failing.txt")
        .split(separator: "\n").filter { !$0.hasPrefix("#") }
        .compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  /// How many cases the page counts: a selection that loses some must not pass unseen.
  static func counted() throws -> Int {
    let rows = try text(of: "docs/onnx-cases.md").matches(of: /\| reference +\| +\d+ \| +(\d+) \|/)
    return try #require(rows.first.flatMap { Int($0.output.1) })
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
  let (claimed, cases) = try NodeCases.selected()
  let listed = try NodeCases.failing()
  if NodeCases.filter.isEmpty {
    #expect(try claimed >= NodeCases.counted())
    #expect(cases.count * 4 > claimed * 3)
  }
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
