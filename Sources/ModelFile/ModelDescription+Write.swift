#if !hasFeature(Embedded)
internal import CEspalierModelFile

extension ModelDescription {
  /// The whole file in memory.
  /// - Throws: `badTensor`, `badPlacement`, `badNumber` or `overLimit` where the description cannot
  ///   be written down. That it makes sense is checked when it is read, not here.
  public func bytes() throws(ModelFileError) -> [UInt8] {
    var bytes = try prefix()
    bytes.reserveCapacity(bytes.count + Int(ValueLayout(self).length))
    unsafe forEachValuePiece { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Writes the file, which appears whole or not at all: it is written beside `path`, read back by
  /// `check`, synchronised, and renamed.
  /// - Parameter check: Whether the file may appear; gets all of its bytes, 64-byte aligned, for as
  ///   long as it runs.
  /// - Returns: What `check` said; where that is false, nothing is left.
  /// - Throws: As `bytes()`, and `cannotWrite` with the system's error.
  @discardableResult
  public func write(
    to path: String, check: (UnsafeRawBufferPointer) -> Bool = { _ in true }
  ) throws(ModelFileError) -> Bool {
    let prefix = try prefix()
    var error: Int32 = 0
    guard let writer = unsafe esp_file_begin(path, &error) else {
      throw ModelFileError(.cannotWrite, at: .system(error), "the file cannot be created")
    }
    _ = unsafe prefix.withUnsafeBytes { unsafe esp_file_append(writer, $0.baseAddress, $0.count) }
    // The writer remembers the first error and repeats it at the end.
    unsafe forEachValuePiece { _ = unsafe esp_file_append(writer, $0.baseAddress, $0.count) }
    var bytes: UnsafeRawPointer?
    var length = 0
    error = unsafe esp_file_map(writer, &bytes, &length)
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
}
#endif
