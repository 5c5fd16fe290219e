// Part of the module EspalierONNX in fuzzed builds alone, whose schema of the messages it uses.

/// A message taken apart, field by field in their order, and nothing judged.
struct WireTree {
  var type: WireMessage
  var fields: [WireField]

  /// Nil where the bytes are no message, or one too deep to be worth it.
  init?(_ bytes: ArraySlice<UInt8>, as type: WireMessage, depth: Int = 0) {
    guard depth < 24 else { return nil }
    self.type = type
    fields = []
    var rest = bytes
    while !rest.isEmpty {
      guard let tag = takeVarint(&rest), tag >> 3 > 0,
        let field = WireField(tag, type.kind(ofField: tag >> 3), &rest, depth: depth)
      else { return nil }
      fields.append(field)
    }
  }

  func write(to bytes: inout [UInt8]) {
    for field in fields { field.write(to: &bytes) }
  }

  /// Fields in it, those of the messages in it included.
  var fieldCount: Int {
    fields.reduce(fields.count) { sum, field in
      if case .message(let message) = field.content { sum + message.fieldCount } else { sum }
    }
  }
}

struct WireField {
  var number: UInt64
  /// How the schema has it written; nil for fields it does not know.
  var kind: WireKind?
  var content: Content

  enum Content {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes([UInt8])
    case message(WireTree)
  }

  init(_ number: UInt64, _ kind: WireKind?, _ content: Content) {
    (self.number, self.kind, self.content) = (number, kind, content)
  }

  fileprivate init?(
    _ tag: UInt64, _ kind: WireKind?, _ rest: inout ArraySlice<UInt8>, depth: Int
  ) {
    number = tag >> 3
    self.kind = kind
    switch tag & 7 {
    case 0:
      guard let value = takeVarint(&rest) else { return nil }
      content = .varint(value)
    case 1:
      guard let value = takeFixed(&rest, 8) else { return nil }
      content = .fixed64(value)
    case 5:
      guard let value = takeFixed(&rest, 4) else { return nil }
      content = .fixed32(UInt32(value))
    case 2:
      guard let length = takeVarint(&rest), length <= rest.count else { return nil }
      let own = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      if case .message(let type)? = kind, let tree = WireTree(own, as: type, depth: depth + 1) {
        content = .message(tree)
      } else {
        content = .bytes(Array(own))
      }
    default: return nil
    }
  }

  func write(to bytes: inout [UInt8]) {
    switch content {
    case .varint(let value):
      putVarint(number << 3, to: &bytes)
      putVarint(value, to: &bytes)
    case .fixed64(let value):
      putVarint(number << 3 | 1, to: &bytes)
      putFixed(value, 8, to: &bytes)
    case .fixed32(let value):
      putVarint(number << 3 | 5, to: &bytes)
      putFixed(UInt64(value), 4, to: &bytes)
    case .bytes(let own): putLengthDelimited(own, to: &bytes)
    case .message(let tree):
      var own: [UInt8] = []
      tree.write(to: &own)
      putLengthDelimited(own, to: &bytes)
    }
  }

  private func putLengthDelimited(_ own: [UInt8], to bytes: inout [UInt8]) {
    putVarint(number << 3 | 2, to: &bytes)
    putVarint(UInt64(own.count), to: &bytes)
    bytes += own
  }
}

func takeVarint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
  var value: UInt64 = 0
  for shift in 0..<10 {
    guard let byte = rest.popFirst() else { return nil }
    value |= UInt64(byte & 0x7F) << UInt64(7 * shift)
    if byte < 0x80 { return value }
  }
  return nil
}

func putVarint(_ value: UInt64, to bytes: inout [UInt8]) {
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
    rest >>= 7
  }
  bytes.append(UInt8(rest))
}

private func takeFixed(_ rest: inout ArraySlice<UInt8>, _ size: Int) -> UInt64? {
  guard rest.count >= size else { return nil }
  let value = rest.prefix(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  rest = rest.dropFirst(size)
  return value
}

func putFixed(_ value: UInt64, _ size: Int, to bytes: inout [UInt8]) {
  for byte in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))) }
}
