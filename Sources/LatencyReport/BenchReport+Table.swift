extension BenchReport {
  /// The report for people: one line of totals, then each step.
  public var table: String {
    var text = "median \(milliseconds(samples.median)) ms of \(samples.nanoseconds.count) runs"
    if let tail = samples.percentile(.p90) {
      text += ", p90 \(milliseconds(tail)) ms"
    } else {
      text += ", p90 needs \(Samples.Tail.p90.samplesNeeded) runs"
    }
    text += ", \(threads) thread\(threads == 1 ? "" : "s"), \(isa)\n"
    text += "load \(milliseconds(loadNanoseconds)) ms, arena \(arenaBytes) bytes, "
    text += "weights \(weightBytes) bytes, "
    if transformedBytes > 0 { text += "\(transformedBytes) of them transformed, " }
    text += "file \(fileBytes) bytes\n"
    if !isSteady { text += "warm-up did not settle within its time: read the numbers with care\n" }
    text += "peak \(tenths(peakGigaflops)) GFLOP/s, measured at the start\n"
    let total = layers.reduce(0) { $0 + $1.medianNanoseconds }
    var table = TextTable([
      ("ms", .right), ("share", .right), ("GFLOP/s", .right), ("of peak", .right),
      ("operator", .left), ("kernel, encoding, name", .left),
    ])
    for layer in layers {
      let share = total == 0 ? 0 : layer.medianNanoseconds * 1000 / total
      table.add([
        milliseconds(layer.medianNanoseconds), "\(share / 10).\(share % 10) %",
        layer.gigaflops.map(tenths) ?? "",
        shareOfPeak(layer).map { tenths(100 * $0) + " %" } ?? "", layer.operation,
        layer.kernel + "  " + (layer.encoding.map { $0 + "  " } ?? "") + layer.name,
      ])
    }
    return text + "\n" + table.text(width: nil) + "\n"
  }
}

/// Nanoseconds as milliseconds with three decimals.
private func milliseconds(_ nanoseconds: UInt64?) -> String {
  guard let nanoseconds else { return "-" }
  let micro = (nanoseconds + 500) / 1000
  let rest = micro % 1000
  return "\(micro / 1000).\(rest < 10 ? "00" : rest < 100 ? "0" : "")\(rest)"
}

/// A number that is not negative with one decimal; without Foundation, as boards are.
private func tenths(_ value: Double) -> String {
  guard value < 1e12 else { return "-" }
  let count = UInt64(10 * value + 0.5)
  return "\(count / 10).\(count % 10)"
}
