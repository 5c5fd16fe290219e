/// Runs a check written in C; what it says went wrong, or nil if nothing did.
func failure(_ check: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
  var message = [CChar](repeating: 0, count: 1024)
  let failed = unsafe message.withUnsafeMutableBufferPointer { buffer in
    unsafe check(buffer.baseAddress!, buffer.count)
  }
  guard failed != 0 else { return nil }
  return String(
    decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
