import CEspalierModelFile
import Testing

@Suite struct ChecksumTests {
  @Test(
    arguments: [
      ([UInt8]("123456789".utf8), 0xE306_9283),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func knownSums(_ bytes: [UInt8], _ sum: UInt32) {
    #expect(checksum(bytes[...]) == sum)
    #expect(
      unsafe bytes.withUnsafeBytes { unsafe esp_crc32c_portable(0, $0.baseAddress, $0.count) }
        == sum)
  }

  @Test func bothWaysAgreeAtEveryLength() {
    var random = SeededGenerator(seed: 1)
    let bytes = (0..<500_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let lengths = Array(0...200) + [6143, 6144, 6145, 12_345, 196_607, 196_608, 196_609, 499_000]
    for length in lengths {
      let offset = Int.random(in: 0...64, using: &random)
      let part = bytes[offset..<offset + length]
      let portable = unsafe part.withUnsafeBytes {
        unsafe esp_crc32c_portable(0, $0.baseAddress, $0.count)
      }
      #expect(checksum(part) == portable, "length \(length) from \(offset)")
      let cut = Int.random(in: 0...length, using: &random) + offset
      let first = checksum(bytes[offset..<cut])
      #expect(checksum(bytes[cut..<offset + length], from: first) == portable)
    }
  }
}
