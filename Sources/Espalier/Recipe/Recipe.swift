internal import EspalierLatencyReport
public import EspalierPruning

/// What is done to a model, step by step: data, not a program.
///
/// Channels and heads go first, then weights become zero in what is left. A recipe is text, and the
/// typed steps that the text stands for.
public struct Recipe: Sendable, Hashable {
  /// Seed of what is drawn at random.
  public var seed: UInt64
  private var entries: [Entry]

  /// A step, and what somebody has said of it.
  struct Entry: Sendable, Hashable {
    let options: PruningOptions
    let step: PruningStep

    init(_ options: PruningOptions) throws(RecipeFault) {
      (self.options, step) = (options, try options.step())
    }

    init(_ step: PruningStep) { (options, self.step) = (PruningOptions(step), step) }

    /// What a step does is what its values say, defaults or not.
    static func == (a: Entry, b: Entry) -> Bool { a.values == b.values }
    func hash(into hasher: inout Hasher) { hasher.combine(values) }

    var keys: [RecipeKey] { RecipeKey.keys(of: step.pattern) }

    /// The values of all keys that have one, in JSON.
    var values: [String] {
      let complete = PruningOptions(step)
      return keys.compactMap { key in
        (key.json(options) ?? key.json(complete)).map { "\(quoted(key.name)): \($0)" }
      }
    }
  }

  static let stepCounts = 1...32

  /// - Throws: `RecipeFault` for no or too many steps, and for steps in an order that makes no sense.
  init(seed: UInt64 = 1, entries: [Entry]) throws(RecipeFault) {
    (self.seed, self.entries) = (seed, entries)
    guard Self.stepCounts.contains(entries.count) else {
      throw RecipeFault(
        .badValue, "a recipe has 1 to \(Self.stepCounts.upperBound) steps, not \(entries.count)")
    }
    if let place = pipeline.misplacedStep {
      throw RecipeFault(
        .badOrder, PruningPipeline.orderRule, step: place)
    }
  }

  /// A recipe of some steps.
  /// - Throws: `EspalierError` (64) for no or too many steps, for steps in an order that makes no sense,
  ///   and for values that do not fit.
  public init(_ steps: [PruningStep], seed: UInt64 = 1) throws(EspalierError) {
    do throws(RecipeFault) {
      var entries: [Entry] = []
      for step in steps {
        // What text would be refused for is refused here, so that `resolved` reads back.
        _ = try Entry(PruningOptions(step))
        entries.append(Entry(step))
      }
      try self.init(seed: seed, entries: entries)
    } catch { throw EspalierError(exitCode: 64, error.description) }
  }

  /// The recipe of one step that a command line describes.
  /// - Throws: `EspalierError` (64) for values that do not fit.
  package init(_ options: PruningOptions, seed: UInt64? = nil) throws(EspalierError) {
    do throws(RecipeFault) {
      try self.init(seed: seed ?? 1, entries: [Entry(options)])
    } catch { throw EspalierError(exitCode: 64, error.description) }
  }

  public var steps: [PruningStep] { entries.map(\.step) }

  /// What does the steps.
  var pipeline: PruningPipeline { PruningPipeline(steps, seed: seed) }

  /// Replaces what every step says on some keys; which step is meant must be clear.
  /// - Throws: `EspalierError` (64) for a key that no step has, for one that decides what a step
  ///   does where there are several, and for values that do not fit.
  package mutating func override(_ options: PruningOptions) throws(EspalierError) {
    let given = RecipeKey.all.filter { $0.json(options) != nil }
    for key in given {
      let places = entries.indices.filter { place in
        entries[place].keys.contains { $0.name == key.name }
      }
      guard !places.isEmpty else {
        throw EspalierError(exitCode: 64, "--\(key.name): no step of the recipe takes it")
      }
      let decides = ["pattern", "method", "budget", "sparsity"].contains(key.name)
      guard !decides || places.count == 1 else {
        throw EspalierError(
          exitCode: 64,
          "--\(key.name): \(places.count) steps of the recipe take it; change the recipe")
      }
    }
    // All at once: one value may need another that comes with it.
    let names = given.map { "--\($0.name)" }.joined(separator: ", ")
    for place in entries.indices {
      do throws(RecipeFault) {
        entries[place] = try entries[place].replacing(given, by: options)
      } catch { throw EspalierError(exitCode: 64, "\(names): \(error)") }
    }
  }

  /// Every key of every step, defaults included, as JSON; which is YAML and can be read back.
  public var resolved: String {
    let list = entries.map { entry in
      "    {\n" + entry.values.map { "      \($0)" }.joined(separator: ",\n") + "\n    }"
    }.joined(separator: ",\n")
    return "{\n  \"seed\": \(seed),\n  \"steps\": [\n\(list)\n  ]\n}\n"
  }
}

extension Recipe.Entry {
  /// The step with other values for those of the keys that it has; a budget replaces a sparsity and the
  /// other way round, score files a criterion.
  fileprivate func replacing(
    _ given: [RecipeKey], by other: PruningOptions
  ) throws(RecipeFault) -> Recipe.Entry {
    let own = Set(keys.map(\.name))
    let replaced = given.filter { own.contains($0.name) }
    guard !replaced.isEmpty else { return self }
    var options = options
    for key in replaced { key.copy(other, &options) }
    if let pattern = options.pattern?.value,
      pattern.removesChannels != step.removesChannels
    {
      let own = self.options.pattern?.text ?? ""
      throw RecipeFault(.badValue, "the recipe's step of pattern \(own) does another thing")
    }
    switch (own.contains("scores") && other.scores != nil, other.criterion) {
    case (true, nil): options.criterion = nil
    case (false, let criterion?) where criterion != .scores: options.scores = nil
    default: break
    }
    switch (own.contains("budget") && other.budget != nil, other.sparsity != nil) {
    case (true, false): options.sparsity = nil
    case (false, true): options.budget = nil
    default: break
    }
    return try Recipe.Entry(options)
  }
}

extension PruningStep {
  var pattern: StepPattern {
    switch self {
    case .channels(let step): .channels(step.pruner.pattern)
    case .zeros(let step): .zeros(step.pruner.pattern)
    }
  }
}

/// Why a recipe cannot be followed, and which step and key is at fault.
struct RecipeFault: Error, CustomStringConvertible {
  /// Stable codes; scripts may rely on them.
  enum Code: String {
    case badSyntax = "E2101"
    case unknownKey = "E2102"
    case badType = "E2103"
    case badValue = "E2104"
    case missingKey = "E2105"
    case badOrder = "E2106"
    case tooLarge = "E2107"
  }

  var code: Code
  var message: String
  var step: Int?
  var key: String?

  init(_ code: Code, _ message: String, step: Int? = nil, key: String? = nil) {
    (self.code, self.message, self.step, self.key) = (code, message, step, key)
  }

  var description: String { "\(code.rawValue): \(message)" }
}

/// Text as a JSON string that `Recipe` reads back: what could be taken for an alias is escaped.
func quoted(_ text: String) -> String {
  let json = Array(JSONWriter.quoted(text).unicodeScalars)
  return json.indices.reduce(into: "") { result, place in
    result +=
      RecipeText.isAlias(json, at: place)
      ? "\\u00\(String(json[place].value, radix: 16))" : String(json[place])
  }
}
