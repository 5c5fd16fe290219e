import Foundation

/// A bar on standard error while long work runs; silent where that is no terminal.
final class ProgressBar {
  private let title: String
  private let isVisible: Bool
  private var lastDrawn = Date.distantPast
  private let started = Date()

  init(_ title: String, quiet: Bool = false) {
    self.title = title
    isVisible = !quiet && isatty(2) == 1
  }

  /// Draws the share of the work that is done, at most ten times a second.
  func update(_ share: Double) {
    guard isVisible, Date().timeIntervalSince(lastDrawn) > 0.1 else { return }
    lastDrawn = Date()
    let share = min(max(share, 0), 1)
    let width = 30
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let seconds = Date().timeIntervalSince(started)
    let left = share > 0.02 ? ", \(Int(seconds / share - seconds)) s left" : ""
    write("\r\u{1B}[K\(title) \(bar) \(Int(share * 100)) %\(left)")
  }

  /// Clears the line.
  func finish() {
    if isVisible { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { EspalierTool.write(error: text) }
}
