import EspalierGraph
import Glibc

/// An open, regular file to read from; closed when it goes out of scope.
struct InputFile: ~Copyable, Sendable {
  private let descriptor: Int32
  /// Bytes in the file when it was opened.
  let size: Int
  /// How many names the file has.
  let linkCount: Int

  /// Opens a file by its path.
  /// - Throws: `GraphError` with code `.badFile` if it cannot be opened or is not a regular file.
  init(path: String) throws(GraphError) {
    // Without O_NONBLOCK the opening of a pipe would wait for a writer.
    try self.init(unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), named: path)
  }

  /// Opens a file in a directory, refusing a symbolic link.
  init(name: String, in directory: borrowing Directory) throws(GraphError) {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW
    try self.init(unsafe openat(directory.descriptor, name, flags), named: name)
  }

  private init(_ descriptor: Int32, named name: String) throws(GraphError) {
    guard descriptor >= 0 else { throw systemError("cannot open", name) }
    var facts = stat()
    let found = unsafe fstat(descriptor, &facts)
    guard found == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw GraphError(.badFile, "\"\(name)\" is not a regular file")
    }
    self.descriptor = descriptor
    size = Int(facts.st_size)
    linkCount = Int(facts.st_nlink)
  }

  deinit { close(descriptor) }

  /// Fills a buffer with the bytes from an offset on.
  /// - Throws: `GraphError` with code `.badFile` if the file is shorter or cannot be read.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, from offset: Int
  ) throws(GraphError) {
    var done = 0
    while done < buffer.count {
      let count = unsafe pread(
        descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw systemError("cannot read", "the file") }
      guard count > 0 else {
        throw GraphError(.badFile, "the file became shorter while it was read")
      }
      done += count
    }
  }

  /// The whole file.
  func readAll() throws(GraphError) -> [UInt8] {
    var failure: GraphError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(GraphError) {
        unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), from: 0)
        count = buffer.count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}

extension InputFile {
  /// Lends the whole file, mapped, for as long as the body runs.
  func withMapping<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result,
    failing failure: (GraphError) -> Failure
  ) throws(Failure) -> Result {
    guard size > 0 else { return try unsafe body(UnsafeBufferPointer(start: nil, count: 0)) }
    let mapping = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard unsafe mapping != MAP_FAILED, let mapping = unsafe mapping else {
      throw failure(systemError("cannot map", "the file"))
    }
    defer { unsafe munmap(mapping, size) }
    let bytes = unsafe mapping.assumingMemoryBound(to: UInt8.self)
    return try unsafe body(UnsafeBufferPointer(start: bytes, count: size))
  }
}

/// A file that stays open for as long as somebody may read from it.
final class OpenFile: Sendable {
  let file: InputFile

  init(_ file: consuming InputFile) { self.file = file }
}

/// An open directory, so that what is opened within it cannot be redirected by renaming.
struct Directory: ~Copyable {
  fileprivate let descriptor: Int32

  init(path: String) throws(GraphError) {
    descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemError("cannot open the folder", path) }
  }

  /// Opens a folder within another, refusing a symbolic link.
  init(name: String, in parent: borrowing Directory) throws(GraphError) {
    descriptor = unsafe openat(
      parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw systemError("cannot open the folder", name) }
  }

  deinit { close(descriptor) }
}

/// The error of the system call that just failed.
func systemError(_ action: String, _ name: String) -> GraphError {
  GraphError(.badFile, "\(action) \"\(name)\": \(unsafe String(cString: strerror(errno)))")
}
