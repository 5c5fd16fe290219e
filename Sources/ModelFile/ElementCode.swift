/// The type of a tensor's elements; codes are ONNX's.
public enum ElementCode: Int32, Sendable {
  case f32 = 1
  case u8 = 2
  case i8 = 3
  case i32 = 6
  case i64 = 7
  /// One byte, 0 or 1.
  case bool = 9

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .u8, .i8, .bool: 1
    case .f32, .i32: 4
    case .i64: 8
    }
  }
}
