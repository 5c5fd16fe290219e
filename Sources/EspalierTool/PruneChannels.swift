public import ArgumentParser
public import Espalier
import EspalierLatencyReport

/// What `espalier prune` takes for channels and heads; what is not given is the recipe's.
struct ChannelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much smaller the model gets: flops:R or params:R, R times fewer.",
      valueName: "flops:R|params:R"))
  var budget: String?
  @Option(
    help: ArgumentHelp(
      "What makes a channel worth keeping: l1, l2, fpgm, bn, random (default: l1), or, with data, "
        + "wanda, obs, obspa."))
  var criterion: String?
  @Option(
    help: ArgumentHelp(
      "Scores of single weights, in place of a criterion; may be repeated.",
      valueName: "file.safetensors|initializer=file.npy"))
  var scores: [String] = []
  @Option(help: "How a channel's slices in several weights make one score (default: sum).")
  var aggregation: ScoreAggregation?
  @Option(help: "What the scores of a group are divided by before groups compete (default: mean).")
  var normalisation: ScoreNormalisation?
  @Flag(
    inversion: .prefixedNo,
    help: "Weigh scores against what removing a channel saves (default with wanda, obs, obspa).")
  var perCost: Bool?
  @Option(
    help: "Channels that fill a kernel's registers: counts stay multiples of it (default: 8).")
  var align: Int?
  @Option(
    help: "Share of a group that may go at most (default: 0.9; wanda, obs, obspa: 0.75).",
    transform: share)
  var cap: Double?
  @Flag(
    help: "Take the statistics of batch normalisations anew, from data of the model's own domain.")
  var recalibrate = false
  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "First give channels that only linear maps stand around, such as those of attention's "
        + "queries, keys and values, the basis in which fewest matter (default with obspa)."))
  var rotate: Bool?
  @Option(help: "Seed of what is drawn at random (default: 1).") var seed: UInt64?
  @Option(
    help: ArgumentHelp(
      "Also write the dense model with the removed channels zeroed at every consumer: it computes "
        + "what the pruned model must compute before a refit. After a rotation it has the rotated "
        + "weights, with which the dense model computes the same.", valueName: "out.onnx"))
  var reference: String?

  /// What the command line says.
  /// - Throws: `EspalierError` (64) for words that are no values.
  func add(to options: inout PruningOptions) throws(EspalierError) {
    if let budget { options.budget = try PruningOptions.budget(budget) }
    if let criterion { options.criterion = try PruningOptions.criterion(criterion) }
    if !scores.isEmpty { options.scores = try PruningOptions.scores(scores) }
    options.aggregation = aggregation
    options.normalisation = normalisation
    options.perCost = perCost
    if recalibrate { options.recalibrate = true }
    options.rotate = rotate
    options.align = align
    options.cap = cap
  }
}

/// What `espalier prune` takes to look at inputs.
struct CalibrationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Inputs to calibrate on, samples first; once for each of several inputs, whose other extents they tell. \"noise\" or "
        + "\"noise:MEAN:DEVIATION\" stands in for images, \"synthetic\" for any inputs (with a refit the "
        + "default for channels, heads and blocks).", valueName: "[input=]file.npy"))
  var data: [String] = []
  @Option(help: "The most samples to take.") var samples: Int?
  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Fit what is left to the dense model's outputs by least squares (default for channels, heads and "
        + "blocks, and where data is given; not with --recalibrate alone)."))
  var refit: Bool?
  @Option(
    help: ArgumentHelp(
      "How much the refit is drawn to the weights that were left (default: 0.01 for convolutions, "
        + "0.1 for other products; by cross-validation where places are few)."), transform: number)
  var damping: Double?

  /// What the command line says.
  /// - Throws: `EspalierError` (64) for words that are no values.
  func add(to options: inout PruningOptions) throws(EspalierError) {
    if !data.isEmpty { options.data = try PruningOptions.data(data) }
    options.samples = samples
    options.refit = refit ?? options.refit
    options.damping = damping
  }
}

extension ScoreAggregation: ExpressibleByArgument {}
extension ScoreNormalisation: ExpressibleByArgument {}

extension Prune {
  func show(_ report: ChannelReport) {
    var table = TextTable([
      ("group", .right), ("kept", .right), ("of", .right), ("exact", .left), ("made by", .left),
    ])
    for group in report.groups {
      table.add([
        "\(group.id)", "\(group.kept)", "\(group.of)", group.exact ? "yes" : "no",
        group.name.shortened(to: 50),
      ])
    }
    print(table.text)
    print(
      "\n\(Format.percent(report.sparsity)) of the channels of \(report.groups.count) groups are gone"
    )
  }
}
