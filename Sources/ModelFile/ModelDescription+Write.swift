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

  /// Writes the file, which appears whole or not at all: it is written beside `path`, synchronised,
  /// and renamed.
  /// - Throws: As `bytes()`, and `cannotWrite` with the system's error.
  public func write(to path: String) throws(ModelFileError) {
    let prefix = try prefix()
    var error: Int32 = 0
    guard let writer = unsafe esp_file_begin(path, &error) else {
      throw ModelFileError(.cannotWrite, at: .system(error), "the file cannot be created")
    }
    _ = unsafe prefix.withUnsafeBytes { unsafe esp_file_append(writer, $0.baseAddress, $0.count) }
    // The writer remembers the first error and repeats it at the end.
    unsafe forEachValuePiece { _ = unsafe esp_file_append(writer, $0.baseAddress, $0.count) }
    error = unsafe esp_file_commit(writer)
    guard error == 0 else {
      throw ModelFileError(.cannotWrite, at: .system(error), "the file cannot be written whole")
    }
  }
}
#endif
