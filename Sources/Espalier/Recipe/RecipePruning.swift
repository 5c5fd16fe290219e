public import EspalierCoupling
public import EspalierGraph
public import EspalierPruning

/// A model after a recipe.
public struct PrunedModel: Sendable {
  /// The recipe is in its metadata, under `espalier.recipe`.
  public var graph: Graph
  public var report: RecipeReport
  /// The dense model with the removed channels zeroed at every consumer: it computes what the
  /// pruned model must compute. Only of a recipe whose one step removes channels.
  public var reference: Graph?
}

extension Recipe {
  /// Where a model's metadata keeps the recipe that made it.
  public static let metadataKey = "espalier.recipe"

  /// Follows the recipe.
  /// - Parameter file: What messages call the model.
  /// - Throws: `EspalierError` with 65 for a graph that cannot be pruned so, such as for a budget
  ///   that cannot be met.
  public func applied(
    to graph: Graph, inputShapes: [String: [Int]] = [:], file: String, wantsReference: Bool = false,
    progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) -> PrunedModel {
    var result = PrunedModel(graph: graph, report: RecipeReport(), reference: nil)
    var pruned: Set<String> = []
    for (index, step) in steps.enumerated() {
      let share = { (done: Double) in
        progress?((Double(index) + done) / Double(steps.count)) ?? ()
      }
      if step.removesChannels {
        var coupling = try couple(result.graph, inputShapes: inputShapes, file: file)
        let calibration = try step.calibration(for: coupling.graph, seed: seed, file: file)
        // Where inputs are looked at, that takes the time.
        let rotates = step.flag("rotate") && calibration != nil
        let ends: (rotation: Double, scores: Double, plan: Double) =
          calibration == nil ? (0, 1, 1) : (rotates ? 0.1 : 0, 0.5, 0.55)
        if rotates, let calibration {
          let dense = coupling
          coupling = try step.naming(file) { () throws(PruningError) in
            try ChannelRotation().rotated(
              dense, allowed: step.channelPruner().allowed(dense), calibration,
              progress: { share(ends.rotation * $0) })
          }
        }
        let (plan, report) = try step.channels(
          of: coupling, calibration, seed: seed, file: file,
          progress: (
            scores: { share(ends.rotation + (ends.scores - ends.rotation) * $0) },
            plan: { share(ends.plan * $0) }
          ))
        if wantsReference, steps.count == 1 { result.reference = coupling.maskedReference(plan) }
        result.report.steps.append(.channels(report))
        // A model that loses nothing stays as it was read.
        if !plan.isEmpty {
          result.graph = try step.repaired(
            coupling, plan, calibration, file: file, into: &result.report,
            progress: { share(ends.plan + (1 - ends.plan) * $0) })
        }
      } else {
        let dense = result.graph
        let (graph, report) = try prune(
          result.graph, with: step.magnitudePruner, inputShapes: inputShapes, sparing: pruned,
          file: file, progress: share)
        result.graph = graph
        pruned.formUnion(report.layers.filter { $0.reason == nil }.map(\.initializer))
        result.report.steps.append(.zeros(report))
        if step.flag("refit") {
          result.graph = try step.refitted(
            dense, masked: graph, inputShapes, seed: seed, file: file, into: &result.report,
            progress: share)
        }
      }
    }
    result.graph.metadata.keep(resolved)
    return result
  }
}

extension RecipeStep {
  /// The channels that stay, and what that means for the model.
  fileprivate func channels(
    of coupling: Coupling, _ calibration: Calibration?, seed: UInt64, file: String,
    progress: (scores: (Double) -> Void, plan: (Double) -> Void)
  ) throws(EspalierError) -> (KeepPlan, ChannelReport) {
    let pruner = channelPruner()
    let scores: ChannelScores
    if values["scores"] != nil {
      scores = try ScoreFiles(texts("scores")).scores(
        coupling, aggregation: ScoreAggregation(rawValue: text("aggregation"))!,
        allowed: naming(file) { () throws(PruningError) in try pruner.allowed(coupling) },
        file: file)
    } else if let reconstruction {
      scores = try naming(file) { () throws(PruningError) in
        try ReconstructionScores(reconstruction).scores(
          coupling, calibration!, progress: progress.scores)
      }
    } else {
      scores = WeightCriterion(rawValue: text("criterion"))!.scores(
        coupling, aggregation: ScoreAggregation(rawValue: text("aggregation"))!, seed: seed)
    }
    let kept = try plan(coupling, with: pruner, scores: scores, file: file, progress: progress.plan)
    let report = ChannelReport(
      coupling, kept, method: text("method"), pattern: pattern, scope: pruner.scope)
    return (kept, report)
  }

  fileprivate func channelPruner() -> ChannelPruner {
    var pruner = ChannelPruner(budget: budget)
    pruner.pattern = ChannelPruner.Pattern(rawValue: pattern)!
    pruner.scope = PruningScope(rawValue: text("scope"))!
    pruner.normalisation = ScoreNormalisation(rawValue: text("normalisation"))!
    pruner.weighsCosts = flag("per-cost")
    pruner.alignment = Int(number("align")!)
    pruner.cap = number("cap")!
    if case .shares(let shares)? = values["caps"] {
      pruner.caps = shares.map { ($0.layers, $0.share) }
    }
    pruner.layers = texts("layers")
    pruner.exclude = texts("exclude")
    return pruner
  }

  private var budget: ChannelBudget {
    if let share = number("sparsity") { return .channels(share: share) }
    return whatWasChecked { () throws(PruningError) in
      try ChannelBudget(parsing: text("budget"))
    }
  }

  fileprivate var magnitudePruner: MagnitudePruner {
    whatWasChecked { () throws(PruningError) in try checkedMagnitudePruner() }
  }

  /// Values are checked when a step is made: they cannot be wrong later.
  private func whatWasChecked<Value>(_ body: () throws(PruningError) -> Value) -> Value {
    do throws(PruningError) { return try body() } catch { fatalError("\(error)") }
  }

  func checkedMagnitudePruner() throws(PruningError) -> MagnitudePruner {
    try MagnitudePruner(
      pattern: PruningPattern(parsing: pattern), sparsity: number("sparsity"),
      scope: PruningScope(rawValue: text("scope"))!, layers: texts("layers"),
      exclude: texts("exclude"), keepsFirstAndLast: !flag("include-ends"))
  }
}

extension Graph.Metadata {
  /// Notes a recipe; one that is there already was followed before and gets a number.
  fileprivate mutating func keep(_ recipe: String) {
    if let place = properties.firstIndex(where: { $0.key == Recipe.metadataKey }) {
      var number = 1
      while properties.contains(where: { $0.key == "\(Recipe.metadataKey).\(number)" }) {
        number += 1
      }
      properties[place].key = "\(Recipe.metadataKey).\(number)"
    }
    properties.append((Recipe.metadataKey, recipe))
  }
}
