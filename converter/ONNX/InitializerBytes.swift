import EspalierGraph

/// Raw data of a model's large initializers, which stay where they are while the rest is decoded: the
/// generated decoder would copy them, and most are read once, when they are packed.
struct InitializerBytes: Sendable {
  /// Where a model's bytes are.
  enum Source: Sendable {
    case file(OpenFile)
    case memory([UInt8])
  }

  /// Smaller ones are not worth a place of their own.
  static let leastByteCount = 1 << 14

  private let source: Source
  /// Of each initializer, in order; nil where its data is decoded with it.
  private let ranges: [Range<Int>?]

  /// Cuts large initializers' raw data out of a model that `WireScan` has found well-formed.
  /// - Returns: The model without them, and the places they had.
  static func cut(
    from bytes: UnsafeBufferPointer<UInt8>, of source: Source
  ) -> (model: [UInt8], initializers: InitializerBytes) {
    var ranges: [Range<Int>?] = []
    let model = unsafe rewritten(bytes, bytes.indices, field: 7) { graph in
      unsafe rewritten(bytes, graph, field: 5) { tensor in
        let raw = unsafe WireFields(bytes, tensor).filter { $0.number == 9 }
        guard raw.count == 1, let content = raw[0].content, content.count >= leastByteCount else {
          ranges.append(nil)
          return unsafe Array(bytes[tensor])
        }
        ranges.append(content)
        return unsafe Array(bytes[tensor.lowerBound..<raw[0].place.lowerBound])
          + bytes[raw[0].place.upperBound..<tensor.upperBound]
      }
    }
    return (model, InitializerBytes(source: source, ranges: ranges))
  }

  /// Bytes of an initializer that stayed; nil where its data was decoded with it.
  func byteCount(_ index: Int) -> Int? { ranges[index]?.count }

  /// Copies an initializer's bytes.
  /// - Throws: `GraphError` with code `.badFile` if they cannot be read any more.
  func copy(_ index: Int, into target: UnsafeMutableRawBufferPointer) throws(GraphError) {
    guard let range = ranges[index] else { preconditionFailure("decoded with its tensor") }
    switch source {
    case .file(let file): unsafe try file.file.read(into: target, from: range.lowerBound)
    case .memory(let bytes):
      unsafe bytes.withUnsafeBytes {
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range]))
      }
    }
  }

  /// float32 numbers that stay in the file until they are needed; nil for a model in memory.
  func deferredFloats(_ index: Int, count: Int) -> DeferredFloats? {
    guard case .file = source else { return nil }
    return unsafe DeferredFloats(count: count) { target in
      do throws(GraphError) { unsafe try copy(index, into: target) } catch {
        // Who packs or calculates cannot do without, and must not go on with other numbers.
        fatalError("a model's file changed while it was in use: \(error.message)")
      }
    }
  }
}

/// A message's bytes with the contents of one kind of field replaced.
private func rewritten(
  _ bytes: UnsafeBufferPointer<UInt8>, _ message: Range<Int>, field number: Int,
  _ replace: (Range<Int>) -> [UInt8]
) -> [UInt8] {
  var result: [UInt8] = []
  for field in unsafe WireFields(bytes, message) {
    guard field.number == number, let content = field.content else {
      unsafe result += bytes[field.place]
      continue
    }
    let replaced = replace(content)
    appendVarint(UInt64(number << 3 | 2), to: &result)
    appendVarint(UInt64(replaced.count), to: &result)
    result += replaced
  }
  return result
}

private func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
    rest >>= 7
  }
  bytes.append(UInt8(rest))
}

/// The fields of a message that `WireScan` has found well-formed, one after the other.
@safe
private struct WireFields: Sequence, IteratorProtocol {
  struct Field {
    let number: Int
    /// Tag and all.
    let place: Range<Int>
    /// What follows the length of a field that has one.
    let content: Range<Int>?
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let end: Int
  private var position: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ message: Range<Int>) {
    unsafe self.bytes = bytes
    position = message.lowerBound
    end = message.upperBound
  }

  mutating func next() -> Field? {
    guard position < end else { return nil }
    let start = position
    let tag = varint()
    var content: Range<Int>?
    switch tag & 7 {
    case 0: _ = varint()
    case 1: position += 8
    case 2:
      let length = Int(varint())
      content = position..<position + length
      position += length
    default: position += 4
    }
    precondition(position <= end, "a message that was not checked")
    return Field(number: Int(tag >> 3), place: start..<position, content: content)
  }

  private mutating func varint() -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while true {
      precondition(position < end, "a message that was not checked")
      let byte = unsafe bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      guard byte >= 0x80 else { return value }
      shift += 7
    }
  }
}
