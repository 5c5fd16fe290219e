import EspalierModelFile
import Testing

@Suite struct DamageTests {
  let bytes: [UInt8]

  init() throws { bytes = try Samples.small().bytes() }

  @Test func theSampleIsGood() { #expect(refusal(of: bytes) == nil) }

  @Test func everyTruncationIsRefused() {
    for length in 0..<bytes.count {
      let code = refusal(of: Array(bytes[..<length]))?.code
      #expect(code == (length < 64 ? .tooShort : .badLength), "length \(length)")
    }
  }

  @Test func everyFlippedBitIsRefused() {
    var damaged = bytes
    for bit in 0..<bytes.count * 8 {
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(refusal(of: damaged) != nil, "bit \(bit)")
      damaged[bit / 8] = bytes[bit / 8]
    }
  }

  @Test func trailingBytesAreRefused() {
    #expect(refusal(of: bytes + [0])?.code == .badLength)
    #expect(refusal(of: bytes + [UInt8](repeating: 0, count: 64))?.code == .badLength)
  }

  @Test func otherFilesAreNamedAsSuch() {
    #expect(refusal(of: [])?.code == .tooShort)
    #expect(refusal(of: [0x89])?.code == .tooShort)
    #expect(refusal(of: [UInt8]("PK\u{3}\u{4}".utf8))?.code == .badMagic)
    #expect(refusal(of: [UInt8](repeating: 0, count: 8192))?.code == .badMagic)
  }
}
