import EspalierGraph

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension ProtoTensor {
  /// A tensor's message without its raw data; text is complete.
  init(header tensor: Tensor, name: String) {
    self.init()
    dims = tensor.shape.map { Int64($0) }
    dataType = tensor.elementType.rawValue
    self.name = name
    if case .text(let values) = tensor.storage { stringData = values.map { Data($0.utf8) } }
  }

  /// A tensor's message when its raw data is in a file beside the model.
  init(header tensor: Tensor, name: String, file: String, offset: Int) {
    self.init(header: tensor, name: name)
    dataLocation = 1
    externalData = [
      ("location", file), ("offset", "\(offset)"), ("length", "\(tensor.rawByteCount)"),
    ].map { key, value in
      var entry = ProtoStringEntry()
      entry.key = key
      entry.value = value
      return entry
    }
  }

  /// A tensor's whole message.
  init(_ tensor: Tensor) {
    self.init(header: tensor, name: "")
    guard tensor.elementType != .string else { return }
    var sink = MemorySink(byteCount: tensor.rawByteCount)
    // A sink in memory does not fail.
    try? tensor.writeRaw(to: &sink)
    rawData = Data(sink.bytes)
  }
}

extension Tensor {
  /// Bytes of the elements as ONNX stores them; 0 for text.
  var rawByteCount: Int { count * elementType.byteCount }

  /// Writes the elements in their own type, little-endian.
  func writeRaw(to sink: inout some ByteSink & ~Copyable) throws(GraphError) {
    switch storage {
    case .float(let values):
      switch elementType {
      case .float16: try sink.write(values) { Float16($0).bitPattern }
      case .bfloat16: try sink.write(values, as: brainBits)
      default: try sink.write(numbers: values)
      }
    case .double(let values): try sink.write(numbers: values)
    case .byte(let values): try sink.write(values)
    case .integer(let values):
      switch elementType.byteCount {
      case 2: try sink.write(values) { UInt16(truncatingIfNeeded: $0) }
      case 4: try sink.write(values) { UInt32(truncatingIfNeeded: $0) }
      default: try sink.write(numbers: values)
      }
    case .text: break
    }
  }
}

/// A number's bfloat16 pattern.
private func brainBits(_ value: Float) -> UInt16 {
  let bits = UInt16(roundToStorage(value, .bfloat16).bitPattern >> 16)
  // What makes a number NaN may stand in the half that is cut off.
  return value.isNaN ? bits | 0x40 : bits
}
