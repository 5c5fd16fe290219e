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
  @Option(
    help: ArgumentHelp(
      "Pattern of the zeros: block:OxI, nm:N:M, vnm:V:N:M or unstructured.", valueName: "pattern"))
  var pattern: String
  @Option(help: "Share of zeros, 0 to 1; follows from N and M for nm and vnm.")
  var sparsity: Double?
  @Option(help: "How weights are chosen.") var method = Method.magnitude
  @Option(help: "Whether layers compete with one another.") var scope = Scope.global
  @Option(help: "Layers to leave dense: a regular expression; may be repeated.")
  var exclude: [String] = []
  @Flag(help: "Prune the first and the last layer as well.") var pruneEnds = false
  @OptionGroup var shapes: InputShapeOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      let bar = ProgressBar("pruning", quiet: json)
      let report = try pruneByMagnitude(
        from: input, to: output, pattern: pattern, sparsity: sparsity, isGlobal: scope == .global,
        exclude: exclude, keepsEnds: !pruneEnds, inputShapes: shapes.parsed(),
        progress: bar.update)
      bar.finish()
      if json {
        try printJSON(report)
        return
      }
      var table = TextTable([
        ("layer", .left), ("zeros", .right), ("kept", .right), ("of", .right), ("note", .left),
      ])
      for layer in report.layers {
        table.add([
          layer.name.shortened(to: 44), Format.percent(layer.sparsity), Format.count(layer.kept),
          Format.count(layer.of), layer.reason ?? "",
        ])
      }
      print(table.text)
      print(
        "\n\(output): \(Format.percent(report.sparsity)) zeros as \(report.pattern); "
          + "\(Format.decimal(report.flops_ratio, 2))x fewer MACs, "
          + "\(Format.decimal(report.params_ratio, 2))x fewer parameters, if a kernel skips them")
    }
  }
}
