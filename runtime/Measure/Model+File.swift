public import EspalierBoard
public import EspalierExecutor

/// Why a model file does not become a model: the system refuses it, or the runtime does.
public enum LoadError: Error, Sendable, CustomStringConvertible {
  case board(BoardError)
  case model(ExecutorError, path: String)

  public var description: String {
    switch self {
    case .board(let error): error.description
    case .model(let error, let path): "\(path): \(error.description)"
    }
  }

  /// The command's exit code.
  public var exitCode: Int32 {
    switch self {
    case .board(let error): error.exitCode
    case .model(let error, _): error.exitCode
    }
  }
}

extension Model {
  /// Maps a model file and checks it; weights stay in the file's pages.
  ///
  /// Everything of the file that decides what memory is touched is copied first, so that a file which is
  /// overwritten in place gives wrong numbers at worst; of a file of at most `keptBytes`, all is. A larger
  /// one must not be shortened while the model or a session of it lives; see `MappedFile`.
  /// - Throws: `LoadError.board` where the file cannot be read, `.model` with code and place where it is
  ///   no model that this runtime takes.
  public init(contentsOf path: String) throws(LoadError) {
    let file = try Self.map(path)
    do throws(ExecutorError) {
      self = try unsafe Model(adopting: file.relinquish(), release: MappedFile.unmap)
    } catch {
      throw .model(error, path: path)
    }
  }

  /// Copying so many bytes takes a few milliseconds.
  private static var keptBytes: Int { 16 << 20 }
  /// Where a file says where its values begin: behind all that describes them.
  private static var placeOfValuesOffset: Int { 32 }

  private static func map(_ path: String) throws(LoadError) -> MappedFile {
    do throws(BoardError) {
      var file = try MappedFile(contentsOf: path)
      var kept = file.count
      if kept > keptBytes {
        let offset = unsafe file.bytes.loadUnaligned(
          fromByteOffset: placeOfValuesOffset, as: UInt64.self)
        kept = Int(clamping: min(offset, UInt64(file.count)))
      }
      try file.keepPrefix(kept, of: path)
      return file
    } catch { throw .board(error) }
  }
}
