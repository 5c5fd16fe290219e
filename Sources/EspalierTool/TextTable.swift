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

  /// The table, no wider than the terminal where it goes to one.
  var text: String { text(width: terminalWidth) }

  /// The table within so many columns, as far as that goes; nil for any width.
  ///
  /// What is too wide gives way in this order: the last column, of words, is broken into lines; the
  /// first, of names, keeps its end; the last moves below its row.
  func text(width: Int?) -> String {
    var layout = Layout(natural: widths(of: titles.indices))
    if let width { fit(&layout, width) }
    let rule = layout.widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    var lines = [line(titles, layout), rule]
    for row in rows { lines += self.lines(row, layout) }
    return lines.joined(separator: "\n")
  }

  private struct Layout {
    /// Of each column that stands in a row; the last may be missing.
    var widths: [Int]
    /// Room for the last column below its row; nil where it stands beside.
    var below: Int?

    init(natural: [Int]) { widths = natural }
  }

  private static let leastWords = 26
  private static let leastName = 14
  private static let indentation = "    "

  private func widths(of columns: Range<Int>) -> [Int] {
    columns.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
  }

  private func fit(_ layout: inout Layout, _ width: Int) {
    let last = layout.widths.count - 1
    func surplus() -> Int { layout.widths.reduce(0, +) + 2 * (layout.widths.count - 1) - width }
    guard surplus() > 0, last > 0, alignments[last] == .left else { return }
    layout.widths[last] = max(
      layout.widths[last] - surplus(), min(Self.leastWords, layout.widths[last]))
    let excess = surplus()
    layout.widths[0] = max(layout.widths[0] - max(excess, 0), min(Self.leastName, layout.widths[0]))
    guard surplus() > 0 else { return }
    layout = Layout(natural: Array(widths(of: 0..<last)))
    layout.below = max(width - Self.indentation.count, Self.leastWords)
    layout.widths[0] = max(
      layout.widths[0] - max(surplus(), 0), min(Self.leastName, layout.widths[0]))
  }

  private func lines(_ row: [String], _ layout: Layout) -> [String] {
    let words = row[row.count - 1].wrapped(
      to: layout.below ?? layout.widths[layout.widths.count - 1])
    if layout.below != nil {
      return [line(row, layout)] + words.filter { !$0.isEmpty }.map { Self.indentation + $0 }
    }
    let blank = row.map { _ in "" }
    return words.indices.map { index in
      line((index == 0 ? row : blank).dropLast() + [words[index]], layout)
    }
  }

  private func line(_ cells: [String], _ layout: Layout) -> String {
    zip(zip(cells, layout.widths), alignments).map { pair, alignment in
      let cell = pair.0.shortened(to: pair.1)
      let fill = String(repeating: " ", count: pair.1 - cell.count)
      return alignment == .left ? cell + fill : fill + cell
    }.joined(separator: "  ").trimmingTrailingSpaces()
  }
}

/// Columns of the terminal that standard output is; nil where it is none.
private var terminalWidth: Int? {
  var size = winsize()
  guard isatty(1) == 1, unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
    return nil
  }
  return Int(size.ws_col)
}

extension String {
  fileprivate func trimmingTrailingSpaces() -> String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// The text broken between words into lines of so many characters; longer words keep their length.
  fileprivate func wrapped(to limit: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > limit {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
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
