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
  /// The file must not be shortened while the model or a session of it lives; see `MappedFile`.
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

  private static func map(_ path: String) throws(LoadError) -> MappedFile {
    do throws(BoardError) { return try MappedFile(contentsOf: path) } catch { throw .board(error) }
  }
}
