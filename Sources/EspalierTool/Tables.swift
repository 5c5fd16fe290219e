import Espalier
import EspalierLatencyReport
import Foundation

extension TextTable {
  /// The table, no wider than the terminal, or than a page where it goes to a file.
  var text: String { text(width: terminalWidth ?? 100) }
}

/// Columns of the terminal that standard output is; nil where it is none.
private var terminalWidth: Int? {
  var size = winsize()
  guard isatty(1) == 1, unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
    return nil
  }
  return Int(size.ws_col)
}

/// A line for each node that is carried as it is.
func showHeld(_ opaque: [OpaqueNode]) {
  for line in OpaqueNode.sentences(opaque) { print(escapingControls(line, keepsLines: false)) }
}

extension String {
  /// The end of a long name, which tells more than its beginning.
  func shortened(to limit: Int) -> String {
    count <= limit ? self : "…" + suffix(limit - 1)
  }
}

/// Numbers as people read them.
enum Format {
  static func count(_ value: Int) -> String { scaled(Double(value), ["", " k", " M", " G", " T"]) }
  static func bytes(_ value: Int) -> String {
    scaled(Double(value), [" B", " kB", " MB", " GB", " TB"])
  }

  private static func scaled(_ value: Double, _ units: [String]) -> String {
    var value = value
    var unit = 0
    while value >= 1000, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(Int(value))\(units[0])" : decimal(value, value < 10 ? 2 : 1) + units[unit]
  }

  static func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
  static func percent(_ share: Double, _ digits: Int = 1) -> String {
    decimal(100 * share, digits) + " %"
  }
  /// A time with its unit: microseconds where it is short.
  static func time(_ nanoseconds: Double) -> String {
    let (value, unit) =
      nanoseconds < 1e6
      ? (nanoseconds / 1e3, "µs")
      : nanoseconds < 1e10 ? (nanoseconds / 1e6, "ms") : (nanoseconds / 1e9, "s")
    return decimal(value, value < 10 ? 3 : value < 100 ? 2 : 1) + " " + unit
  }
  static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }
}
