import EspalierModelFile
import Foundation
import Testing

/// The Swift enumerations are those of the schema.
@Suite struct SchemaTests {
  /// The names and codes of an enumeration in `model.fbs`, without `none`.
  private func codes(of enumeration: String) throws -> [String: Int] {
    let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/ModelFile/model.fbs")
    let text = try String(contentsOf: schema, encoding: .utf8)
    let lines = text.split(separator: "\n")
    let first = try #require(lines.firstIndex { $0.hasPrefix("enum \(enumeration) :") })
    var codes: [String: Int] = [:]
    for line in lines[(first + 1)...].prefix(while: { !$0.hasPrefix("}") })
    where !line.contains("///") {
      for entry in line.split(separator: ",") {
        let parts = entry.split(separator: "=").map { $0.trimmingCharacters(in: .whitespaces) }
        guard parts.count == 2, parts[0] != "none" else { continue }
        codes[parts[0].trimmingCharacters(in: ["_"])] = Int(parts[1])
      }
    }
    return codes
  }

  @Test func encodingsAndPackings() throws {
    #expect(
      try codes(of: "WeightEncoding")
        == Dictionary(
          uniqueKeysWithValues: WeightEncoding.allCases.map { ("\($0)", Int($0.rawValue)) }))
    #expect(
      try codes(of: "WeightPacking")
        == Dictionary(
          uniqueKeysWithValues: WeightPacking.allCases.map { ("\($0)", Int($0.rawValue)) }))
  }

  /// What kernels know is generated, and as old as the schema at most.
  @Test func packingsOfKernels() throws {
    let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../runtime/Kernels/include/esp_packing.h")
    let lines = try String(contentsOf: header, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("  ESP_PACKING_") }
    let expected = WeightPacking.allCases.map { packing in
      let words = "\(packing)".map { $0.isUppercase || $0.isNumber ? "_\($0)" : "\($0)" }
      return "  ESP_PACKING_\(words.joined().uppercased()) = \(packing.rawValue),"
    }
    #expect(lines.map(String.init) == expected)
  }

  /// Bit p for packing p, all of which the reader knows, and that of compact files, which is set.
  @Test func featureBits() throws {
    for bit in 0..<64 {
      var file = FileBytes(try Samples.small().bytes())
      file.set(file.number(at: 16, as: UInt64.self) | 1 << UInt64(bit), at: 16)
      file.sealPrefix()
      let isKnown =
        bit == 63 || WeightPacking.allCases.contains { $0.featureBit == 1 << UInt64(bit) }
      #expect(refusal(of: file.bytes)?.code == (isKnown ? nil : .unknownFeature), "bit \(bit)")
    }
  }

  @Test func elementCodes() throws {
    let expected: [ElementCode] = [.f32, .u8, .i8, .i32, .i64, .bool]
    #expect(
      try codes(of: "ElementCode")
        == Dictionary(uniqueKeysWithValues: expected.map { ("\($0)", Int($0.rawValue)) }))
  }
}
