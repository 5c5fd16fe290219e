import EspalierGraph
import Glibc

/// Where an encoder's bytes go.
protocol ByteSink: ~Copyable {
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(GraphError)
}

extension ByteSink where Self: ~Copyable {
  mutating func write(_ bytes: [UInt8]) throws(GraphError) {
    try unsafe withBytes(of: bytes) { bytes throws(GraphError) in try unsafe write(bytes) }
  }

  /// Writes numbers as they are in memory, which is little-endian.
  mutating func write<Number: BitwiseCopyable>(numbers: [Number]) throws(GraphError) {
    try unsafe withBytes(of: numbers) { bytes throws(GraphError) in try unsafe write(bytes) }
  }

  /// Writes numbers in another form, some thousand at a time so that no second copy of all exists.
  mutating func write<Number, Stored: BitwiseCopyable>(
    _ numbers: [Number], as stored: (Number) -> Stored
  ) throws(GraphError) {
    for start in stride(from: 0, to: numbers.count, by: 1 << 16) {
      let chunk = numbers[start..<min(start + 1 << 16, numbers.count)]
      try write(numbers: chunk.map(stored))
    }
  }
}

/// Calls a body that may throw a typed error with an array's bytes.
private func withBytes<Number>(
  of numbers: [Number], _ body: (UnsafeRawBufferPointer) throws(GraphError) -> Void
) throws(GraphError) {
  var failure: GraphError?
  unsafe numbers.withUnsafeBytes { bytes in
    do throws(GraphError) { try unsafe body(bytes) } catch { failure = error }
  }
  if let failure { throw failure }
}

/// Collects bytes in memory.
struct MemorySink: ByteSink {
  private(set) var bytes: [UInt8] = []

  init(byteCount: Int) { bytes.reserveCapacity(byteCount) }

  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes.append(contentsOf: bytes)
  }
}

/// A file that appears under its name once it is complete, or not at all.
struct FileSink: ByteSink, ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  /// Whether the file has no name yet, so that nothing is left of it where the program is ended.
  private var isUnnamed: Bool
  private var isFinished = false

  /// Creates the file beside its final place.
  init(path: String) throws(GraphError) {
    var facts = stat()
    if unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG {
      throw GraphError(.badFile, "\"\(path)\" exists and is not a regular file")
    }
    // The form that `PartialFiles` knows.
    let temporaryPath = "\(path).\(getpid())-0.part"
    // Linux's O_TMPFILE, which its headers define in a way that Swift does not see.
    let unnamed = 0o20000000 | O_DIRECTORY
    var descriptor = unsafe open(folder(of: path), unnamed | O_WRONLY | O_CLOEXEC, 0o666)
    // It cannot be named where /proc is not there.
    let isUnnamed = unsafe descriptor >= 0 && access("/proc/self/fd", X_OK) == 0
    if !isUnnamed {
      if descriptor >= 0 { close(descriptor) }
      descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    guard descriptor >= 0 else { throw systemError("cannot create", temporaryPath) }
    self.isUnnamed = isUnnamed
    self.path = path
    self.temporaryPath = temporaryPath
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    if !isFinished, !isUnnamed { _ = unsafe unlink(temporaryPath) }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    var done = 0
    while done < bytes.count {
      let count = unsafe Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw systemError("cannot write", temporaryPath) }
      done += count
    }
  }

  /// Puts the file in its place.
  consuming func finish() throws(GraphError) {
    guard fsync(descriptor) == 0 else { throw systemError("cannot write", temporaryPath) }
    if isUnnamed {
      let own = "/proc/self/fd/\(descriptor)"
      guard unsafe linkat(AT_FDCWD, own, AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0 else {
        throw systemError("cannot create", temporaryPath)
      }
      isUnnamed = false
    }
    guard unsafe rename(temporaryPath, path) == 0 else { throw systemError("cannot create", path) }
    isFinished = true
  }
}
