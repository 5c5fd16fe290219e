import EspalierModelFile
import Foundation
import Testing

/// Files of every version written so far; see Golden/README.md.
@Suite struct GoldenTests {
  private func golden(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try [UInt8](Data(contentsOf: folder.appendingPathComponent("Golden/\(name).esp")))
  }

  @Test func version1_0IsRead() throws {
    try VerifiedModel.withCopy(of: golden("1.0-small")) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.source.string == "small.onnx" && file.device.isEmpty)
      #expect(file.minorVersion == 0 && file.weight(0).times == nil)
      #expect(file.tensorCount == 8 && file.stepCount == 4 && file.weightCount == 2)
      #expect(file.step(0).kind == .convolution && file.step(0).name.string == "/conv")
      #expect(file.tensor(4).viewOf == 3)
      #expect(file.weight(1).packing == .patternGroups && file.weight(1).encoding == .strict)
      #expect(file.weight(0).element == .f32)
      let values = unsafe file.values(of: file.weight(0)).assumingMemoryBound(to: Float.self)
      #expect(unsafe Array(values.prefix(4)) == [1, 1001, 2001, 3001])
      #expect(values.count == 8 * 18)
    }
  }

  @Test func version1_1IsRead() throws {
    try VerifiedModel.withCopy(of: golden("1.1-small")) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.minorVersion == 1 && file.device.string == "a processor, 1 thread")
      #expect(file.weight(0).times == MeasuredTimes(chosen: 700, dense: 1300))
      #expect(file.weight(1).times == nil)
    }
  }

  /// Values that follow the header without a page between, and vectors that tables share.
  @Test func version1_2IsRead() throws {
    let bytes = try golden("1.2-small")
    #expect(try bytes.count < golden("1.1-small").count)
    try VerifiedModel.withCopy(of: bytes) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.minorVersion == 2 && file.device.string == "a processor, 1 thread")
      #expect(file.tensorCount == 8 && file.stepCount == 4 && file.weightCount == 2)
      let values = unsafe file.values(of: file.weight(0)).assumingMemoryBound(to: Float.self)
      #expect(unsafe Array(values.prefix(4)) == [1, 1001, 2001, 3001])
    }
  }

  @Test func theBuilderWritesTheSameBytes() throws {
    #expect(try Samples.small().bytes() == golden("1.2-small"))
  }
}
