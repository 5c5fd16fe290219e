#if !hasFeature(Embedded)
internal import CEspalierModelFile
internal import Dispatch
internal import Glibc
internal import Synchronization

extension ModelDescription {
  /// The whole file in memory.
  /// - Throws: `badTensor`, `badPlacement`, `badNumber` or `overLimit` where the description cannot
  ///   be written down. That it makes sense is checked when it is read, not here.
  public func bytes(
    threads: Int = Self.processorCount
  ) throws(ModelFileError) -> [UInt8] {
    let layout = ValueLayout(self)
    let prefix = try prefix(layout)
    let length = prefix.count + Int(layout.length)
    return unsafe [UInt8](unsafeUninitializedCapacity: length) { target, count in
      let file = unsafe UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(target)[..<length])
      let sink = unsafe MemorySink(file)
      _ = write(layout, prefix, to: sink, threads)
      count = length
    }
  }

  /// Writes the file, which appears whole or not at all.
  /// - Throws: As `bytes()`, and `cannotWrite` with the system's error.
  public func write(
    to path: String, threads: Int = Self.processorCount
  ) throws(ModelFileError) {
    _ = unsafe try write(to: path, threads: threads) { _ in true }
  }

  /// Writes the file, which appears whole or not at all: it is written beside `path`, read back by
  /// `check`, synchronised, and renamed.
  ///
  /// Values are made and written weight by weight, on several threads, so that there are never many of
  /// them in memory.
  /// - Parameters:
  ///   - threads: How many at most; never many, since each holds a weight.
  ///   - check: Whether the file may appear; gets all of its bytes, 64-byte aligned, for as long as it
  ///     runs.
  /// - Returns: What `check` said; where that is false, nothing is left.
  /// - Throws: As `bytes()`, and `cannotWrite` with the system's error.
  public func write(
    to path: String, threads: Int = Self.processorCount, check: (UnsafeRawBufferPointer) -> Bool
  ) throws(ModelFileError) -> Bool {
    let layout = ValueLayout(self)
    let prefix = try prefix(layout)
    var error: Int32 = 0
    guard let writer = unsafe esp_file_begin(path, &error) else {
      throw ModelFileError(.cannotWrite, at: .system(error), "the file cannot be created")
    }
    let sink = unsafe FileSink(writer)
    error = unsafe esp_file_resize(writer, UInt64(prefix.count) + layout.length)
    if error == 0 { error = write(layout, prefix, to: sink, threads) }
    var bytes: UnsafeRawPointer?
    var length = 0
    if error == 0 { error = unsafe esp_file_map(writer, &bytes, &length) }
    if error == 0 {
      let isGood = unsafe check(UnsafeRawBufferPointer(start: bytes, count: length))
      unsafe esp_file_unmap(bytes, length)
      guard isGood else {
        unsafe esp_file_abandon(writer)
        return false
      }
      error = unsafe esp_file_commit(writer)
    } else {
      unsafe esp_file_abandon(writer)
    }
    guard error == 0 else {
      throw ModelFileError(.cannotWrite, at: .system(error), "the file cannot be written whole")
    }
    return true
  }

  /// Makes and writes all pieces of the values segment, then the prefix with their sum. Bytes do not
  /// depend on how many threads there are.
  /// - Returns: 0 or the system's error.
  private func write(
    _ layout: ValueLayout, _ prefix: [UInt8], to sink: some Sink, _ threads: Int
  ) -> Int32 {
    let pieces = layout.pieces
    let work = PieceWork(count: pieces.count)
    DispatchQueue.concurrentPerform(iterations: Self.threadCount(layout, threads)) { _ in
      var scratch = Scratch()
      while let number = work.next() {
        let bytes = pieces[number].bytes
        let padded = Int(roundedUp(UInt64(bytes.byteCount)))
        let offset = UInt64(prefix.count) + pieces[number].offset
        let (sum, error) = unsafe sink.withMemory(padded, at: offset, &scratch) { target in
          let (own, tail) = unsafe (target[..<bytes.byteCount], target[bytes.byteCount...])
          unsafe bytes.write(into: UnsafeMutableRawBufferPointer(rebasing: own))
          for place in unsafe tail.indices { unsafe target[place] = 0 }
          return unsafe esp_crc32c(0, target.baseAddress, padded)
        }
        work.finish(number, sum, error)
      }
    }
    let (sums, error) = work.results
    guard error == 0 else { return error }
    var sum: UInt32 = 0
    for (piece, own) in zip(pieces, sums) {
      sum = esp_crc32c_join(sum, own, roundedUp(UInt64(piece.bytes.byteCount)))
    }
    var prefix = prefix
    return unsafe prefix.withUnsafeMutableBytes { bytes in
      let start = unsafe bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      unsafe esp_model_seal(start, sum)
      var scratch = Scratch()
      return unsafe sink.withMemory(bytes.count, at: 0, &scratch) { target in
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(bytes))
        return 0
      }.error
    }
  }

  /// One thread where there is little to do; never many, since each holds a weight.
  private static func threadCount(_ layout: ValueLayout, _ threads: Int) -> Int {
    guard layout.length > 1 << 20 else { return 1 }
    return max(1, min(layout.pieces.count, threads, 4))
  }

  /// Processors that are there.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// Pieces of the values segment that threads take one after the other, and their sums.
private final class PieceWork: Sendable {
  private let count: Int
  private let taken = Atomic(0)
  private let state: Mutex<(sums: [UInt32], error: Int32)>

  init(count: Int) {
    self.count = count
    state = Mutex(([UInt32](repeating: 0, count: count), 0))
  }

  /// A piece that nobody has taken; nil when there is none, or one could not be written.
  func next() -> Int? {
    let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return number < count && results.error == 0 ? number : nil
  }

  func finish(_ number: Int, _ sum: UInt32, _ error: Int32) {
    state.withLock {
      $0.sums[number] = sum
      if error != 0 { $0.error = error }
    }
  }

  var results: (sums: [UInt32], error: Int32) { state.withLock { $0 } }
}

/// Where the parts of a file go.
private protocol Sink: Sendable {
  /// Lends memory, any content, and takes what `body` has put there as the file's bytes at an offset.
  func withMemory(
    _ count: Int, at offset: UInt64, _ scratch: inout Scratch,
    _ body: (UnsafeMutableRawBufferPointer) -> UInt32
  ) -> (result: UInt32, error: Int32)
}

@safe
private struct MemorySink: Sink, @unchecked Sendable {
  private let file: UnsafeMutableRawBufferPointer

  init(_ file: UnsafeMutableRawBufferPointer) { unsafe self.file = file }

  func withMemory(
    _ count: Int, at offset: UInt64, _ scratch: inout Scratch,
    _ body: (UnsafeMutableRawBufferPointer) -> UInt32
  ) -> (result: UInt32, error: Int32) {
    let range = Int(offset)..<Int(offset) + count
    return (unsafe body(UnsafeMutableRawBufferPointer(rebasing: file[range])), 0)
  }
}

@safe
private struct FileSink: Sink, @unchecked Sendable {
  private let writer: OpaquePointer

  init(_ writer: OpaquePointer) { unsafe self.writer = writer }

  func withMemory(
    _ count: Int, at offset: UInt64, _ scratch: inout Scratch,
    _ body: (UnsafeMutableRawBufferPointer) -> UInt32
  ) -> (result: UInt32, error: Int32) {
    let memory = unsafe scratch.memory(count)
    let result = unsafe body(memory)
    return (result, unsafe esp_file_write(writer, memory.baseAddress, count, offset))
  }
}

/// Memory of one thread, which grows and is used again.
@safe
private struct Scratch: ~Copyable {
  private var allocation = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

  deinit { unsafe allocation.deallocate() }

  mutating func memory(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if unsafe allocation.count < count {
      unsafe allocation.deallocate()
      unsafe allocation = .allocate(byteCount: count, alignment: 64)
    }
    return unsafe UnsafeMutableRawBufferPointer(rebasing: allocation[..<count])
  }
}
#endif
