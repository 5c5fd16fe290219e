internal import EspalierPruning

/// The value of a key in a recipe.
public enum RecipeValue: Sendable, Hashable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case texts([String])
  case shares([LayerShare])
}

/// A share for the layers that a regular expression is found in.
public struct LayerShare: Sendable, Hashable {
  public var layers: String
  public var share: Double

  public init(layers: String, share: Double) { (self.layers, self.share) = (layers, share) }
}

/// A key of a recipe's step: what the reader takes, the schema says, and defaults fill in.
struct RecipeKey: Sendable {
  enum Kind: Sendable {
    case choice([String])
    /// Zeros that kernels know.
    case pattern
    /// How much smaller the model gets.
    case budget
    /// From 0, or above 0, to below 1.
    case share(canBeZero: Bool)
    case count(ClosedRange<Int>)
    case flag
    /// Regular expressions.
    case expressions
    /// Regular expressions with a share each.
    case shares
    /// Arrays of samples, or noise.
    case data
    /// Files with a score for each weight.
    case scores
  }

  var name: String
  var kind: Kind
  /// What the key means, in a sentence of the schema.
  var summary: String
  /// What holds where a step does not say.
  var fallback: RecipeValue?
}

extension RecipeKey {
  /// Keys of steps that remove channels or heads, as they stand in a resolved recipe.
  static let channels: [RecipeKey] =
    [
      RecipeKey(
        name: "pattern", kind: .choice(ChannelPruner.Pattern.allCases.map(\.rawValue)),
        summary: "What goes: channels of every group, or attention heads alone."),
      RecipeKey(
        name: "method", kind: .choice(["spa", "obspa"]),
        summary: "How channels are chosen: by scores over coupling groups (spa); obspa is spa with "
          + "criterion obspa and a refit.", fallback: .text("spa")),
      RecipeKey(
        name: "budget", kind: .budget,
        summary: "How much smaller the model gets: flops:R or params:R, R times fewer."),
      RecipeKey(
        name: "sparsity", kind: .share(canBeZero: true),
        summary: "Share of all prunable channels that goes; instead of a budget."),
      RecipeKey(
        name: "criterion",
        kind: .choice(
          WeightCriterion.allCases.map(\.rawValue)
            + ReconstructionCriterion.allCases.map(\.rawValue) + ["scores"]),
        summary:
          "What makes a channel worth keeping; wanda, obs and obspa need data, scores is what "
          + "score files say.",
        fallback: .text(WeightCriterion.l1.rawValue)),
      RecipeKey(
        name: "scores", kind: .scores,
        summary: "Scores of single weights, in place of another criterion: FILE.safetensors with "
          + "tensors of initializers' names, or INITIALIZER=FILE.npy."),
      RecipeKey(
        name: "aggregation", kind: .choice(ScoreAggregation.allCases.map(\.rawValue)),
        summary: "How a channel's slices in several weights make one score.",
        fallback: .text(ScoreAggregation.sum.rawValue)),
      RecipeKey(
        name: "normalisation", kind: .choice(ScoreNormalisation.allCases.map(\.rawValue)),
        summary:
          "What the scores of a group are divided by before groups compete (wanda: sum; obs, "
          + "obspa: none).",
        fallback: .text(ScoreNormalisation.mean.rawValue)),
      scope(.global),
      RecipeKey(
        name: "per-cost", kind: .flag,
        summary: "Whether scores are weighed against what removing a channel saves (wanda, obs, "
          + "obspa: true).", fallback: .flag(false)),
      RecipeKey(
        name: "align", kind: .count(1...256),
        summary: "Channels that fill a kernel's registers: counts stay multiples of it.",
        fallback: .number(8)),
      RecipeKey(
        name: "cap", kind: .share(canBeZero: false),
        summary: "Share of a group that may go at most (wanda, obs, obspa: 0.75).",
        fallback: .number(0.9)),
      RecipeKey(
        name: "caps", kind: .shares,
        summary:
          "Caps of groups with a layer whose name has a match; the lowest that matches holds.",
        fallback: .shares([])),
      layers(
        "Only groups whose channels are made by layers with a match in their name; all, if empty."),
      exclude("Groups with a match in the name of a layer or weight stay whole."),
      RecipeKey(
        name: "recalibrate", kind: .flag,
        summary:
          "Whether batch normalisations take their statistics anew, from data of the model's "
          + "own domain; a refit leaves nothing to gain.", fallback: .flag(false)),
      RecipeKey(
        name: "rotate", kind: .flag,
        summary:
          "Whether channels that only linear maps stand around, such as those of attention's "
          + "queries, keys and values, first take the basis in which fewest matter (obspa: true).",
        fallback: .flag(false)),
    ] + reconstruction

  /// Keys of what needs to see inputs.
  private static let reconstruction: [RecipeKey] = [
    RecipeKey(
      name: "data", kind: .data,
      summary: "Inputs to calibrate on: FILE.npy, INPUT=FILE.npy for each of several inputs, or "
        + "noise or noise:MEAN:DEVIATION in place of images."),
    RecipeKey(
      name: "samples", kind: .count(1...1_000_000),
      summary: "The most samples to take; of noise as many (128 where this is left out)."),
    RecipeKey(
      name: "refit", kind: .flag,
      summary: "Whether what is left is fitted to the dense model's outputs by least squares "
        + "(obspa: true).", fallback: .flag(false)),
    RecipeKey(
      name: "damping", kind: .share(canBeZero: false),
      summary:
        "How much the refit is drawn to the weights that were left, as a share of the inputs' "
        + "mean variance; 0.01 for convolutions and 0.1 for other products where this is left out."
    ),
  ]

  /// Keys of steps that set weights to zero.
  static let zeros: [RecipeKey] =
    [
      RecipeKey(
        name: "pattern", kind: .pattern,
        summary: "Zeros as block:OxI, nm:N:M, vnm:V:N:M or unstructured."),
      RecipeKey(
        name: "method", kind: .choice(["magnitude"]),
        summary: "How weights are chosen: the smallest go.", fallback: .text("magnitude")),
      RecipeKey(
        name: "sparsity", kind: .share(canBeZero: true),
        summary: "Share of zeros; follows from N and M for nm and vnm."),
      scope(.layer),
      RecipeKey(
        name: "include-ends", kind: .flag,
        summary: "Whether the first and the last layer are pruned as well.",
        fallback: .flag(false)),
      layers("Only layers with a match in their name or their weight's; all, if empty."),
      exclude("Layers with a match in their name or their weight's stay as they are."),
    ] + reconstruction

  private static func scope(_ fallback: PruningScope) -> RecipeKey {
    RecipeKey(
      name: "scope", kind: .choice(PruningScope.allCases.map(\.rawValue)),
      summary: "Whether layers compete (global) or each loses the same share (layer).",
      fallback: .text(fallback.rawValue))
  }

  private static func layers(_ summary: String) -> RecipeKey {
    RecipeKey(name: "layers", kind: .expressions, summary: summary, fallback: .texts([]))
  }

  private static func exclude(_ summary: String) -> RecipeKey {
    RecipeKey(name: "exclude", kind: .expressions, summary: summary, fallback: .texts([]))
  }

  /// What is wrong with a value, as the end of a sentence; `nil` if nothing is.
  func fault(of value: RecipeValue) -> String? {
    switch (kind, value) {
    case (.choice(let names), .text(let text)):
      guard !names.contains(text) else { return nil }
      let nearest = nearest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return "takes \(names.joined(separator: ", ")), not \"\(text)\"\(nearest)"
    case (.pattern, .text(let text)):
      let channels = ChannelPruner.Pattern.allCases.map(\.rawValue)
      let hint = nearest(to: text, among: channels).map { "; did you mean \($0)?" } ?? ""
      return fault { () throws(PruningError) in try PruningPattern(parsing: text) }
        .map { "\($0); channels go by \(channels.joined(separator: " or "))\(hint)" }
    case (.budget, .text(let text)):
      return fault { () throws(PruningError) in try ChannelBudget(parsing: text) }
    case (.share(let canBeZero), .number(let number)):
      let isShare = (canBeZero ? number >= 0 : number > 0) && number < 1
      return isShare
        ? nil : "takes a share \(canBeZero ? "from 0" : "above 0") to below 1, not \(value.json)"
    case (.count(let range), .number(let number)):
      let isWhole = Int(exactly: number).map(range.contains) ?? false
      return isWhole
        ? nil : "takes \(kind.wanted), not \(value.json)"
    case (.flag, .flag): return nil
    case (.expressions, .texts(let texts)): return texts.compactMap(faultOfExpression).first
    case (.data, .texts(let texts)):
      return texts.isEmpty || texts.contains("") ? "takes \(kind.wanted)" : nil
    case (.scores, .texts(let texts)):
      let areFiles = texts.allSatisfy { $0.wholeMatch(of: /.+\.safetensors|.+=.+\.npy/) != nil }
      return texts.isEmpty || !areFiles ? "takes \(kind.wanted)" : nil
    case (.shares, .shares(let shares)):
      return shares.compactMap { entry in
        faultOfExpression(entry.layers)
          ?? (entry.share > 0 && entry.share < 1
            ? nil : "takes shares above 0 to below 1, not \(entry.share)")
      }.first
    default: return "takes \(kind.wanted)"
    }
  }

  private func fault<Value>(_ body: () throws(PruningError) -> Value) -> String? {
    do throws(PruningError) {
      _ = try body()
      return nil
    } catch { return "is wrong: \(error.message)" }
  }

  private func faultOfExpression(_ text: String) -> String? {
    (try? Regex(text)) == nil ? "takes regular expressions, and \"\(text)\" is none" : nil
  }
}

extension RecipeKey.Kind {
  /// The kind of value, as the end of "takes".
  var wanted: String {
    switch self {
    case .choice(let names): names.joined(separator: ", ")
    case .pattern: "a pattern, such as block:16x8"
    case .budget: "a budget, such as flops:2"
    case .share: "a number from 0 to below 1"
    case .count(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .expressions: "a list of regular expressions"
    case .shares: "a mapping of regular expressions to shares"
    case .data: "a list of files, or noise"
    case .scores: "a list of FILE.safetensors or INITIALIZER=FILE.npy"
    }
  }
}

/// The name that is fewest edits away, if that is near enough to be meant.
func nearest(to text: String, among names: [String]) -> String? {
  let (word, limit) = (Array(text.lowercased().prefix(64)), max(1, text.count / 3))
  let distances = names.map { (distance: edits(word, Array($0)), name: $0) }
  guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= limit
  else { return nil }
  return best.name
}

/// Insertions, deletions and replacements from one word to another (Levenshtein's distance).
private func edits(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
