internal import CEspalierBoard

/// Facts about the machine the program runs on, read when asked.
public enum Board {
  /// Nanoseconds of the monotonic clock.
  public static var now: UInt64 { esp_board_now() }

  /// The numbers of the cores this process may run on, least first.
  public static var cores: [Int32] {
    let count = esp_board_cores(nil, 0)
    guard count > 0 else { return [] }
    var cores = [Int32](repeating: 0, count: Int(count))
    let found = unsafe cores.withUnsafeMutableBufferPointer {
      unsafe esp_board_cores($0.baseAddress, Int32($0.count))
    }
    return Array(cores.prefix(Int(max(found, 0))))
  }

  /// Writes text to standard output, or to standard error.
  public static func print(_ text: String, toError: Bool = false) {
    var text = text
    text.withUTF8 { _ = unsafe esp_board_print(toError ? 2 : 1, $0.baseAddress, $0.count) }
  }

  /// Makes a folder where it does not exist yet.
  /// - Throws: `BoardError` with the system's reason, as all that writes here.
  public static func makeFolder(_ path: String) throws(BoardError) {
    let status = unsafe path.withCString { unsafe esp_board_make_folder($0) }
    guard status == 0 else { throw BoardError(action: .makeFolder, path: path, status: status) }
  }

  /// Writes a file whole or not at all: beside `path` first, flushed, then renamed.
  public static func write(_ bytes: [UInt8], to path: String) throws(BoardError) {
    try unsafe write(bytes, UnsafeRawBufferPointer(start: nil, count: 0), to: path)
  }

  /// Writes header and body as one file, whole or not at all.
  public static func write(
    _ header: [UInt8], _ body: UnsafeRawBufferPointer, to path: String
  ) throws(BoardError) {
    let status = unsafe path.withCString { name in
      unsafe header.withUnsafeBytes {
        unsafe esp_board_write(name, $0.baseAddress, $0.count, body.baseAddress, body.count)
      }
    }
    guard status == 0 else { throw BoardError(action: .write, path: path, status: status) }
  }

  /// The start of a small text file, without the white space at its end; nil where there is none.
  static func text(of path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 256)
    let count = unsafe path.withCString { name in
      unsafe bytes.withUnsafeMutableBufferPointer {
        unsafe esp_board_read_text(name, $0.baseAddress, $0.count)
      }
    }
    guard count > 0 else { return nil }
    var text = bytes.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    while let last = text.last, last <= 0x20 { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }

  /// The number at the start of a small text file.
  static func number(in path: String) -> Double? {
    guard let text = text(of: path) else { return nil }
    return decimal(text.utf8.prefix { $0 > 0x20 })
  }

  private static func decimal(_ digits: some Sequence<UInt8>) -> Double? {
    var value = 0.0
    var scale = 0.0
    var sign = 1.0
    var seen = false
    for digit in digits {
      switch digit {
      case UInt8(ascii: "-") where !seen: sign = -1
      case UInt8(ascii: ".") where scale == 0: scale = 1
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        seen = true
        value = value * 10 + Double(digit - UInt8(ascii: "0"))
        scale *= 10
      default: return nil
      }
    }
    return seen ? sign * value / max(scale, 1) : nil
  }
}
