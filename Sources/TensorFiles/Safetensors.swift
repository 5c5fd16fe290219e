package import EspalierGraph
internal import Foundation

/// Reads the tensors of a safetensors file: 8 bytes with the header's length, little-endian; the
/// header in JSON; then the elements, each tensor's at the offsets that the header names.
///
/// Everything the header says is checked against the file before an element is read: types, shapes
/// whose products fit their bytes, and ranges that follow each other without gap or overlap.
/// - Throws: `TensorFileError`: 66 where there is no file, 65 for a file that breaks the format or holds
///   elements that are no floating-point numbers.
package func tensors(contentsOfSafetensors path: String) throws(TensorFileError) -> [String: Tensor]
{
  let data: Data
  guard isRegularFile(path) else {
    throw TensorFileError(exitCode: 66, "\(path): there is no such file, or it is no regular file")
  }
  do {
    data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
  } catch {
    throw TensorFileError(exitCode: 66, "\(path): cannot be read")
  }
  do throws(SafetensorsFault) { return try tensors(data) } catch {
    throw TensorFileError(exitCode: 65, "\(path): E2201: \(error.message)")
  }
}

private struct SafetensorsFault: Error { var message: String }

/// The longest header that readers of the format take.
private let longestHeader = 100_000_000

private struct Entry {
  var name: String
  var type: ElementType
  var shape: [Int]
  var range: Range<Int>
}

private func tensors(_ data: Data) throws(SafetensorsFault) -> [String: Tensor] {
  guard data.count >= 8 else { throw SafetensorsFault(message: "the file ends before its header") }
  let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  guard length <= UInt64(longestHeader), Int(length) <= data.count - 8 else {
    throw SafetensorsFault(
      message: "byte 0: a header of \(length) bytes in a file of \(data.count)")
  }
  let header = data.subdata(in: 8..<8 + Int(length))
  let root: Header
  do { root = try JSONDecoder().decode(Header.self, from: header) } catch {
    throw error as? SafetensorsFault
      ?? SafetensorsFault(message: "byte 8: the header is no JSON object")
  }
  var entries: [Entry] = []
  for (name, fields) in root.fields { entries.append(try entry(name, fields)) }
  entries.sort {
    ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
  }
  let start = 8 + Int(length)
  var end = 0
  for entry in entries {
    guard entry.range.lowerBound == end, entry.range.upperBound <= data.count - start else {
      throw SafetensorsFault(
        message:
          "tensor \"\(entry.name)\": its offsets \(entry.range) leave a gap, overlap another "
          + "tensor, or lie beyond the file's \(data.count - start) bytes of elements")
    }
    end = entry.range.upperBound
  }
  guard end == data.count - start else {
    throw SafetensorsFault(message: "\(data.count - start - end) bytes belong to no tensor")
  }
  var result: [String: Tensor] = [:]
  for entry in entries {
    let bytes = data.subdata(in: start + entry.range.lowerBound..<start + entry.range.upperBound)
    result[entry.name] = Tensor(
      elementType: entry.type, shape: entry.shape, doubles: numbers(bytes, entry.type))
  }
  return result
}

/// What the header says, a tensor by each key.
private struct Header: Decodable {
  struct Fields: Decodable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var fields: [(name: String, fields: Fields)] = []

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys where key.stringValue != "__metadata__" {
      guard let field = try? container.decode(Fields.self, forKey: key) else {
        throw SafetensorsFault(
          message:
            "tensor \"\(key.stringValue)\": it needs dtype, and shape and data_offsets in whole "
            + "numbers")
      }
      fields.append((key.stringValue, field))
    }
  }
}

private func entry(_ name: String, _ fields: Header.Fields) throws(SafetensorsFault) -> Entry {
  func fault(_ message: String) -> SafetensorsFault {
    SafetensorsFault(message: "tensor \"\(name)\": \(message)")
  }
  let types: [String: (ElementType, Int)] = [
    "F64": (.float64, 8), "F32": (.float32, 4), "F16": (.float16, 2), "BF16": (.bfloat16, 2),
  ]
  guard let (type, size) = types[fields.dtype] else {
    throw fault("its elements are \(fields.dtype); scores are F64, F32, F16 or BF16")
  }
  let (shape, offsets) = (fields.shape, fields.offsets)
  guard (shape + offsets).allSatisfy({ $0 >= 0 }), shape.count <= 16, offsets.count == 2,
    offsets[0] <= offsets[1]
  else { throw fault("its shape and its two offsets are whole numbers, from 0 up") }
  var bytes = size
  for extent in shape {
    let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: extent)
    guard !isTooLarge else { throw fault("its shape \(shape) has too many elements") }
    bytes = product
  }
  guard bytes == offsets[1] - offsets[0] else {
    throw fault("its shape \(shape) needs \(bytes) bytes, and it has \(offsets[1] - offsets[0])")
  }
  return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
}

/// Little-endian elements.
private func numbers(_ bytes: Data, _ type: ElementType) -> [Double] {
  func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
    let size = MemoryLayout<Word>.size
    return (0..<bytes.count / size).map { index in
      let start = bytes.startIndex + index * size
      return bytes[start..<start + size].reversed().reduce(0) { $0 << 8 | Word($1) }
    }
  }
  switch type {
  case .float64: return words(UInt64.self).map { Double(bitPattern: $0) }
  case .float16: return words(UInt16.self).map { Double(Float16(bitPattern: $0)) }
  case .bfloat16: return words(UInt16.self).map { Double(Float(bitPattern: UInt32($0) << 16)) }
  default: return words(UInt32.self).map { Double(Float(bitPattern: $0)) }
  }
}
