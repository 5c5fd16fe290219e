/// Numbers that lie in the file, read in place; valid while the file's bytes are.
@safe
public struct FileArray<Element: BitwiseCopyable>: RandomAccessCollection, @unchecked Sendable {
  private let base: UnsafePointer<Element>?
  public let count: Int

  init(_ base: UnsafePointer<Element>?, _ count: UInt32) {
    unsafe self.base = base
    self.count = Int(count)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(position: Int) -> Element {
    precondition(position >= 0 && position < count, "position outside the array")
    return unsafe base.unsafelyUnwrapped[position]
  }

  /// The numbers where they lie; the base address is nil where there are none.
  public var buffer: UnsafeBufferPointer<Element> {
    unsafe UnsafeBufferPointer(start: base, count: count)
  }
}
