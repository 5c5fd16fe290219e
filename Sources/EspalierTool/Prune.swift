public import ArgumentParser
public import Espalier

/// `espalier prune`: zeros, or fewer channels, where they cost least.
struct Prune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Set weights to zero in a pattern, or remove channels, without training.")

  enum Method: String, ExpressibleByArgument, CaseIterable { case magnitude, spa }

  @Argument(help: "An ONNX model.") var input: String
  @Option(name: [.short, .long], help: "The ONNX model to write.") var output: String
  @Option(
    help: "What goes: channel, head, or zeros as block:OxI, nm:N:M, vnm:V:N:M or unstructured.")
  var pattern: String
  @Option(
    help: "Share of zeros or of channels, from 0 to below 1; follows from N and M for nm and vnm.")
  var sparsity: Double?
  @Option(help: "How weights are chosen: spa for channels and heads, magnitude for zeros.")
  var method: Method?
  @Option(
    help: "Whether layers compete with one another (global) or each has the same share (layer).")
  var scope: PruningScope?
  @Option(help: "Layers to leave as they are: a regular expression; may be repeated.")
  var exclude: [String] = []
  @Flag(help: "Prune the first and the last layer as well.") var includeEnds = false
  @OptionGroup(title: "Channels and heads") var channels: ChannelOptions
  @OptionGroup var shapes: InputShapeOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      if let pattern = ChannelPruner.Pattern(rawValue: pattern) {
        guard method ?? .spa == .spa else {
          throw ValidationError("--method \(method!) sets zeros; channels are removed by spa")
        }
        return try pruneChannels(pattern)
      }
      guard method ?? .magnitude == .magnitude else {
        throw ValidationError("--method \(method!) removes channels; zeros are set by magnitude")
      }
      let pruner = try checkingUsage {
        try MagnitudePruner(
          pattern: PruningPattern(parsing: pattern), sparsity: sparsity,
          scope: scope ?? .layer, exclude: exclude,
          keepsFirstAndLast: !includeEnds)
      }
      let graph = try loadGraph(input)
      let bar = ProgressBar("pruning", quiet: json)
      defer { bar.finish() }
      let (pruned, report) = try prune(
        graph, with: pruner, inputShapes: shapes.parsed(), file: input, progress: bar.update)
      bar.finish()
      try writeGraph(pruned, to: output)
      if json {
        try printJSON(report)
      } else {
        show(report)
      }
    }
  }

  private func show(_ report: PruningReport) {
    var table = TextTable([
      ("layer", .left), ("op", .left), ("zeros", .right), ("kept", .right), ("of", .right),
      ("left dense because", .left),
    ])
    for layer in report.layers {
      table.add([
        layer.name.shortened(to: 30), layer.operation, Format.percent(layer.sparsity),
        Format.count(layer.kept), Format.count(layer.of), layer.reason ?? "",
      ])
    }
    print(table.text)
    let macs = report.flopsRatio.map { ", \(Format.decimal($0, 2))x fewer MACs" } ?? ""
    print(
      "\n\(output): \(Format.percent(report.sparsity)) of the pruned layers' weights are zero as "
        + "\(report.pattern)\(macs), if a kernel skips them: `espalier convert` says which do")
  }
}

extension PruningScope: ExpressibleByArgument {}

/// Runs what reads the command line's words; what it throws is a usage error.
func checkingUsage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError("\(error)") }
}
