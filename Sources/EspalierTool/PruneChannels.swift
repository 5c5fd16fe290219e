public import ArgumentParser
public import Espalier

/// What `espalier prune` takes for channels and heads.
struct ChannelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much smaller the model gets: flops:R or params:R, R times fewer.",
      valueName: "flops:R|params:R"))
  var budget: String?
  @Option(help: "What makes a channel worth keeping.") var criterion = WeightCriterion.l1
  @Option(help: "How a channel's slices in several weights make one score.")
  var aggregation = ScoreAggregation.sum
  @Option(help: "What the scores of a group are divided by before groups compete.")
  var normalisation = ScoreNormalisation.mean
  @Flag(help: "Weigh scores against what removing a channel saves.") var perCost = false
  @Option(help: "Channels that fill a kernel's registers: counts stay multiples of it.")
  var align = 8
  @Option(help: "Share of a group that may go at most.") var cap = 0.9
  @Option(help: "Seed of what is drawn at random.") var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp(
      "Also write the dense model with the removed channels zeroed at every consumer: it computes "
        + "what the pruned model must compute.", valueName: "out.onnx"))
  var reference: String?

  func validate() throws {
    guard (1...256).contains(align) else { throw ValidationError("--align takes 1 to 256") }
    guard cap > 0, cap < 1 else { throw ValidationError("--cap takes a share between 0 and 1") }
  }
}

extension WeightCriterion: ExpressibleByArgument {}
extension ScoreAggregation: ExpressibleByArgument {}
extension ScoreNormalisation: ExpressibleByArgument {}

extension Prune {
  /// Removes channels, which leaves a smaller model.
  func pruneChannels(_ pattern: ChannelPruner.Pattern) throws {
    var pruner = ChannelPruner(budget: try checkingUsage { try channelBudget() })
    pruner.pattern = pattern
    pruner.scope = scope ?? .global
    pruner.normalisation = channels.normalisation
    pruner.weighsCosts = channels.perCost
    pruner.alignment = channels.align
    pruner.cap = channels.cap
    pruner.exclude = exclude
    let graph = try loadGraph(input)
    let coupling = try couple(graph, inputShapes: shapes.parsed(), file: input)
    let scores = channels.criterion.scores(
      coupling, aggregation: channels.aggregation, seed: channels.seed)
    let bar = ProgressBar("pruning", quiet: json)
    defer { bar.finish() }
    let kept = try plan(
      coupling, with: pruner, scores: scores, file: input, progress: bar.update)
    bar.finish()
    let report = ChannelReport(
      coupling, kept, method: "spa", pattern: pattern.rawValue, scope: pruner.scope)
    // A model that loses nothing stays as it was read.
    try writeGraph(kept.isEmpty ? graph : coupling.pruned(kept), to: output)
    if let reference = channels.reference {
      try writeGraph(coupling.maskedReference(kept), to: reference)
    }
    if json {
      try printJSON(report)
    } else {
      show(report)
    }
  }

  private func channelBudget() throws -> ChannelBudget {
    switch (channels.budget, sparsity) {
    case (let budget?, nil): return try ChannelBudget(parsing: budget)
    case (nil, let share?):
      guard share >= 0, share < 1 else {
        throw ValidationError("--sparsity takes a share from 0 to below 1")
      }
      return .channels(share: share)
    default:
      throw ValidationError("--pattern \(pattern) takes either --budget or --sparsity")
    }
  }

  private func show(_ report: ChannelReport) {
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
      "\n\(output): \(Format.decimal(report.flopsRatio, 2))x fewer MACs, "
        + "\(Format.decimal(report.parametersRatio, 2))x fewer parameters; "
        + "\(Format.percent(report.sparsity)) of the channels of \(report.groups.count) groups are gone"
    )
  }
}
