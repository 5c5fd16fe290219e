import CEspalierModelFile
import EspalierModelFile

/// A seeded source of randomness (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// The bytes of a model file, with access to the fields of its envelope.
struct FileBytes {
  var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func number<Number: FixedWidthInteger>(at offset: Int, as _: Number.Type) -> Number {
    var number: Number = 0
    for byte in (0..<MemoryLayout<Number>.size).reversed() {
      number = number << 8 | Number(truncatingIfNeeded: bytes[offset + byte])
    }
    return number
  }

  mutating func set<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    for byte in 0..<MemoryLayout<Number>.size {
      bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> Number(8 * byte))
    }
  }

  var header: Range<Int> { 64..<64 + Int(number(at: 48, as: UInt32.self)) }
  var values: Range<Int> { Int(number(at: 32, as: UInt64.self))..<bytes.count }

  /// Makes all checksums right again, so that a changed file reaches the later gates.
  mutating func seal() {
    set(checksum(bytes[header]), at: 52)
    set(checksum(bytes[values]), at: 56)
    sealPrefix()
  }

  mutating func sealPrefix() { set(checksum(bytes[0..<60]), at: 60) }
}

func checksum(_ bytes: ArraySlice<UInt8>, from start: UInt32 = 0) -> UInt32 {
  unsafe bytes.withUnsafeBytes { unsafe esp_crc32c(start, $0.baseAddress, $0.count) }
}

/// The code of the error that a file or description gives, or nil where all gates let it pass.
func refusal(of bytes: [UInt8], limits: ModelFileLimits = .default) -> ModelFileError? {
  do throws(ModelFileError) {
    try VerifiedModel.withCopy(of: bytes, limits: limits) { model throws(ModelFileError) in
      try model.checkSemantics()
    }
    return nil
  } catch {
    return error
  }
}

func refusal(of model: ModelDescription) -> ModelFileError? {
  do throws(ModelFileError) {
    return refusal(of: try model.bytes())
  } catch {
    return error
  }
}
