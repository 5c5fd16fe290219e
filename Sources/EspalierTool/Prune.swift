import ArgumentParser
import Espalier

/// `espalier prune`: zeros where they cost least.
struct Prune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Set weights to zero in a pattern, by magnitude, without training.")

  enum Method: String, ExpressibleByArgument, CaseIterable { case magnitude }
  enum Scope: String, ExpressibleByArgument, CaseIterable { case global, layer }

  @Argument(help: "An ONNX model.") var input: String
  @Option(name: [.short, .long], help: "The ONNX model to write.") var output: String
  @Option(help: "Pattern of the zeros: block:OxI, nm:N:M, vnm:V:N:M or unstructured.")
  var pattern: String
  @Option(help: "Share of zeros, from 0 to below 1; follows from N and M for nm and vnm.")
  var sparsity: Double?
  @Option(help: "How weights are chosen.") var method = Method.magnitude
  @Option(
    help: "Whether layers compete with one another (global) or each has the same share (layer).")
  var scope = Scope.layer
  @Option(help: "Layers to leave dense: a regular expression; may be repeated.")
  var exclude: [String] = []
  @Flag(help: "Prune the first and the last layer as well.") var includeEnds = false
  @OptionGroup var shapes: InputShapeOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      let pruner = try checkingUsage {
        try MagnitudePruner(
          pattern: PruningPattern(parsing: pattern), sparsity: sparsity,
          scope: scope == .global ? .global : .layer, exclude: exclude,
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

/// Runs what reads the command line's words; what it throws is a usage error.
private func checkingUsage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError("\(error)") }
}
