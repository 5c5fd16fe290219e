/// The kind of number a tensor holds; raw values are ONNX's `TensorProto.DataType`.
public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// ONNX's element types that are none of these, for messages.
  private static let unread: [Int32: String] = [
    0: "UNDEFINED", 14: "COMPLEX64", 15: "COMPLEX128", 17: "FLOAT8E4M3FN", 18: "FLOAT8E4M3FNUZ",
    19: "FLOAT8E5M2", 20: "FLOAT8E5M2FNUZ", 21: "UINT4", 22: "INT4", 23: "FLOAT4E2M1",
    24: "FLOAT8E8M0", 25: "UINT2", 26: "INT2",
  ]

  /// What is said of an element type that is none of these.
  public static func unsupported(_ number: Int32) -> GraphError {
    let name = unread[number] ?? "number \(number)"
    return GraphError(
      .badType,
      "element type \(name) is not supported; floating-point numbers of at least 16 bits and "
        + "integers of at least 8 are")
  }

  /// The type of numbers that a node's attribute names.
  init(castTargetOf node: NodeContext, named name: String = "to") throws(GraphError) {
    guard let number = try node.integer(name) else {
      throw GraphError(.badAttribute, "attribute \"\(name)\" is required")
    }
    guard let type = Self(rawValue: Int32(clamping: number)) else {
      throw Self.unsupported(Int32(clamping: number))
    }
    guard type != .string else {
      throw GraphError(.badType, "numbers become no text; give the output in numbers")
    }
    self = type
  }

  /// Bytes of one element as ONNX stores it; 0 for strings.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    case .string: 0
    }
  }

  /// Whether elements are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .float64, .bfloat16: true
    default: false
    }
  }

  /// Whether elements are integers; Boolean is not.
  public var isInteger: Bool {
    switch self {
    case .uint8, .int8, .uint16, .int16, .int32, .int64, .uint32, .uint64: true
    default: false
    }
  }

  /// The integers that the type can hold; for uint64 those up to `Int64.max`, for Booleans 0 and 1.
  public var integerRange: ClosedRange<Int64> {
    switch self {
    case .bool: 0...1
    case .uint8: 0...Int64(UInt8.max)
    case .int8: Int64(Int8.min)...Int64(Int8.max)
    case .uint16: 0...Int64(UInt16.max)
    case .int16: Int64(Int16.min)...Int64(Int16.max)
    case .uint32: 0...Int64(UInt32.max)
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint64: 0...Int64.max
    case .int64, .float32, .float64, .float16, .bfloat16, .string: Int64.min...Int64.max
    }
  }
}
