import Espalier
import Foundation

/// The variants as one aligned table; what is kept and speed-ups are against the first.
func table(of variants: [Variant]) -> String {
  func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
  var rows = [
    ["", "accuracy", "file size", "MACs kept", "latency", "speed-up", "error against graph"]
  ]
  for variant in variants {
    let error = variant.verification.outputs.map(\.maxAbsolute).max() ?? .nan
    rows.append([
      variant.name,
      decimal(100 * variant.accuracy, 1) + " %",
      decimal(Double(variant.fileBytes) / 1e3, 0) + " kB",
      decimal(100 * variant.macs / variants[0].macs, 1) + " %",
      decimal(variant.latency / 1e6, 3) + " ms",
      decimal(variants[0].latency / variant.latency, 2) + "x",
      String(format: "%.0e", error),
    ])
  }
  let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
  let lines = rows.map { row in
    row.indices.map { column in
      let fill = String(repeating: " ", count: widths[column] - row[column].count)
      return column == 0 ? row[column] + fill : fill + row[column]
    }.joined(separator: "  ")
  }
  let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
  return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
}
