import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier bench`: latency of a packed model on this machine.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "bench", "Measure latency: warm-up, samples, median; with --profile, each layer.",
    examples: """
      espalier bench model.esp
      espalier bench model.esp --threads 2 --profile
      """)

  @Argument(help: "A packed model: .esp.") var model: String
  @OptionGroup var threads: ThreadsOption
  @Option(help: "Seconds of sampling.", transform: number) var seconds = 2.0
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
      let report = try BenchReport(
        measuring: model, threads: threads.count, seconds: seconds, instructionSet: isa.parsed())
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
      ("layer", .left), ("op", .left), ("kernel", .left), ("encoding", .left), ("time", .right),
      ("share", .right), ("GFLOP/s", .right), ("peak", .right), ("dense-eq.", .right),
      ("why", .left),
    ])
    func rate(_ value: Double?) -> String { value.map { Format.decimal($0, 1) } ?? "" }
    for layer in report.layers {
      let nanoseconds = Double(layer.medianNanoseconds)
      table.add([
        layer.name.shortened(to: 32), layer.operation.shortened(to: 12), layer.kernel,
        layer.encoding ?? "",
        Format.time(nanoseconds), Format.percent(total > 0 ? nanoseconds / total : 0),
        rate(layer.gigaflops), report.shareOfPeak(layer).map { Format.percent($0, 0) } ?? "",
        layer.encoding == "dense" ? "" : rate(layer.denseEquivalentGigaflops), layer.reason ?? "",
      ])
    }
    print(table.text)
    print(
      """

      GFLOP/s count the multiplications that are executed, stored zeros among them; peak is their
      share of \(Format.decimal(report.peakGigaflops, 1)) GFLOP/s, measured at the start. \
      dense-eq. counts the dense layer's in the same time.
      Layers are profiled apart from the samples.

      """)
  }

  private func showSummary(_ report: BenchReport) {
    func text(_ value: UInt64?) -> String {
      value.map { Format.time(Double($0)) } ?? "too few samples"
    }
    let threads = report.threads == 1 ? "1 thread" : "\(report.threads) threads"
    print(
      "median \(text(report.samples.median)), p90 \(text(report.samples.percentile(.p90))), "
        + "\(report.samples.nanoseconds.count) samples, \(threads), \(report.isa)")
    print(
      "load \(Format.time(Double(report.loadNanoseconds))), "
        + "weights \(Format.bytes(report.weightBytes))"
        + (report.transformedBytes > 0
          ? " (\(Format.bytes(report.transformedBytes)) transformed), " : ", ")
        + "activations \(Format.bytes(report.arenaBytes)), file \(Format.bytes(report.fileBytes))")
    if !report.isSteady {
      warn("times did not settle during warm-up; this machine is busy or throttles")
    }
  }
}
