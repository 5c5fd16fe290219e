/// Text that lies in the file: at most 1024 bytes, valid UTF-8 once the model's meaning is checked.
///
/// It comes from whoever made the file, so what is shown to people goes through `appendEscaped`.
public struct FileText: Sendable {
  public let utf8: FileArray<UInt8>

  public var isEmpty: Bool { utf8.isEmpty }

  /// Whether the bytes are UTF-8 of Unicode's scalar values, each in its shortest form.
  public var isValid: Bool {
    var position = 0
    while position < utf8.count {
      guard let (_, length) = scalar(at: position) else { return false }
      position += length
    }
    return true
  }

  /// Appends the text as UTF-8, with control and direction-changing characters, line separators,
  /// backslashes and invalid bytes as `\u{202E}`, so that showing it changes nothing around it.
  public func appendEscaped(to bytes: inout [UInt8]) {
    var position = 0
    while position < utf8.count {
      let (value, length) = scalar(at: position) ?? (UInt32(utf8[position]), 0)
      if length == 0 || Self.needsEscape(value) {
        Self.appendEscape(of: value, to: &bytes)
      } else {
        for offset in 0..<length { bytes.append(utf8[position + offset]) }
      }
      position += Swift.max(length, 1)
    }
  }

  private static func needsEscape(_ value: UInt32) -> Bool {
    switch value {
    case 0..<0x20, 0x5C, 0x7F..<0xA0, 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }

  private static func appendEscape(of value: UInt32, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: [0x5C, 0x75, 0x7B])  // \u{
    var shift: UInt32 = 20
    while shift > 0, value >> shift == 0 { shift -= 4 }
    while true {
      let digit = UInt8((value >> shift) & 15)
      bytes.append(digit < 10 ? 0x30 + digit : 0x37 + digit)
      if shift == 0 { break }
      shift -= 4
    }
    bytes.append(0x7D)  // }
  }

  /// The scalar that starts at a byte and how many bytes it takes, or nil where none does.
  private func scalar(at position: Int) -> (value: UInt32, length: Int)? {
    let first = UInt32(utf8[position])
    let length: Int
    var value: UInt32
    switch first {
    case 0..<0x80: return (first, 1)
    case 0xC2..<0xE0: (length, value) = (2, first & 0x1F)
    case 0xE0..<0xF0: (length, value) = (3, first & 0x0F)
    case 0xF0..<0xF5: (length, value) = (4, first & 0x07)
    default: return nil
    }
    guard utf8.count - position >= length else { return nil }
    for offset in 1..<length {
      let next = UInt32(utf8[position + offset])
      guard next & 0xC0 == 0x80 else { return nil }
      value = value << 6 | next & 0x3F
    }
    switch length {
    case 3: guard value >= 0x800, value & 0xF800 != 0xD800 else { return nil }
    case 4: guard value >= 0x10000, value <= 0x10FFFF else { return nil }
    default: break
    }
    return (value, length)
  }
}

#if !hasFeature(Embedded)
extension FileText: CustomStringConvertible {
  /// The text as it is in the file; invalid UTF-8 is repaired.
  public var string: String { String(decoding: utf8, as: UTF8.self) }

  /// The text, escaped for people.
  public var description: String {
    var bytes: [UInt8] = []
    appendEscaped(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
#endif
