#if !hasFeature(Embedded)
internal import CEspalierModelFile

/// Where each constant and each weight's values lie in the values segment: one behind the other,
/// constants first, each at a multiple of 64.
struct ValueLayout {
  private(set) var constants: [UInt64] = []
  private(set) var weights: [UInt64] = []
  private(set) var length: UInt64 = 0

  init(_ model: ModelDescription) {
    for constant in model.constants { constants.append(append(constant.byteCount)) }
    for weight in model.weights { weights.append(append(weight.values.count * 4)) }
  }

  private mutating func append(_ count: Int) -> UInt64 {
    defer { length += roundedUp(UInt64(count)) }
    return length
  }
}

func roundedUp(_ count: UInt64) -> UInt64 { (count + 63) / 64 * 64 }

extension ModelDescription {
  /// Calls `body` with the bytes of the values segment, piece by piece in order, so that they are
  /// never copied as a whole.
  func forEachValuePiece(_ body: (UnsafeRawBufferPointer) -> Void) {
    let zeros = [UInt8](repeating: 0, count: 64)
    func padded(_ bytes: UnsafeRawBufferPointer) {
      unsafe body(bytes)
      let padding = Int(roundedUp(UInt64(bytes.count))) - bytes.count
      unsafe zeros.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<padding])) }
    }
    for constant in constants { unsafe constant.withBytes { unsafe padded($0) } }
    for weight in weights { unsafe weight.values.withUnsafeBytes { unsafe padded($0) } }
  }

  /// CRC-32C of the values segment.
  var valuesChecksum: UInt32 {
    var sum: UInt32 = 0
    unsafe forEachValuePiece { sum = unsafe esp_crc32c(sum, $0.baseAddress, $0.count) }
    return sum
  }
}
#endif
