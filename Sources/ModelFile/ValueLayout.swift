#if !hasFeature(Embedded)
/// Where each constant and each weight's values lie in the values segment: one behind the other,
/// constants first, each at a multiple of 64.
struct ValueLayout {
  private(set) var constants: [UInt64] = []
  private(set) var weights: [UInt64] = []
  /// All of them, in order.
  private(set) var pieces: [(offset: UInt64, bytes: ValueBytes)] = []
  private(set) var length: UInt64 = 0

  init(_ model: ModelDescription) {
    for constant in model.constants { constants.append(append(constant)) }
    for weight in model.weights { weights.append(append(weight.values)) }
  }

  private mutating func append(_ bytes: ValueBytes) -> UInt64 {
    defer { length += roundedUp(UInt64(bytes.byteCount)) }
    pieces.append((length, bytes))
    return length
  }
}

func roundedUp(_ count: UInt64) -> UInt64 { (count + 63) / 64 * 64 }
#endif
