internal import EspalierPruning

/// A key of a recipe's step: what the reader takes, the schema says, and a resolved recipe spells out.
struct RecipeKey: Sendable {
  let name: String
  /// What the key means, in a sentence of the schema.
  let summary: String
  /// The kind of value, as the end of "takes".
  let wanted: String
  /// What a JSON Schema says of the value.
  let schema: [(String, SchemaText)]
  /// Whether something holds where a step does not say.
  let hasDefault: Bool
  /// Takes a value from a recipe's text.
  let read: @Sendable (RecipeNode, inout PruningOptions) throws(RecipeMisreading) -> Void
  /// The value in JSON; `nil` where there is none.
  let json: @Sendable (PruningOptions) -> String?
  /// What is wrong with a value, as the end of a sentence; `nil` if nothing is.
  let fault: @Sendable (PruningOptions) -> String?
  /// Takes the value of other options.
  let copy: @Sendable (_ from: PruningOptions, inout PruningOptions) -> Void

  init<Value: Sendable>(
    _ name: String, _ field: any WritableKeyPath<PruningOptions, Value?> & Sendable,
    _ type: RecipeType<Value>, hasDefault: Bool = true, _ summary: String
  ) {
    (self.name, self.summary, self.hasDefault) = (name, summary, hasDefault)
    (wanted, schema) = (type.wanted, type.schema)
    read = { node, options throws(RecipeMisreading) in
      options[keyPath: field] = try type.read(node)
    }
    json = { options in options[keyPath: field].map(type.json) }
    fault = { options in options[keyPath: field].flatMap(type.fault) }
    copy = { other, options in options[keyPath: field] = other[keyPath: field] }
  }
}

extension RecipeKey {
  static func keys(of pattern: StepPattern) -> [RecipeKey] {
    switch pattern {
    case .channels: channels
    case .zeros: zeros
    }
  }

  /// The keys of both kinds of steps, by name.
  static let all: [RecipeKey] =
    (channels + zeros.filter { key in !channels.contains { $0.name == key.name } })
    .sorted { $0.name < $1.name }

  /// Keys of steps that remove channels or heads, as they stand in a resolved recipe.
  static let channels: [RecipeKey] =
    [
      RecipeKey(
        "pattern", \.pattern, .channels, hasDefault: false,
        "What goes: channels of every group, or attention heads alone."),
      RecipeKey(
        "method", \.method, .choice([.spa, .obspa]),
        "How channels are chosen: by scores over coupling groups (spa); obspa is spa with "
          + "criterion obspa and a refit."),
      RecipeKey(
        "budget", \.budget, .budget, hasDefault: false,
        "How much smaller the model gets: flops:R or params:R, R times fewer."),
      RecipeKey(
        "sparsity", \.sparsity, .share(canBeZero: true), hasDefault: false,
        "Share of all prunable channels that goes; instead of a budget."),
      RecipeKey(
        "criterion", \.criterion, .choice(CriterionName.allCases),
        "What makes a channel worth keeping; wanda, obs and obspa need data, scores is what "
          + "score files say."),
      RecipeKey(
        "scores", \.scores, .scores,
        "Scores of single weights, in place of another criterion: FILE.safetensors with "
          + "tensors of initializers' names, or INITIALIZER=FILE.npy."),
      RecipeKey(
        "aggregation", \.aggregation, .choice(ScoreAggregation.allCases),
        "How a channel's slices in several weights make one score."),
      RecipeKey(
        "normalisation", \.normalisation, .choice(ScoreNormalisation.allCases),
        "What the scores of a group are divided by before groups compete (wanda: sum; obs, "
          + "obspa: none)."),
      scope,
      RecipeKey(
        "per-cost", \.perCost, .flag,
        "Whether scores are weighed against what removing a channel saves (wanda, obs, "
          + "obspa: true)."),
      RecipeKey(
        "align", \.align, .count(ChannelPruner.alignments),
        "Channels that fill a kernel's registers: counts stay multiples of it."),
      RecipeKey(
        "cap", \.cap, .share(canBeZero: false),
        "Share of a group that may go at most (wanda, obs, obspa: 0.75)."),
      RecipeKey(
        "caps", \.caps, .shares,
        "Caps of groups with a layer whose name has a match; the lowest that matches holds."),
      layers(
        "Only groups whose channels are made by layers with a match in their name; all, if empty."),
      exclude("Groups with a match in the name of a layer or weight stay whole."),
      RecipeKey(
        "recalibrate", \.recalibrate, .flag,
        "Whether batch normalisations take their statistics anew, from data of the model's "
          + "own domain; a refit leaves nothing to gain."),
      RecipeKey(
        "rotate", \.rotate, .flag,
        "Whether channels that only linear maps stand around, such as those of attention's "
          + "queries, keys and values, first take the basis in which fewest matter (obspa: true)."),
    ] + calibration

  /// Keys of steps that set weights to zero.
  static let zeros: [RecipeKey] =
    [
      RecipeKey(
        "pattern", \.pattern, .zeros, hasDefault: false,
        "Zeros as block:OxI, nm:N:M, vnm:V:N:M or unstructured."),
      RecipeKey(
        "method", \.method, .choice([.magnitude, .obs]),
        "How weights are chosen: the smallest go (magnitude), or those without which the layers' "
          + "outputs, weighed by what they do to the network's, lose least on data (obs; default with "
          + "data)."),
      RecipeKey(
        "sparsity", \.sparsity, .share(canBeZero: true), hasDefault: false,
        "Share of zeros, or, with a pattern of blocks and scope global, of the layers' "
          + "multiply-accumulates that go; follows from N and M for nm and vnm."),
      scope,
      RecipeKey(
        "include-ends", \.includeEnds, .flag,
        "Whether the first and the last layer are pruned as well."),
      layers("Only layers with a match in their name or their weight's; all, if empty."),
      exclude("Layers with a match in their name or their weight's stay as they are."),
    ] + calibration

  /// Keys of what needs to see inputs.
  private static let calibration: [RecipeKey] = [
    RecipeKey(
      "data", \.data, .data,
      "Inputs to calibrate on: FILE.npy, INPUT=FILE.npy for each of several inputs, or "
        + "noise or noise:MEAN:DEVIATION in place of images, or synthetic for what fits any inputs; "
        + "synthetic, with a refit, where neither data nor refit is said, but for nm, vnm and "
        + "unstructured."),
    RecipeKey(
      "samples", \.samples, .count(StepCalibration.sampleCounts),
      "The most samples to take; of noise as many (\(StepCalibration.noiseSamples) where this is left "
        + "out)."),
    RecipeKey(
      "refit", \.refit, .flag,
      "Whether what is left is fitted to the dense model's outputs by least squares "
        + "(true where data is given, but for recalibrate; obspa: true)."),
    RecipeKey(
      "damping", \.damping, .share(canBeZero: false),
      "How much the refit is drawn to the weights that were left, as a share of the inputs' "
        + "mean variance; \(Refit().convolutionDamping) for convolutions and \(Refit().productDamping) "
        + "for other products where this is left out, or, where a layer has few places for its "
        + "columns, what cross-validation finds."),
  ]

  private static let scope = RecipeKey(
    "scope", \.scope, .choice(PruningScope.allCases),
    "Whether layers compete (global) or each loses the same share (layer); of a pattern of blocks, "
      + "global walks over the network as a whole and lets whole channels go too.")

  private static func layers(_ summary: String) -> RecipeKey {
    RecipeKey("layers", \.layers, .expressions, summary)
  }

  private static func exclude(_ summary: String) -> RecipeKey {
    RecipeKey("exclude", \.exclude, .expressions, summary)
  }

  /// What to say of a key that a step does not have.
  static func unknown(_ name: String, _ keys: [RecipeKey], _ pattern: String) -> String {
    if pattern != "", all.contains(where: { $0.name == name }) {
      return "steps of pattern \(pattern) do not take \"\(name)\""
    }
    let hint = nearest(to: name, among: keys.map(\.name)).map { "; did you mean \"\($0)\"?" }
    let all = keys.map(\.name).joined(separator: ", ")
    return "unknown key \"\(name)\"\(hint ?? "; there are \(all)")"
  }

  static func text(of source: CalibrationSource) -> String {
    switch source {
    case .synthetic: listJSON(["synthetic"])
    case .noise(let mean, let deviation): listJSON(["noise:\(mean):\(deviation)"])
    case .arrays(let arrays): listJSON(arrays.map(\.description))
    }
  }
}
