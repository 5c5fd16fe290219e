internal import CEspalierMemory

/// Zeroed memory of a fixed size that ends with its owner.
@safe
struct Allocation: ~Copyable {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// Nil where the system refuses so much.
  init?(count: Int) {
    guard let base = unsafe esp_memory_map(count) else { return nil }
    unsafe self.base = base
    self.count = count
  }

  deinit {
    unsafe esp_memory_unmap(base, count)
  }
}

/// Hands out 64-byte-aligned places, first to learn their sum, then within an allocation of that size.
///
/// The same code runs twice, so what is measured and what is placed cannot disagree.
@safe
struct Places {
  /// Null while measuring.
  private let base: UnsafeMutableRawPointer?
  private(set) var count = 0
  /// Set once the sum no longer fits an `Int`.
  private(set) var hasOverflown = false

  init(base: UnsafeMutableRawPointer?) {
    unsafe self.base = base
  }

  /// The next place for `size` bytes, nil while measuring.
  mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let start = count
    let (end, overflow) = count.addingReportingOverflow(size)
    let (next, carry) = end.addingReportingOverflow(63 + Int(ESP_MEMORY_GAP))
    guard size >= 0, !overflow, !carry else {
      hasOverflown = true
      return nil
    }
    count = next & ~63
    guard let base = unsafe base else { return nil }
    unsafe esp_memory_forbid(base + end, count - end)
    return unsafe base + start
  }

  /// The next place for one value, filled with it, nil while measuring.
  mutating func take<Value: BitwiseCopyable>(_ value: Value) -> UnsafeMutablePointer<Value>? {
    guard let place = unsafe take(MemoryLayout<Value>.size) else { return nil }
    let typed = unsafe place.bindMemory(to: Value.self, capacity: 1)
    unsafe typed.initialize(to: value)
    return unsafe typed
  }
}
