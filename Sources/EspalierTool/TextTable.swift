import Espalier
import Foundation

/// Rows of text in aligned columns; numbers stand to the right.
struct TextTable {
  enum Alignment { case left, right }

  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  init(_ columns: [(String, Alignment)]) {
    titles = columns.map(\.0)
    alignments = columns.map(\.1)
  }

  /// Cells may hold names from files; they stay within their row whatever is in them.
  mutating func add(_ cells: [String]) {
    rows.append(cells.map { escapingControls($0, keepsLines: false) })
  }

  var text: String {
    let all = [titles] + rows
    let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      zip(zip(cells, widths), alignments).map { pair, alignment in
        let fill = String(repeating: " ", count: pair.1 - pair.0.count)
        return alignment == .left ? pair.0 + fill : fill + pair.0
      }.joined(separator: "  ").trimmingTrailingSpaces()
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(titles), rule] + rows.map(line)).joined(separator: "\n")
  }
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }

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
  static func milliseconds(_ nanoseconds: Double) -> String {
    let value = nanoseconds / 1e6
    return decimal(value, value < 10 ? 3 : value < 100 ? 2 : 1)
  }
  static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }
}
