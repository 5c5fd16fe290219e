internal import CEspalierBoard

/// A file mapped read-only into memory, page-aligned, until the value goes away.
///
/// The bytes must not change while they are mapped, but for those that `keepPrefix` has copied: shortening
/// the file under a running program ends the program with `SIGBUS`, as for every mapping. Replace a model
/// by renaming another file over it, which leaves existing mappings whole; Espalier's own writers do.
@safe
public struct MappedFile: ~Copyable, @unchecked Sendable {
  private var base: UnsafeRawPointer?
  /// The length in bytes.
  public let count: Int

  /// Maps a regular file of at most `limit` bytes.
  ///
  /// Throws where the file cannot be opened, is a pipe, folder or device, or is larger.
  public init(contentsOf path: String, limit: Int = 1 << 32) throws(BoardError) {
    var base: UnsafeRawPointer? = nil
    var count = 0
    let status = unsafe path.withCString {
      unsafe esp_board_map($0, UInt64(clamping: limit), &base, &count)
    }
    guard status == 0 else { throw BoardError(action: .read, path: path, status: status) }
    unsafe self.base = base
    self.count = count
  }

  /// Copies the first bytes to memory of their own, in place: they do not follow the file any more.
  /// - Throws: `BoardError` where there is no memory.
  public mutating func keepPrefix(_ length: Int, of path: String) throws(BoardError) {
    let status = unsafe esp_board_copy_prefix(base, count, max(length, 0))
    guard status == 0 else { throw BoardError(action: .read, path: path, status: status) }
  }

  deinit {
    unsafe esp_board_unmap(base, count)
  }

  /// The file's bytes.
  public var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Hands the mapping to an owner that will call `unmap` with it.
  public consuming func relinquish() -> UnsafeRawBufferPointer {
    let bytes = unsafe bytes
    // What is left has nothing to unmap; `discard` would do, but not in Embedded mode.
    unsafe base = nil
    return unsafe bytes
  }

  /// Ends a mapping that was relinquished.
  @Sendable
  public static func unmap(_ bytes: UnsafeRawBufferPointer) {
    unsafe esp_board_unmap(bytes.baseAddress, bytes.count)
  }
}
