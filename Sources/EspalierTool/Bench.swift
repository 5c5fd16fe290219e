import ArgumentParser
import Espalier

/// `espalier bench`: latency of a packed model on this machine.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure latency: warm-up, samples, median; with --profile, each layer.")

  @Argument(help: "A packed model: .esp.") var model: String
  @OptionGroup var threads: ThreadsOption
  @Option(help: "Seconds of sampling.") var seconds = 2.0
  @OptionGroup var isa: InstructionSetOption
  @Flag(help: "Show each layer's time, kernel and encoding.") var profile = false
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds takes more than 0 and at most 3600")
    }
  }

  func run() throws {
    try reporting {
      let report = try measure(
        model, threads: threads.count, seconds: seconds, instructionSet: isa.parsed())
      if json {
        print(escapingJSON(report.json))
      } else {
        if profile { showLayers(report) }
        showSummary(report)
      }
    }
  }

  private func showLayers(_ report: BenchReport) {
    let total = report.layers.reduce(0.0) { $0 + Double($1.medianNanoseconds) }
    var table = TextTable([
      ("layer", .left), ("op", .left), ("kernel", .left), ("encoding", .left),
      ("density", .right), ("MACs", .right), ("ms", .right), ("share", .right),
      ("GFLOP/s", .right),
    ])
    for layer in report.layers {
      let nanoseconds = Double(layer.medianNanoseconds)
      let kept = 2 * Double(layer.macs) * (layer.density ?? 1)
      table.add([
        layer.name.shortened(to: 32), layer.operation, layer.kernel, layer.encoding ?? "",
        layer.density.map { Format.percent($0) } ?? "",
        layer.macs > 0 ? Format.count(Int(clamping: layer.macs)) : "",
        Format.milliseconds(nanoseconds), Format.percent(total > 0 ? nanoseconds / total : 0),
        layer.macs > 0 && nanoseconds > 0 ? Format.decimal(kept / nanoseconds, 1) : "",
      ])
    }
    print(table.text)
    print("\nGFLOP/s count the multiplications that are left. Profiled apart from the samples.\n")
  }

  private func showSummary(_ report: BenchReport) {
    func text(_ value: UInt64?) -> String {
      value.map { Format.milliseconds(Double($0)) + " ms" } ?? "too few samples"
    }
    let threads = report.threads == 1 ? "1 thread" : "\(report.threads) threads"
    print(
      "median \(text(report.samples.median)), p90 \(text(report.samples.percentile(.p90))), "
        + "\(report.samples.nanoseconds.count) samples, \(threads), \(report.isa)")
    print(
      "load \(Format.milliseconds(Double(report.loadNanoseconds))) ms, "
        + "weights \(Format.bytes(report.weightBytes)), "
        + "activations \(Format.bytes(report.arenaBytes)), file \(Format.bytes(report.fileBytes))")
    if !report.isSteady {
      say("warning: times did not settle during warm-up; this machine is busy or throttles")
    }
  }
}
