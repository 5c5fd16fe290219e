import Espalier
import EspalierLatencyReport

/// What the cost model takes where nothing is measured, beside what was measured.
struct ModelledChoices {
  /// A layer that was timed in more than one way.
  private struct Row {
    var layer: Conversion.Layer
    var expected: Conversion.Way
    /// Of the cost model's choice, of the fastest and of the dense way.
    var expectedTime, leastTime, denseTime: UInt64
  }

  private let rows: [Row]

  init(_ layers: [Conversion.Layer]) {
    rows = layers.compactMap { layer in
      guard let expected = layer.ways?.first(where: \.isExpected),
        let least = layer.chosenNanoseconds, let dense = layer.denseNanoseconds
      else { return nil }
      // What does not run here would be computed dense.
      return Row(
        layer: layer, expected: expected, expectedTime: expected.nanoseconds ?? dense,
        leastTime: least, denseTime: dense)
    }
  }

  func show() {
    guard !rows.isEmpty else { return print("\nno layer has a choice") }
    var table = TextTable([
      ("layer", .left), ("cost model takes", .left), ("expected", .right), ("time", .right),
      ("measured best", .left), ("time", .right), ("slower", .right),
    ])
    func time(_ nanoseconds: UInt64) -> String { Format.time(Double(nanoseconds)) }
    for row in rows {
      let best = row.layer.ways?.first { $0.nanoseconds == row.leastTime }
      table.add([
        row.layer.name.shortened(to: 26), "\(row.expected.encoding) in \(row.expected.kernel)",
        time(UInt64(Double(row.denseTime) * row.expected.expectedShare)), time(row.expectedTime),
        best.map { "\($0.encoding) in \($0.kernel)" } ?? row.layer.encoding, time(row.leastTime),
        slower(row.expectedTime, row.leastTime),
      ])
    }
    let sum = rows.reduce(into: (expected: UInt64(0), least: UInt64(0), dense: UInt64(0))) {
      $0.expected += $1.expectedTime
      $0.least += $1.leastTime
      $0.dense += $1.denseTime
    }
    print("\n" + table.text)
    print(
      "\n\(rows.count) layers with a choice: \(time(sum.dense)) dense, \(time(sum.least)) as "
        + "measured, \(time(sum.expected)) by the cost model, "
        + "\(slower(sum.expected, sum.least)) slower than measured")
  }

  private func slower(_ time: UInt64, _ least: UInt64) -> String {
    Format.percent(least > 0 ? Double(time) / Double(least) - 1 : 0)
  }
}
