/// An `.npy` file mapped into memory: C-order values of one element type.
@safe
public struct NumPyFile: ~Copyable, Sendable {
  private let file: MappedFile
  public let header: NumPyHeader

  /// Why a file is not read: the system refused it, or its bytes are not an array.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    case board(BoardError)
    case malformed(path: String, NumPyError)

    public var description: String {
      switch self {
      case .board(let error): error.description
      case .malformed(let path, let error): "\(path): \(error.description)"
      }
    }

    /// The command's exit code: 65 bad data, 66 no input.
    public var exitCode: Int32 {
      switch self {
      case .board(let error): error.exitCode
      case .malformed: 65
      }
    }
  }

  /// Maps and checks a file.
  public init(contentsOf path: String) throws(Failure) {
    let file = try Self.map(path)
    header = try Self.parse(file, path)
    self.file = file
  }

  private static func map(_ path: String) throws(Failure) -> MappedFile {
    do throws(BoardError) { return try MappedFile(contentsOf: path) } catch { throw .board(error) }
  }

  private static func parse(
    _ file: borrowing MappedFile, _ path: String
  ) throws(Failure) -> NumPyHeader {
    do throws(NumPyError) {
      return try unsafe NumPyHeader(parsing: file.bytes)
    } catch {
      throw .malformed(path: path, error)
    }
  }

  /// The values, in row-major order.
  public var values: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: file.bytes[header.dataOffset...])
  }

  /// Writes an array whole or not at all. `values` holds exactly `dims`' product of elements.
  public static func write(
    _ values: UnsafeRawBufferPointer, element: NumPyElement, dims: [Int], to path: String
  ) throws(BoardError) {
    precondition(
      values.count == dims.reduce(element.size, *), "values must be as many as the shape says")
    try unsafe Board.write(NumPyHeader.bytes(element: element, dims: dims), values, to: path)
  }
}
