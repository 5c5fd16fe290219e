internal import Synchronization

/// float32 numbers that stay where they are, as in a mapped file, until somebody needs them as an array.
@safe
public final class DeferredFloats: Sendable {
  public let count: Int
  private let copy: @Sendable (UnsafeMutableRawBufferPointer) -> Void
  private let kept = Mutex<[Float]?>(nil)

  /// - Parameter copy: Fills memory with the numbers; may be called from any thread, any number of times.
  public init(
    count: Int, copy: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void
  ) {
    self.count = count
    unsafe self.copy = copy
  }

  /// The numbers, from now on kept.
  var array: [Float] {
    kept.withLock { kept in
      if let kept { return kept }
      let made = made()
      kept = made
      return made
    }
  }

  /// The numbers, not kept for anybody else.
  var passing: [Float] { kept.withLock { $0 } ?? made() }

  private func made() -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: count) { target, made in
      let exact = unsafe UnsafeMutableBufferPointer(rebasing: target[..<count])
      unsafe copy(UnsafeMutableRawBufferPointer(exact))
      made = count
    }
  }
}
