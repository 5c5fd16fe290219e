import EspalierGraph

/// Walks a serialised message before it is decoded and says where, in bytes, it is malformed.
///
/// Checks every length, varint, wire type and text, the depth of nesting and the number of parts, with
/// a stack of its own and without allocating anything the bytes ask for. What passes decodes without
/// surprise: the generated decoder reports no offset and knows no limits.
@safe
struct WireScan {
  /// How deep messages may nest.
  static let maximumDepth = 64
  /// How many messages and texts one file may have; each costs the decoder some hundred bytes.
  static let maximumParts = 1 << 21
  static let maximumNodes = 65_536
  static let maximumTensors = 131_072

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var parts = 0
  private var nodes = 0
  private var tensors = 0

  /// Checks that the bytes are a well-formed message of the given kind.
  /// - Throws: `GraphError` with code `.badFile`, its place the byte offset.
  static func check(
    _ bytes: UnsafeBufferPointer<UInt8>, as message: WireMessage
  ) throws(GraphError) {
    var scan = unsafe WireScan(bytes: bytes)
    try scan.walk(message)
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

  private mutating func walk(_ message: WireMessage) throws(GraphError) {
    var open: [(message: WireMessage, end: Int)] = unsafe [(message, bytes.count)]
    while let (message, end) = open.last {
      if position == end {
        open.removeLast()
        continue
      }
      let start = position
      let tag = try varint(before: end)
      let (number, wireType) = (tag >> 3, tag & 7)
      guard number > 0, number < 1 << 29 else { throw malformed(start, "field number \(number)") }
      guard let kind = message.kind(ofField: number) else {
        try skip(wireType, from: start, before: end)
        continue
      }
      guard kind.accepts(wireType) else {
        throw malformed(start, "field \(number) has wire type \(wireType)")
      }
      guard wireType == 2 else {
        try skip(wireType, from: start, before: end)
        continue
      }
      let fieldEnd = try lengthPrefixedEnd(before: end)
      switch kind {
      case .message(let inner):
        try count(inner, start)
        guard open.count < Self.maximumDepth else {
          throw malformed(start, "messages nest deeper than \(Self.maximumDepth)")
        }
        open.append((inner, fieldEnd))
      case .text:
        try countPart(start)
        guard unsafe String(validating: bytes[position..<fieldEnd], as: UTF8.self) != nil else {
          throw malformed(position, "a name is not valid UTF-8")
        }
        position = fieldEnd
      case .packedVarints:
        while position < fieldEnd { _ = try varint(before: fieldEnd) }
      case .packedFixed32, .packedFixed64:
        guard (fieldEnd - position).isMultiple(of: kind.accepts(5) ? 4 : 8) else {
          throw malformed(start, "packed numbers end in the middle of one")
        }
        position = fieldEnd
      case .bytes, .varint, .fixed32:
        try countPart(start)
        position = fieldEnd
      }
    }
  }

  private mutating func varint(before end: Int) throws(GraphError) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = unsafe bytes[position]
      position += 1
      if shift == 63, byte > 1 { throw malformed(start, "a number is longer than 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw malformed(start, "the bytes end in the middle of a number; the file is cut short")
  }

  /// Reads a length and returns where what it announces ends.
  private mutating func lengthPrefixedEnd(before end: Int) throws(GraphError) -> Int {
    let start = position
    let length = try varint(before: end)
    guard length <= UInt64(end - position) else {
      throw malformed(
        start, "a field of \(length) bytes with \(end - position) bytes left; the file is cut short"
      )
    }
    return position + Int(length)
  }

  private mutating func skip(
    _ wireType: UInt64, from start: Int, before end: Int
  ) throws(GraphError) {
    switch wireType {
    case 0: _ = try varint(before: end)
    case 1, 5:
      let width = wireType == 1 ? 8 : 4
      guard end - position >= width else {
        throw malformed(start, "the bytes end in the middle of a number; the file is cut short")
      }
      position += width
    case 2: position = try lengthPrefixedEnd(before: end)
    default: throw malformed(start, "wire type \(wireType) does not occur in ONNX files")
    }
  }

  private mutating func count(_ message: WireMessage, _ place: Int) throws(GraphError) {
    try countPart(place)
    switch message {
    case .node:
      nodes += 1
      guard nodes <= Self.maximumNodes else {
        throw malformed(place, "more than \(Self.maximumNodes) nodes")
      }
    case .tensor:
      tensors += 1
      guard tensors <= Self.maximumTensors else {
        throw malformed(place, "more than \(Self.maximumTensors) tensors")
      }
    default: break
    }
  }

  private mutating func countPart(_ place: Int) throws(GraphError) {
    parts += 1
    guard parts <= Self.maximumParts else {
      throw malformed(place, "more than \(Self.maximumParts) messages and names")
    }
  }

  private func malformed(_ offset: Int, _ message: String) -> GraphError {
    GraphError(.badFile, message, node: "byte \(offset)")
  }
}
