public import ArgumentParser
public import Espalier
import EspalierLatencyReport

/// `espalier prune`: zeros, or fewer channels, where they cost least.
struct Prune: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "prune", "Set weights to zero in a pattern, or remove channels, without training.",
    discussion: """
      A recipe (docs/recipes.md) says what to do in one or more steps; options on the command line \
      override it. The pruned model keeps the recipe in its metadata, under "espalier.recipe".
      """,
    examples: """
      espalier prune in.onnx -o small.onnx --pattern channel --budget flops:2
      espalier prune in.onnx -o out.onnx --pattern nm:2:4 --data images.npy
      espalier prune in.onnx -o out.onnx --recipe recipe.yaml
      """)

  @Argument(help: "An ONNX model.") var input: String
  @Option(name: [.short, .long], help: "The ONNX model to write.") var output: String
  @Option(
    help: "What goes: channel, head, or zeros as block:OxI, nm:N:M, vnm:V:N:M or unstructured.")
  var pattern: String?
  @Option(help: ArgumentHelp("What to do, in YAML.", valueName: "recipe.yaml"))
  var recipe: String?
  @Option(
    help: "Share of zeros or of channels, from 0 to below 1; follows from N and M for nm and vnm.",
    transform: share)
  var sparsity: Double?
  @Option(
    help:
      "How weights are chosen: spa or obspa for channels and heads; magnitude or obs (default with --data) for zeros."
  )
  var method: PruningMethod?
  @Option(
    help: "Whether layers compete with one another (global) or each has the same share (layer).")
  var scope: PruningScope?
  @Option(help: "Only layers with a match: a regular expression; may be repeated.")
  var layers: [String] = []
  @Option(help: "Layers to leave as they are: a regular expression; may be repeated.")
  var exclude: [String] = []
  @Flag(help: "Prune the first and the last layer as well.") var includeEnds = false
  @OptionGroup(title: "Channels and heads") var channels: ChannelOptions
  @OptionGroup(title: "Calibration") var calibration: CalibrationOptions
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(help: "Write the model even where its outputs have little to do with the dense one's.")
  var force = false
  @OptionGroup var reporting: ReportOptions

  func run() throws {
    try EspalierTool.reporting {
      let recipe = try wantedRecipe()
      if channels.reference != nil, recipe.steps.count > 1 || !recipe.steps[0].removesChannels {
        throw ValidationError("--reference needs one step that removes channels")
      }
      try checkOutputs(recipe)
      let graph = try Graph(contentsOf: input).binding(
        inputValues: bound.parsed(), file: input)
      let bar = ProgressBar("pruning", quiet: reporting.hidesProgress)
      defer { bar.finish() }
      let pruned = try graph.pruned(
        by: recipe, inputShapes: shapes.parsed(), file: input,
        wantsReference: channels.reference != nil, force: force, progress: bar.update)
      bar.finish()
      (graph.weightWarnings + pruned.report.warnings).forEach(warn)
      var written = [(graph: pruned.graph, path: output)]
      if let path = channels.reference, let reference = pruned.reference {
        written.append((reference, path))
      }
      try Graph.write(written)
      for fixed in pruned.report.steps.flatMap(\.fixed) { warn("\(fixed)") }
      try reporting.show(pruned.report) { show(pruned.report) }
      if !reporting.quiet, recipe.steps.allSatisfy({ $0.calibration.source == nil }) {
        say("note: without --data nothing is refitted to what the dense model computes")
      }
    }
  }

  /// Refuses outputs that would replace what is read.
  private func checkOutputs(_ recipe: Recipe) throws {
    var outputs: [OutputFiles.Output] = [("-o", output)]
    if let path = channels.reference { outputs.append(("--reference", path)) }
    var sources = OutputFiles.sources(ofModel: input)
    if let path = self.recipe { sources.append(("the recipe", path)) }
    sources += recipe.files.map { ("the data or scores in", $0) }
    try OutputFiles.check(outputs, sources: sources)
    outputs.map(\.path).forEach(Interruption.willWrite)
  }

  /// The recipe of the file, overridden by the options; or the options alone.
  private func wantedRecipe() throws -> Recipe {
    let options = try checkingUsage { try self.options() }
    guard let recipe else {
      guard pattern != nil else { throw ValidationError("--pattern or --recipe is needed") }
      return try checkingUsage { try Recipe(options, seed: channels.seed) }
    }
    var result = try Recipe(contentsOf: recipe)
    if let seed = channels.seed { result.seed = seed }
    try checkingUsage { try result.override(options) }
    return result
  }

  /// What the command line says.
  private func options() throws(EspalierError) -> PruningOptions {
    var options = PruningOptions()
    if let pattern { options.pattern = try PruningOptions.pattern(pattern) }
    options.sparsity = sparsity
    options.method = method
    options.scope = scope
    if !layers.isEmpty { options.layers = layers }
    if !exclude.isEmpty { options.exclude = exclude }
    if includeEnds { options.includeEnds = true }
    // The reference tells what is computed before a refit: one must be asked for.
    if channels.reference != nil, calibration.data.isEmpty { options.refit = false }
    try channels.add(to: &options)
    try calibration.add(to: &options)
    return options
  }

  private func show(_ report: PipelineReport) {
    for step in report.steps {
      switch step {
      case .channels(let report): show(report)
      case .zeros(let report): show(report)
      }
      if let refit = step.refit {
        print(
          "\(refit.layers) layers refitted on \(refit.runs) runs; at most "
            + "\(Format.bytes(refit.activationBytes)) of activations and "
            + "\(Format.bytes(refit.solverBytes)) of sums and factors at one time")
      }
      print("")
    }
    if !report.opaque.isEmpty {
      showHeld(report.opaque)
      print("What they multiply is not counted.\n")
    }
    if let difference = report.difference { print(described(difference)) }
    let macs = report.flopsRatio.map { "\(Format.decimal($0, 2))x fewer MACs, " } ?? ""
    let parameters = report.parametersRatio.map { "\(Format.decimal($0, 2))x fewer parameters" }
    print("\(output): \(macs)\(parameters ?? "no parameter left") that are not zero")
  }

  private func described(_ difference: DenseDifference) -> String {
    let agreement = difference.agreement.map {
      ", the largest output the same in \(Format.percent($0))"
    }
    return
      "Beside the dense model on \(difference.runs) runs of \(difference.isNoise ? "noise" : "data"): "
      + "R² \(Format.decimal(difference.explained, 3))\(agreement ?? ""), spread of outputs "
      + "\(Format.decimal(difference.spread, 2)) times as large"
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
    if let all = report.multiplyAccumulates, let live = report.liveMultiplyAccumulates {
      print("\n\(Format.count(live)) of \(Format.count(all)) multiply-accumulates are live")
    }
    print(
      "\n\(Format.percent(report.sparsity)) of the pruned layers' weights are zero as "
        + "\(report.pattern); operations are saved if a kernel skips them: `espalier convert` says "
        + "which do")
  }
}

extension PruningScope: ExpressibleByArgument {}
extension PruningMethod: ExpressibleByArgument {}

/// Runs what reads the command line's words; what it throws is a usage error.
func checkingUsage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError("\(error)") }
}
