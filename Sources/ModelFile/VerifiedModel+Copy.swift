#if !hasFeature(Embedded)
extension VerifiedModel {
  /// Verifies a copy of a file's bytes, aligned as the format demands, and lends the model to `body`.
  public static func withCopy<Result>(
    of bytes: [UInt8], limits: ModelFileLimits = .default,
    _ body: (VerifiedModel) throws(ModelFileError) -> Result
  ) throws(ModelFileError) -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    let model = unsafe try VerifiedModel(verifying: UnsafeRawBufferPointer(copy), limits: limits)
    return try body(model)
  }
}
#endif
