#if !hasFeature(Embedded)
internal import CEspalierModelFile

/// Copies of arrays and texts at addresses that stay, for structs of the C bridge to point at.
@safe
final class CopyPool {
  private var allocations = unsafe [UnsafeMutableRawPointer]()

  deinit {
    while let allocation = unsafe allocations.popLast() { unsafe allocation.deallocate() }
  }

  /// Nil for an empty array.
  func copy<Element: BitwiseCopyable>(_ array: [Element]) -> UnsafePointer<Element>? {
    guard !array.isEmpty else { return nil }
    let count = array.count * MemoryLayout<Element>.stride
    let allocation = UnsafeMutableRawPointer.allocate(
      byteCount: count, alignment: MemoryLayout<Element>.alignment)
    unsafe allocations.append(allocation)
    unsafe array.withUnsafeBytes {
      unsafe allocation.copyMemory(from: $0.baseAddress!, byteCount: count)
    }
    return unsafe UnsafePointer(allocation.bindMemory(to: Element.self, capacity: array.count))
  }

  /// The text, cut at a character where it is longer than the format allows.
  func copy(_ text: String) -> esp_text {
    var bytes = Array(text.utf8)
    if bytes.count > Int(ESP_MODEL_MAX_TEXT) {
      var end = Int(ESP_MODEL_MAX_TEXT)
      while bytes[end] & 0xC0 == 0x80 { end -= 1 }
      bytes.removeLast(bytes.count - end)
    }
    let copied = unsafe UnsafeRawPointer(copy(bytes))?.assumingMemoryBound(to: CChar.self)
    return unsafe esp_text(bytes: copied, length: UInt32(bytes.count))
  }
}
#endif
