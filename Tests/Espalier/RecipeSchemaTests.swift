import EspalierGraph
import Foundation
import Testing

@testable import Espalier

/// The published schema and the reader say the same.
@Suite struct RecipeSchemaTests {
  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/recipe.schema.json").standardized.path

  /// To publish a change: ESPALIER_PUBLISH=1 swift test --filter RecipeSchemaTests.
  @Test func theSchemaIsPublished() throws {
    if ProcessInfo.processInfo.environment["ESPALIER_PUBLISH"] != nil {
      try Recipe.schema.write(toFile: Self.path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: Self.path, encoding: .utf8) == Recipe.schema)
  }

  private struct Step {
    var properties: [String: [String: Any]]
    var pattern: String
    /// What a step needs beside its pattern.
    var needs: String
  }

  private func steps() throws -> [Step] {
    let text = try String(contentsOfFile: Self.path, encoding: .utf8)
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let steps = try #require((root["properties"] as? [String: Any])?["steps"] as? [String: Any])
    let kinds = try #require((steps["items"] as? [String: Any])?["oneOf"] as? [[String: Any]])
    #expect(kinds.count == 2)
    return try zip(kinds, [("channel", "sparsity: 0.5"), ("unstructured", "sparsity: 0.5")]).map {
      #expect($0["additionalProperties"] as? Bool == false)
      return Step(
        properties: try #require($0["properties"] as? [String: [String: Any]]), pattern: $1.0,
        needs: $1.1)
    }
  }

  private func accepts(_ step: Step, _ key: String, _ value: String) -> Bool {
    // Some criteria and every refit need data.
    var lines = ["pattern: \(step.pattern)", step.needs, "data: [inputs.npy]"]
    lines.removeAll { $0.hasPrefix("\(key):") }
    // A budget stands in the place of a sparsity.
    if key == "budget" { lines.removeAll { $0.hasPrefix("sparsity") } }
    lines.append("\(key): \(value)")
    if value == "scores" { lines.append("scores: [a.safetensors]") }
    return (try? Recipe(text: "steps: [{\(lines.joined(separator: ", "))}]", file: "r")) != nil
  }

  /// Values at the edges of what a property's schema takes, and just beyond them.
  private func samples(_ schema: [String: Any]) -> (good: [String], bad: [String]) {
    if let names = schema["enum"] as? [String] { return (names, ["nonsense", "3", "[]"]) }
    switch schema["type"] as? String {
    case "boolean": return (["true", "false"], ["1", "yes", "\"true\""])
    case "integer":
      let (low, high) = (schema["minimum"] as! Int, schema["maximum"] as! Int)
      return (["\(low)", "\(high)"], ["\(low - 1)", "\(high + 1)", "1.5", "x"])
    case "number":
      let good = schema["minimum"] != nil ? ["0", "0.5"] : ["0.001", "0.5"]
      return (good, ["-0.1", "1", "x"] + (schema["minimum"] == nil ? ["0"] : []))
    case "array" where schema["minItems"] != nil:
      let isScores = (schema["items"] as? [String: Any])?["pattern"] != nil
      return isScores
        ? (["[a.safetensors, b=c.npy]"], ["[]", "a", "{}", "[a.npy]"])
        : (["[a.npy, b=c.npy]"], ["[]", "a", "{}"])
    case "array": return (["[]", "[a, \"b.*\"]"], ["a", "{}", "['(']"])
    case "object": return (["{}", "{a: 0.5}"], ["[]", "{a: 1}", "{a: 0}", "{a: b}"])
    case "string" where (schema["pattern"] as! String).contains("flops"):
      return (["flops:2", "params:1.5"], ["flops", "time:2", "flops:x", "2"])
    case "string":
      return (["unstructured", "block:4x8"], ["block:0x8", "nm:2", "nonsense"])
    default: return ([], [])
    }
  }

  @Test func everyKeyOfTheSchemaIsRead() throws {
    for step in try steps() {
      for (key, schema) in step.properties {
        let (good, bad) = samples(schema)
        #expect(!good.isEmpty && !bad.isEmpty, "no samples for \(key)")
        let taken = (good + bad).filter { accepts(step, key, $0) }
        #expect(taken == good, "\(step.pattern): \(key)")
      }
    }
  }

  @Test func everyKeyThatIsReadIsInTheSchema() throws {
    let steps = try steps()
    for (step, keys) in zip(steps, [RecipeKey.channels, RecipeKey.zeros]) {
      #expect(Set(step.properties.keys) == Set(keys.map(\.name)))
      for key in keys {
        #expect(step.properties[key.name]?["description"] as? String == key.summary)
      }
    }
    // A key of one kind of step that the schema does not give the other is refused there.
    for (step, other) in [(steps[0], steps[1]), (steps[1], steps[0])] {
      for (key, schema) in other.properties where step.properties[key] == nil {
        #expect(!accepts(step, key, samples(schema).good[0]), "\(step.pattern): \(key)")
      }
    }
  }
}
