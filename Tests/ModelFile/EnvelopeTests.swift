import EspalierModelFile
import Testing

/// Envelopes with right checksums that say something wrong.
@Suite struct EnvelopeTests {
  let file: FileBytes

  init() throws { file = FileBytes(try Samples.small().bytes()) }

  private func code(_ change: (inout FileBytes) -> Void) -> ModelFileError.Code? {
    var changed = file
    change(&changed)
    changed.sealPrefix()
    return refusal(of: changed.bytes)?.code
  }

  @Test func versions() {
    #expect(code { $0.set(UInt16(2), at: 8) } == .unsupportedVersion)
    #expect(code { $0.set(UInt16(0), at: 8) } == .unsupportedVersion)
    #expect(code { $0.set(UInt16(9), at: 10) } == nil)
  }

  @Test func unknownFeatures() {
    for bit in 0..<63 where WeightPacking(rawValue: UInt8(bit)) == nil {
      #expect(code { $0.set(UInt64(0b11) | 1 << UInt64(bit), at: 16) } == .unknownFeature)
    }
  }

  @Test func aPackingWithoutItsFeatureBit() {
    #expect(code { $0.set(UInt64(1) << 63 | 0b01, at: 16) } == .badWeight)
  }

  @Test func segmentsThatDoNotFit() {
    let values = UInt64(file.values.lowerBound)
    let length = UInt64(file.values.count)
    #expect(code { $0.set(UInt32(128), at: 12) } == .badSegment)
    #expect(code { $0.set(UInt64(1), at: 24) } == .badLength)
    for offset in [0, 64, values - 64, values + 64, values + 4096, .max, .max - 4095] {
      #expect(code { $0.set(offset, at: 32) } == .badSegment)
    }
    for other in [0, length - 64, length + 64, .max, 0 &- values] {
      #expect(code { $0.set(other, at: 40) } == .badSegment)
    }
    for header in [0, 1 << 31, UInt32.max, UInt32(file.values.upperBound)] {
      #expect(code { $0.set(header, at: 48) } == .badSegment)
    }
  }

  @Test func paddingThatIsNotZero() {
    #expect(code { $0.bytes[file.values.lowerBound - 1] = 1 } == .badSegment)
    #expect(code { $0.bytes[file.header.upperBound] = 1 } == .badSegment)
  }

  @Test func misalignedBytes() throws {
    let bytes = file.bytes
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 8, alignment: 64)
    defer { unsafe memory.deallocate() }
    let shifted = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[8...])
    unsafe shifted.copyBytes(from: bytes)
    let error = #expect(throws: ModelFileError.self) {
      _ = unsafe try VerifiedModel(verifying: UnsafeRawBufferPointer(shifted))
    }
    #expect(error?.code == .misaligned)
  }

  @Test func limits() {
    var limits = ModelFileLimits()
    limits.fileBytes = UInt64(file.bytes.count) - 1
    #expect(refusal(of: file.bytes, limits: limits)?.code == .overLimit)
    limits = ModelFileLimits()
    limits.tensors = 7
    #expect(refusal(of: file.bytes, limits: limits)?.code == .overLimit)
    limits = ModelFileLimits()
    limits.steps = 3
    #expect(refusal(of: file.bytes, limits: limits)?.code == .overLimit)
    limits = ModelFileLimits()
    limits.arenaBytes = 511
    #expect(refusal(of: file.bytes, limits: limits)?.code == .overLimit)
    limits = ModelFileLimits()
    limits.tensorBytes = 287
    #expect(refusal(of: file.bytes, limits: limits)?.code == .overLimit)
    limits.tensorBytes = 288
    #expect(refusal(of: file.bytes, limits: limits) == nil)
  }
}
