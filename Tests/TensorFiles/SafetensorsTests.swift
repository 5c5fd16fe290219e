import EspalierGraph
import EspalierSeeded
import EspalierTensorFiles
import Foundation
import Testing

@Suite struct SafetensorsTests {
  private func problem(_ header: String, _ bytes: [UInt8], length: UInt64? = nil) throws -> String {
    let path = try safetensorsFile(header, bytes, length: length)
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      _ = try EspalierTensorFiles.tensors(contentsOfSafetensors: path)
      return "accepted"
    } catch {
      #expect(error.exitCode == 65)
      return error.description
    }
  }

  @Test func everyTypeIsRead() throws {
    let header = """
      {"__metadata__": {"format": "pt"},
       "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
       "b": {"dtype": "F16", "shape": [1], "data_offsets": [8, 10]},
       "c": {"dtype": "BF16", "shape": [1], "data_offsets": [10, 12]},
       "d": {"dtype": "F64", "shape": [], "data_offsets": [12, 20]},
       "e": {"dtype": "F32", "shape": [0, 3], "data_offsets": [20, 20]}}
      """
    let bytes: [UInt8] =
      [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] + [0, 0x38] + [0x40, 0x40]
      + [0, 0, 0, 0, 0, 0, 0xD0, 0x3F]
    let path = try safetensorsFile(header, bytes)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let tensors = try EspalierTensorFiles.tensors(contentsOfSafetensors: path)
    #expect(
      tensors.mapValues(\.doubles) == ["a": [1, -2], "b": [0.5], "c": [3], "d": [0.25], "e": []])
    #expect(tensors["a"]?.shape == [2, 1] && tensors["d"]?.shape == [])
  }

  @Test(arguments: [
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 8]}}", "needs 4 bytes"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [4, 12]}}", "gap"),
    (
      "{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}",
      "belong to no tensor"
    ),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}}", "beyond"),
    ("{\"a\": {\"dtype\": \"I64\", \"shape\": [1], \"data_offsets\": [0, 8]}}", "I64"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [-2], \"data_offsets\": [0, 8]}}", "whole numbers"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 8]}}", "whole numbers"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [8, 0]}}", "whole numbers"),
    (
      "{\"a\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296], \"data_offsets\": [0, 8]}}",
      "too many"
    ),
    (
      "{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}, "
        + "\"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", "overlap"
    ),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [2]}}", "data_offsets"), ("{\"a\": 1}", "dtype"),
    ("[]", "JSON"), ("{", "JSON"), (String(repeating: "[", count: 100_000), "JSON"),
  ])
  func whatBreaksTheFormatIsNamed(header: String, expected: String) throws {
    let said = try problem(header, [UInt8](repeating: 0, count: 8))
    #expect(said.contains("E2201") && said.contains(expected), "\(said)")
  }

  @Test func lengthsAreChecked() throws {
    #expect(try problem("{}", []) == "accepted")
    #expect(try problem("{}", [], length: 3).contains("header of 3"))
    #expect(try problem("{}", [], length: .max).contains("header of"))
    let path = NSTemporaryDirectory() + "espalier-\(UUID().uuidString)"
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: TensorFileError.self) {
      try EspalierTensorFiles.tensors(contentsOfSafetensors: path)
    }
    #expect(throws: TensorFileError.self) {
      try EspalierTensorFiles.tensors(contentsOfSafetensors: path + "absent")
    }
  }
}
