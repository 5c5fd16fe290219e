#if !hasFeature(Embedded)
/// Bytes on their way into a file, made when they are written: whoever has many of them need not hold
/// them all at once.
@safe
public struct ValueBytes: Sendable {
  public let byteCount: Int
  private let make: @Sendable (UnsafeMutableRawBufferPointer) -> Void

  /// - Parameter make: Fills memory of exactly so many bytes, at least 16-byte aligned and of any
  ///   content; may be called from any thread, and each time gives the same.
  public init(byteCount: Int, make: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
    self.byteCount = byteCount
    unsafe self.make = make
  }

  private init<Element: BitwiseCopyable & Sendable>(_ array: [Element]) {
    unsafe self.init(byteCount: array.count * MemoryLayout<Element>.stride) { target in
      unsafe array.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  public static func bytes(_ array: [UInt8]) -> ValueBytes { ValueBytes(array) }
  public static func floats(_ array: [Float]) -> ValueBytes { ValueBytes(array) }
  public static func int32(_ array: [Int32]) -> ValueBytes { ValueBytes(array) }
  public static func int64(_ array: [Int64]) -> ValueBytes { ValueBytes(array) }

  /// Makes the bytes.
  /// - Parameter target: Exactly `byteCount` bytes.
  public func write(into target: UnsafeMutableRawBufferPointer) {
    precondition(target.count == byteCount, "memory of another size")
    if byteCount > 0 { unsafe make(target) }
  }

  /// The bytes as numbers of a type whose size divides them.
  public func array<Element: BitwiseCopyable>(of type: Element.Type) -> [Element] {
    let count = byteCount / MemoryLayout<Element>.stride
    precondition(count * MemoryLayout<Element>.stride == byteCount, "no whole number of elements")
    return unsafe [Element](unsafeUninitializedCapacity: count) { target, made in
      let exact = unsafe UnsafeMutableBufferPointer(rebasing: target[..<count])
      unsafe write(into: UnsafeMutableRawBufferPointer(exact))
      made = count
    }
  }

  /// The bytes as float32.
  public var floats: [Float] {
    get { array(of: Float.self) }
    set { self = .floats(newValue) }
  }
}
#endif
