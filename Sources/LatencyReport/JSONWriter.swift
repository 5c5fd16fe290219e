/// Writes one JSON document as UTF-8, without Foundation, so that boards can too.
///
/// What a terminal would obey is escaped: names come from files, and reports are read on terminals. Numbers that JSON has no form for, such as infinity, become null.
public struct JSONWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  public init() {}

  /// The document so far.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public mutating func object(_ key: StaticString? = nil, _ body: (inout JSONWriter) -> Void) {
    begin(key)
    nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  public mutating func array(_ key: StaticString? = nil, _ body: (inout JSONWriter) -> Void) {
    begin(key)
    nest(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  public mutating func string(_ key: StaticString? = nil, _ value: String?) {
    begin(key)
    if let value { quote(value) } else { raw("null") }
  }

  public mutating func integer(_ key: StaticString? = nil, _ value: (some BinaryInteger)?) {
    begin(key)
    if let value { raw("\(Int64(clamping: value))") } else { raw("null") }
  }

  public mutating func number(_ key: StaticString? = nil, _ value: Double?) {
    begin(key)
    if let value, value.isFinite { raw("\(value)") } else { raw("null") }
  }

  public mutating func boolean(_ key: StaticString? = nil, _ value: Bool) {
    begin(key)
    raw(value ? "true" : "false")
  }

  /// Text as a JSON string, quotation marks included.
  package static func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.quote(text)
    return writer.text
  }

  private mutating func begin(_ key: StaticString?) {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
    guard let key else { return }
    quote(key.description)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
    bytes.append(open)
    needsComma = false
    body(&self)
    bytes.append(close)
    needsComma = true
  }

  private mutating func raw(_ text: String) { bytes += text.utf8 }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C:
        bytes += [UInt8(ascii: "\\"), UInt8(scalar.value)]
      case 0x08: raw("\\b")
      case 0x09: raw("\\t")
      case 0x0A: raw("\\n")
      case 0x0C: raw("\\f")
      case 0x0D: raw("\\r")
      case _ where scalar.isObeyedByTerminals: escape(scalar.value)
      default: bytes += String(scalar).utf8
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func escape(_ value: UInt32) {
    raw("\\u")
    for shift in [12, 8, 4, 0] as [UInt32] {
      let digit = UInt8(truncatingIfNeeded: value >> shift) & 0xF
      bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}
