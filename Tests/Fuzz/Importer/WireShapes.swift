// Part of the module EspalierONNX in fuzzed builds alone.

/// The shapes of a model's messages: extents of values and of tensors.
extension WireTree {
  /// Extents wherever they stand, each as often as it does.
  var extents: [UInt64] {
    fields.flatMap { field -> [UInt64] in
      switch field.content {
      case .message(let message): message.extents
      case .varint(let extent) where isExtent(field): [extent]
      case .bytes(let bytes) where isExtent(field): numbers(bytes)
      default: []
      }
    }
  }

  mutating func replaceExtents(_ old: UInt64, by fresh: UInt64) {
    for index in fields.indices {
      switch fields[index].content {
      case .message(var message):
        message.replaceExtents(old, by: fresh)
        fields[index].content = .message(message)
      case .varint(old) where isExtent(fields[index]): fields[index].content = .varint(fresh)
      case .bytes(let bytes) where isExtent(fields[index]):
        fields[index].content = .bytes(packed(numbers(bytes).map { $0 == old ? fresh : $0 }))
      default: break
      }
    }
  }

  /// Gives raw data of tensors as many bytes as their extents and types say, where those are few.
  mutating func fillTensors() {
    for index in fields.indices {
      guard case .message(var message) = fields[index].content else { continue }
      if message.type == .tensor { message.fill() } else { message.fillTensors() }
      fields[index].content = .message(message)
    }
  }

  private mutating func fill() {
    guard let raw = fields.lastIndex(where: { $0.number == 9 }),
      case .bytes(var bytes) = fields[raw].content
    else { return }
    var size = 4
    for field in fields {
      if field.number == 2, case .varint(let type) = field.content { size = elementSize(type) }
    }
    var count = size
    for extent in extents {
      guard let small = Int(exactly: extent), small < 1 << 12, count * small < 1 << 13 else {
        return
      }
      count *= small
    }
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    bytes += [UInt8](repeating: 0, count: count - bytes.count)
    fields[raw].content = .bytes(bytes)
  }

  /// Bytes of an element of ONNX's type.
  private func elementSize(_ type: UInt64) -> Int {
    switch type {
    case 7, 11, 13: 8
    case 4, 5, 10, 16: 2
    case 2, 3, 9: 1
    default: 4
    }
  }

  private func isExtent(_ field: WireField) -> Bool {
    (type == .tensor || type == .dimension) && field.number == 1
  }

  private func numbers(_ bytes: [UInt8]) -> [UInt64] {
    var rest = bytes[...]
    var numbers: [UInt64] = []
    while let number = takeVarint(&rest) { numbers.append(number) }
    return numbers
  }

  private func packed(_ numbers: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in numbers { putVarint(number, to: &bytes) }
    return bytes
  }
}
