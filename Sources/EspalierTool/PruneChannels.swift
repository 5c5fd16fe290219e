public import ArgumentParser
public import Espalier

/// What `espalier prune` takes for channels and heads; what is not given is the recipe's.
struct ChannelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How much smaller the model gets: flops:R or params:R, R times fewer.",
      valueName: "flops:R|params:R"))
  var budget: String?
  @Option(help: "What makes a channel worth keeping (default: l1).") var criterion: WeightCriterion?
  @Option(help: "How a channel's slices in several weights make one score (default: sum).")
  var aggregation: ScoreAggregation?
  @Option(help: "What the scores of a group are divided by before groups compete (default: mean).")
  var normalisation: ScoreNormalisation?
  @Flag(help: "Weigh scores against what removing a channel saves.") var perCost = false
  @Option(
    help: "Channels that fill a kernel's registers: counts stay multiples of it (default: 8).")
  var align: Int?
  @Option(help: "Share of a group that may go at most (default: 0.9).") var cap: Double?
  @Option(help: "Seed of what is drawn at random (default: 1).") var seed: UInt64?
  @Option(
    help: ArgumentHelp(
      "Also write the dense model with the removed channels zeroed at every consumer: it computes "
        + "what the pruned model must compute.", valueName: "out.onnx"))
  var reference: String?

  /// What the command line says, by the names of a recipe's keys.
  var given: [String: RecipeValue] {
    var values: [String: RecipeValue] = [:]
    values["budget"] = budget.map { .text($0) }
    values["criterion"] = criterion.map { .text($0.rawValue) }
    values["aggregation"] = aggregation.map { .text($0.rawValue) }
    values["normalisation"] = normalisation.map { .text($0.rawValue) }
    if perCost { values["per-cost"] = .flag(true) }
    values["align"] = align.map { .number(Double($0)) }
    values["cap"] = cap.map { .number($0) }
    return values
  }
}

extension WeightCriterion: ExpressibleByArgument {}
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
