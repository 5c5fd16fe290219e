/// A dense array of numbers in row-major order, with its shape and element type.
///
/// Storage is one of three canonical arrays, whatever the element type: floating-point types keep
/// `Float` (float64 keeps `Double`), integers and Booleans keep `Int64` or bytes. Values are exact
/// for every type but float64 folded through a `Float` operator. Use the typed accessors.
public struct Tensor: Sendable, Hashable {
  /// The canonical arrays that back a tensor.
  public enum Storage: Sendable, Hashable {
    /// float32, float16 and bfloat16.
    case float([Float])
    /// float64.
    case double([Double])
    /// Every integer type but uint8 and int8; uint64 by bit pattern.
    case integer([Int64])
    /// uint8, int8 (by bit pattern) and Boolean (0 or 1).
    case byte([UInt8])
    /// Text; carried through import and export, never computed with.
    case text([String])
  }

  public let elementType: ElementType
  /// Extent of each axis; empty for a scalar.
  public let shape: [Int]
  private let backing: Backing

  private enum Backing: Sendable {
    case stored(Storage)
    /// float32 alone.
    case deferred(DeferredFloats)
  }

  public var storage: Storage {
    switch backing {
    case .stored(let storage): storage
    case .deferred(let floats): .float(floats.array)
    }
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
  public var rank: Int { shape.count }
  public var type: TensorType { TensorType(elementType, shape) }

  /// - Precondition: the storage has as many elements as the shape and suits the element type.
  public init(elementType: ElementType, shape: [Int], storage: Storage) {
    self.elementType = elementType
    self.shape = shape
    backing = .stored(storage)
    precondition(storage.count == shape.reduce(1, *), "storage does not fill the shape")
  }

  /// A float32 tensor whose elements become an array when somebody first needs one.
  public init(_ values: DeferredFloats, shape: [Int]) {
    elementType = .float32
    self.shape = shape
    backing = .deferred(values)
    precondition(values.count == shape.reduce(1, *), "storage does not fill the shape")
  }

  private init(_ backing: Backing, _ elementType: ElementType, _ shape: [Int]) {
    (self.backing, self.elementType, self.shape) = (backing, elementType, shape)
  }

  public static func == (one: Tensor, other: Tensor) -> Bool {
    one.elementType == other.elementType && one.shape == other.shape
      && one.storage == other.storage
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(elementType)
    hasher.combine(shape)
    hasher.combine(storage)
  }

  /// A float32 tensor.
  public init(_ values: [Float], shape: [Int]) {
    self.init(elementType: .float32, shape: shape, storage: .float(values))
  }

  /// An int64 tensor; one-dimensional unless a shape is given.
  public init(integers values: [Int64], shape: [Int]? = nil) {
    self.init(elementType: .int64, shape: shape ?? [values.count], storage: .integer(values))
  }

  /// A Boolean tensor.
  public init(booleans values: [Bool], shape: [Int]) {
    self.init(elementType: .bool, shape: shape, storage: .byte(values.map { $0 ? 1 : 0 }))
  }

  /// A tensor of any numeric type from doubles, rounded towards zero for integers.
  public init(elementType: ElementType, shape: [Int], doubles: [Double]) {
    switch elementType {
    case .float64: self.init(elementType: elementType, shape: shape, storage: .double(doubles))
    case .float32:
      self.init(elementType: elementType, shape: shape, storage: .float(doubles.map(Float.init)))
    case .float16, .bfloat16:
      self.init(
        elementType: elementType, shape: shape,
        storage: .float(doubles.map { roundToStorage(Float($0), elementType) }))
    case .uint64:
      self.init(
        elementType: elementType, shape: shape,
        integers: doubles.map { Int64(saturating: $0, unsigned: true) })
    default:
      self.init(
        elementType: elementType, shape: shape,
        integers: doubles.map { Int64(saturating: $0) })
    }
  }

  /// A tensor of any integer, Boolean or floating-point type from integers, wrapped to its width.
  public init(elementType: ElementType, shape: [Int], integers: [Int64]) {
    switch elementType {
    case .bool:
      self.init(
        elementType: elementType, shape: shape, storage: .byte(integers.map { $0 == 0 ? 0 : 1 }))
    case .uint8, .int8:
      self.init(
        elementType: elementType, shape: shape,
        storage: .byte(integers.map { UInt8(truncatingIfNeeded: $0) }))
    case .uint16:
      self.init(wrapping: integers, elementType, shape) { Int64(UInt16(truncatingIfNeeded: $0)) }
    case .int16:
      self.init(wrapping: integers, elementType, shape) { Int64(Int16(truncatingIfNeeded: $0)) }
    case .int32:
      self.init(wrapping: integers, elementType, shape) { Int64(Int32(truncatingIfNeeded: $0)) }
    case .uint32:
      self.init(wrapping: integers, elementType, shape) { Int64(UInt32(truncatingIfNeeded: $0)) }
    case .int64, .uint64:
      self.init(elementType: elementType, shape: shape, storage: .integer(integers))
    case .float32, .float16, .bfloat16, .float64:
      self.init(elementType: elementType, shape: shape, doubles: integers.map(Double.init))
    case .string: preconditionFailure("text tensors are not made from integers")
    }
  }

  private init(
    wrapping values: [Int64], _ elementType: ElementType, _ shape: [Int],
    _ wrap: (Int64) -> Int64
  ) {
    self.init(elementType: elementType, shape: shape, storage: .integer(values.map(wrap)))
  }

  /// Every element as `Float`; integers and Booleans are converted.
  public var floats: [Float] {
    switch storage {
    case .float(let values): values
    case .double(let values): values.map { Float($0) }
    case .integer(let values) where elementType == .uint64:
      values.map { Float(UInt64(bitPattern: $0)) }
    case .integer, .byte: integers.map { Float($0) }
    case .text: preconditionFailure("text has no numeric value")
    }
  }

  /// Every element as `Double`; integers and Booleans are converted.
  public var doubles: [Double] {
    switch storage {
    case .float(let values): values.map { Double($0) }
    case .double(let values): values
    case .integer(let values) where elementType == .uint64:
      values.map { Double(UInt64(bitPattern: $0)) }
    case .integer, .byte: integers.map { Double($0) }
    case .text: preconditionFailure("text has no numeric value")
    }
  }

  /// Every element as `Int64`; floating-point values are rounded towards zero and saturate.
  public var integers: [Int64] {
    switch storage {
    case .integer(let values): values
    case .byte(let values):
      elementType == .int8
        ? values.map { Int64(Int8(bitPattern: $0)) } : values.map { Int64($0) }
    case .float(let values): values.map { Int64(saturating: Double($0)) }
    case .double(let values): values.map { Int64(saturating: $0) }
    case .text: preconditionFailure("text has no numeric value")
    }
  }

  /// Every element as a truth value: unequal to zero.
  public var booleans: [Bool] {
    switch storage {
    case .byte(let values): values.map { $0 != 0 }
    case .integer(let values): values.map { $0 != 0 }
    case .float(let values): values.map { $0 != 0 }
    case .double(let values): values.map { $0 != 0 }
    case .text: preconditionFailure("text has no numeric value")
    }
  }

  /// The same elements under another shape.
  /// - Precondition: the element counts agree.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "storage does not fill the shape")
    return Tensor(backing, elementType, shape)
  }

  /// As `floats`, for who reads them once: elements that are not in memory yet are not kept there.
  public func passingFloats() -> [Float] {
    if case .deferred(let floats) = backing { return floats.passing }
    return floats
  }

  /// The elements at flat positions, in that order, under a shape: the base of every data movement.
  /// - Precondition: each position is within `0..<count`.
  public func gathering(_ positions: [Int], shape: [Int]) -> Tensor {
    let picked: Storage =
      switch storage {
      case .float(let values): .float(positions.map { values[$0] })
      case .double(let values): .double(positions.map { values[$0] })
      case .integer(let values): .integer(positions.map { values[$0] })
      case .byte(let values): .byte(positions.map { values[$0] })
      case .text(let values): .text(positions.map { values[$0] })
      }
    return Tensor(elementType: elementType, shape: shape, storage: picked)
  }
}

extension Tensor.Storage {
  /// Number of elements.
  public var count: Int {
    switch self {
    case .float(let values): values.count
    case .double(let values): values.count
    case .integer(let values): values.count
    case .byte(let values): values.count
    case .text(let values): values.count
    }
  }
}

extension Int64 {
  /// Rounds towards zero; out-of-range values become the nearest bound and NaN becomes 0.
  public init(saturating value: Double) {
    if value.isNaN {
      self = 0
    } else if value >= 0x1p63 {
      self = .max
    } else if value <= -0x1p63 {
      self = .min
    } else {
      self = Int64(value)
    }
  }
}

extension Int64 {
  /// The bit pattern of a number beyond `Int64.max` too, up to `UInt64.max`, where `unsigned` is set.
  fileprivate init(saturating value: Double, unsigned: Bool) {
    let isLarge = unsigned && value >= 0x1p63
    self =
      isLarge ? Int64(bitPattern: value < 0x1p64 ? UInt64(value) : .max) : Int64(saturating: value)
  }
}

/// Rounds to the nearest float16 or bfloat16 value, ties to even; other types pass through.
public func roundToStorage(_ value: Float, _ type: ElementType) -> Float {
  switch type {
  case .float16: return Float(Float16(value))
  case .bfloat16:
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
    return Float(bitPattern: rounded & 0xFFFF_0000)
  default: return value
  }
}
