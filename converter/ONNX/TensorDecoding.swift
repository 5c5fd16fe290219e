import EspalierGraph

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if _endian(big)
#error("ONNX stores numbers in little-endian order; this reader copies them as they are")
#endif

/// Makes tensors of `TensorProto` messages, whichever of ONNX's ways of storing them is used.
///
/// The shape is compared with the data that is present before anything is allocated.
struct TensorDecoder {
  /// Bytes that one tensor may take in the file.
  static let maximumByteCount = 1 << 31

  /// Bytes that the sparse tensors of a file may take beyond `sparseRatio` times their values.
  static let maximumSparseByteCount = 1 << 28
  static let sparseRatio = 64

  var sparseAllowance: Int
  private var externalData: ExternalData

  init(folder: String?, sparseAllowance: Int = maximumSparseByteCount) {
    externalData = ExternalData(folder: folder)
    self.sparseAllowance = sparseAllowance
  }

  mutating func decode(_ proto: ProtoTensor) throws(GraphError) -> Tensor {
    try decode(proto, initializer: 0, of: nil)
  }

  /// - Parameters:
  ///   - index: The initializer's place in its graph.
  ///   - initializers: Where its raw data may have stayed.
  mutating func decode(
    _ proto: ProtoTensor, initializer index: Int, of initializers: InitializerBytes?
  ) throws(GraphError) -> Tensor {
    if let narrow = NarrowIntegers(dataType: proto.dataType) {
      return try decode(proto, narrow, initializer: index, of: initializers)
    }
    guard let type = ElementType(rawValue: proto.dataType) else {
      throw ElementType.unsupported(proto.dataType)
    }
    guard !proto.hasSegment else {
      throw GraphError(.unsupportedVariant, "tensors stored in segments are not supported")
    }
    let shape = proto.dims.map { Int($0) }
    let count = try TensorType(type, shape).checked().count
    let byteCount = count * type.byteCount
    guard byteCount <= Self.maximumByteCount else {
      throw GraphError(.shapeTooLarge, "a tensor of \(byteCount) bytes is beyond 2 GiB")
    }
    guard let initializers, let rawCount = initializers.byteCount(index) else {
      let storage = try storage(of: proto, type, count: count, byteCount: byteCount)
      return Tensor(elementType: type, shape: shape, storage: storage)
    }
    guard proto.dataLocation != 1 else { throw Self.bothPlaces }
    guard proto.dataLocation == 0 else { throw Self.noPlace(proto) }
    try Self.checkRaw(rawCount, proto, type, count: count, byteCount: byteCount)
    if type == .float32, let floats = initializers.deferredFloats(index, count: count) {
      return Tensor(floats, shape: shape)
    }
    let elements = unsafe RawElements(count: count) { buffer throws(GraphError) in
      try unsafe initializers.copy(index, into: buffer)
    }
    return Tensor(elementType: type, shape: shape, storage: try elements.storage(type))
  }

  /// Numbers of less than a byte, as the type that holds them.
  private mutating func decode(
    _ proto: ProtoTensor, _ narrow: NarrowIntegers, initializer index: Int,
    of initializers: InitializerBytes?
  ) throws(GraphError) -> Tensor {
    let shape = proto.dims.map { Int($0) }
    let count = try TensorType(narrow.heldAs, shape).checked().count
    var bytes = proto
    bytes.dataType = ElementType.uint8.rawValue
    bytes.dims = [Int64(narrow.byteCount(count))]
    let packed = try decode(bytes, initializer: index, of: initializers)
    return narrow.unpacked(packed, shape: shape)
  }

  private static let bothPlaces = GraphError(
    .badFile, "a tensor has both external data and data of its own, or is text")

  private static func noPlace(_ proto: ProtoTensor) -> GraphError {
    GraphError(.badFile, "data location \(proto.dataLocation) does not exist")
  }

  /// That raw data of so many bytes is all a tensor has, and as much as it needs.
  private static func checkRaw(
    _ rawCount: Int, _ proto: ProtoTensor, _ type: ElementType, count: Int, byteCount: Int
  ) throws(GraphError) {
    guard proto.typedCount == 0, type != .string else {
      throw GraphError(.badFile, "a tensor has both raw and typed data, or raw text")
    }
    guard rawCount == byteCount else {
      throw GraphError(
        .badShape,
        "\(rawCount) bytes of data for \(count) elements of \(type.byteCount) bytes")
    }
  }

  private mutating func storage(
    of proto: ProtoTensor, _ type: ElementType, count: Int, byteCount: Int
  ) throws(GraphError) -> Tensor.Storage {
    switch proto.dataLocation {
    case 0: break
    case 1:
      guard !proto.hasRawData, proto.typedCount == 0, type != .string else {
        throw Self.bothPlaces
      }
      let region = try externalData.open(proto.externalData, byteCount: byteCount)
      let elements = unsafe RawElements(count: count) { buffer throws(GraphError) in
        try unsafe region.copy(into: buffer)
      }
      return try elements.storage(type)
    default: throw Self.noPlace(proto)
    }
    guard proto.hasRawData, !(proto.rawData.isEmpty && proto.typedCount > 0) else {
      return try typedStorage(of: proto, type, count)
    }
    try Self.checkRaw(proto.rawData.count, proto, type, count: count, byteCount: byteCount)
    let elements = unsafe RawElements(count: count) { buffer throws(GraphError) in
      unsafe proto.rawData.copyBytes(to: buffer)
    }
    return try elements.storage(type)
  }
}

/// A tensor's little-endian bytes, wherever they are, as elements of a chosen type.
@safe private struct RawElements {
  let count: Int
  /// Fills a buffer with the bytes.
  let fill: (UnsafeMutableRawBufferPointer) throws(GraphError) -> Void

  /// The elements, copied once.
  func load<Element: BitwiseCopyable>() throws(GraphError) -> [Element] {
    var failure: GraphError?
    let result = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(GraphError) {
        // The array may have room for more than was asked for.
        let exact = unsafe UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        try unsafe fill(UnsafeMutableRawBufferPointer(exact))
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }

  /// The elements as a tensor keeps them; float32, float64 and int64 as they are.
  func storage(_ type: ElementType) throws(GraphError) -> Tensor.Storage {
    switch type {
    case .float32: .float(try load())
    case .float64: .double(try load())
    case .int64, .uint64: .integer(try load())
    case .float16: .float(try load().map(float(half:)))
    case .bfloat16: .float(try load().map(float(brain:)))
    case .bool: .byte(try load().map { (byte: UInt8) in byte == 0 ? 0 : 1 })
    case .uint8, .int8: .byte(try load())
    case .uint16: .integer(try load().map { (value: UInt16) in Int64(value) })
    case .int16: .integer(try load().map { (value: Int16) in Int64(value) })
    case .uint32: .integer(try load().map { (value: UInt32) in Int64(value) })
    case .int32: .integer(try load().map { (value: Int32) in Int64(value) })
    case .string: throw GraphError(.badFile, "text cannot be stored as raw data")
    }
  }
}

/// Storage from the lists that ONNX keeps per type.
private func typedStorage(
  of proto: ProtoTensor, _ type: ElementType, _ count: Int
) throws(GraphError) -> Tensor.Storage {
  let stored: (list: String, count: Int) =
    switch type {
    case .float32: ("float_data", proto.floatData.count)
    case .float64: ("double_data", proto.doubleData.count)
    case .int64: ("int64_data", proto.int64Data.count)
    case .uint32, .uint64: ("uint64_data", proto.uint64Data.count)
    case .string: ("string_data", proto.stringData.count)
    default: ("int32_data", proto.int32Data.count)
    }
  guard stored.count == count, proto.typedCount == count else {
    throw GraphError(
      .badShape,
      "\(stored.count) elements in \(stored.list), \(proto.typedCount) in all lists, for a shape of \(count)"
    )
  }
  switch type {
  case .float32: return .float(proto.floatData)
  case .float64: return .double(proto.doubleData)
  case .int64: return .integer(proto.int64Data)
  case .uint64: return .integer(proto.uint64Data.map { Int64(bitPattern: $0) })
  case .uint32: return .integer(try proto.uint64Data.map(checked(UInt32.self)).map { Int64($0) })
  case .int32: return .integer(proto.int32Data.map { Int64($0) })
  case .int16: return .integer(try proto.int32Data.map(checked(Int16.self)).map { Int64($0) })
  case .uint16: return .integer(try proto.int32Data.map(checked(UInt16.self)).map { Int64($0) })
  case .int8: return .byte(try proto.int32Data.map(checked(Int8.self)).map(UInt8.init(bitPattern:)))
  case .uint8: return .byte(try proto.int32Data.map(checked(UInt8.self)))
  case .bool: return .byte(proto.int32Data.map { $0 == 0 ? 0 : 1 })
  case .float16: return .float(try proto.int32Data.map(checked(UInt16.self)).map(float(half:)))
  case .bfloat16:
    return .float(
      try proto.int32Data.map(checked(UInt16.self)).map(float(brain:)))
  case .string:
    return .text(
      try proto.stringData.map { data throws(GraphError) in
        guard let text = String(validating: data, as: UTF8.self) else {
          throw GraphError(.badFile, "a text element is not valid UTF-8")
        }
        return text
      })
  }
}

/// A conversion to a narrower integer that refuses what does not fit.
private func checked<Wide: BinaryInteger, Narrow: FixedWidthInteger>(
  _ type: Narrow.Type
) -> (Wide) throws(GraphError) -> Narrow {
  { value throws(GraphError) in
    guard let narrow = Narrow(exactly: value) else {
      throw GraphError(.badFile, "the element \(value) does not fit \(Narrow.bitWidth) bits")
    }
    return narrow
  }
}

private func float(half bits: UInt16) -> Float { Float(Float16(bitPattern: bits)) }
private func float(brain bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

extension ProtoTensor {
  /// Elements in the typed lists, all taken together.
  fileprivate var typedCount: Int {
    floatData.count + int32Data.count + stringData.count + int64Data.count + doubleData.count
      + uint64Data.count
  }
}
