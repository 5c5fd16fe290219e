/// Rows of text in aligned columns; numbers stand to the right.
///
/// Boards print it too: it counts Unicode's scalars, since characters would need Unicode's tables.
package struct TextTable {
  package enum Alignment { case left, right }

  private let titles: [Cell]
  private let alignments: [Alignment]
  private var rows: [[Cell]] = []

  private typealias Cell = [Unicode.Scalar]

  package init(_ columns: [(String, Alignment)]) {
    titles = columns.map { Array($0.0.unicodeScalars) }
    alignments = columns.map { $0.1 }
  }

  /// Cells may hold names from files; they stay within their row whatever is in them.
  package mutating func add(_ cells: [String]) {
    rows.append(cells.map { Array(escapingControls($0, keepsLines: false).unicodeScalars) })
  }

  /// The table within so many columns, as far as that goes; nil for any width.
  ///
  /// What is too wide gives way in this order: the last column, of words, is broken into lines; the
  /// first, of names, keeps its end; the last moves below its row.
  package func text(width: Int?) -> String {
    var layout = Layout(natural: widths(of: titles.indices))
    if let width { fit(&layout, width) }
    var rule: [Cell] = []
    for width in layout.widths { rule.append(Cell(repeating: "─", count: width)) }
    var lines = [line(titles, layout), joined(rule)]
    for row in rows { lines += self.lines(row, layout) }
    var text = String.UnicodeScalarView()
    for (number, line) in lines.enumerated() {
      if number > 0 { text.append("\n") }
      text.append(contentsOf: line)
    }
    return String(text)
  }

  private struct Layout {
    /// Of each column that stands in a row; the last may be missing.
    var widths: [Int]
    /// Room for the last column below its row; nil where it stands beside.
    var below: Int?

    init(natural: [Int]) { widths = natural }

    func surplus(over width: Int) -> Int {
      widths.reduce(0, +) + 2 * (widths.count - 1) - width
    }
  }

  private static let leastWords = 26
  private static let leastName = 14
  private static let indentation = Cell(repeating: " ", count: 4)

  private func widths(of columns: Range<Int>) -> [Int] {
    columns.map { column in
      rows.reduce(titles[column].count) { max($0, $1[column].count) }
    }
  }

  private func fit(_ layout: inout Layout, _ width: Int) {
    let last = layout.widths.count - 1
    let surplus = layout.surplus(over: width)
    guard surplus > 0, last > 0, alignments[last] == .left else { return }
    layout.widths[last] = max(
      layout.widths[last] - surplus, min(Self.leastWords, layout.widths[last]))
    let excess = max(layout.surplus(over: width), 0)
    layout.widths[0] = max(layout.widths[0] - excess, min(Self.leastName, layout.widths[0]))
    guard layout.surplus(over: width) > 0 else { return }
    layout = Layout(natural: widths(of: 0..<last))
    layout.below = max(width - Self.indentation.count, Self.leastWords)
    let rest = max(layout.surplus(over: width), 0)
    layout.widths[0] = max(layout.widths[0] - rest, min(Self.leastName, layout.widths[0]))
  }

  private func lines(_ row: [Cell], _ layout: Layout) -> [Cell] {
    let last = row.count - 1
    let words = Self.wrapped(row[last], to: layout.below ?? layout.widths[last])
    if layout.below != nil {
      var lines = [line(row, layout)]
      for words in words where !words.isEmpty { lines.append(Self.indentation + words) }
      return lines
    }
    var lines: [Cell] = []
    for (number, words) in words.enumerated() {
      var cells = number == 0 ? row : [Cell](repeating: [], count: row.count)
      cells[last] = words
      lines.append(line(cells, layout))
    }
    return lines
  }

  private func line(_ cells: [Cell], _ layout: Layout) -> Cell {
    var padded: [Cell] = []
    for (column, width) in layout.widths.enumerated() {
      let cell = Self.shortened(cells[column], to: width)
      let fill = Cell(repeating: " ", count: width - cell.count)
      padded.append(alignments[column] == .left ? cell + fill : fill + cell)
    }
    return joined(padded)
  }

  /// Cells side by side, without blanks at the end.
  private func joined(_ cells: [Cell]) -> Cell {
    var line = Cell()
    for (column, cell) in cells.enumerated() {
      if column > 0 { line += [" ", " "] }
      line += cell
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  /// The text broken between words into lines of so many scalars; longer words keep their length.
  private static func wrapped(_ text: Cell, to limit: Int) -> [Cell] {
    var lines: [Cell] = []
    var line = Cell()
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > limit {
        lines.append(line)
        line = []
      }
      if !line.isEmpty { line.append(" ") }
      line += word
    }
    return lines + [line]
  }

  private static func shortened(_ cell: Cell, to limit: Int) -> Cell {
    cell.count <= limit ? cell : ["…"] + cell.suffix(limit - 1)
  }
}
