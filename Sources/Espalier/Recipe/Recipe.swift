public import EspalierPruning
internal import Foundation

/// What is done to a model, step by step: data, not a program.
///
/// Channels and heads go first, then weights become zero in what is left.
public struct Recipe: Sendable, Hashable {
  /// Seed of what is drawn at random.
  public var seed: UInt64
  public private(set) var steps: [RecipeStep]

  static let seeds = 0...Int.max

  /// - Throws: `RecipeFault` for steps in an order that makes no sense.
  init(seed: UInt64 = 1, steps: [RecipeStep]) throws(RecipeFault) {
    (self.seed, self.steps) = (seed, steps)
    if let place = steps.indices.dropFirst().first(where: {
      steps[$0].removesChannels && !steps[$0 - 1].removesChannels
    }) {
      throw RecipeFault(
        .badOrder, "channels go before weights are set to zero in what is left; move the step up",
        step: place)
    }
  }

  /// The recipe of one step that a command line describes.
  /// - Parameter values: By the names of a step's keys, the pattern among them.
  /// - Throws: `EspalierError` (64).
  public init(_ values: [String: RecipeValue], seed: UInt64? = nil) throws(EspalierError) {
    do throws(RecipeFault) {
      try self.init(seed: seed ?? 1, steps: [RecipeStep(values)])
    } catch { throw EspalierError(exitCode: 64, error.description) }
  }

  /// Replaces what every step says on some keys; which step is meant must be clear.
  /// - Throws: `EspalierError` (64) for a key that no step has, for one that decides what a step
  ///   does where there are several, and for values that do not fit.
  public mutating func override(_ values: [String: RecipeValue]) throws(EspalierError) {
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      let places = steps.indices.filter { place in steps[place].keys.contains { $0.name == key } }
      guard !places.isEmpty else {
        throw EspalierError(exitCode: 64, "--\(key): no step of the recipe takes it")
      }
      let decides = ["pattern", "method", "budget", "sparsity"].contains(key)
      guard !decides || places.count == 1 else {
        throw EspalierError(
          exitCode: 64, "--\(key): \(places.count) steps of the recipe take it; change the recipe")
      }
      for place in places {
        do throws(RecipeFault) {
          steps[place] = try steps[place].replacing(key, with: value)
        } catch { throw EspalierError(exitCode: 64, "--\(key): \(error)") }
      }
    }
  }

  /// Every key of every step, defaults included, as JSON; which is YAML and can be read back.
  public var resolved: String {
    let steps = steps.map { step in
      let lines = step.keys.compactMap { key in
        step.values[key.name].map { "      \(quoted(key.name)): \($0.json)" }
      }
      return "    {\n" + lines.joined(separator: ",\n") + "\n    }"
    }
    let list = steps.joined(separator: ",\n")
    return "{\n  \"seed\": \(seed),\n  \"steps\": [\n\(list)\n  ]\n}\n"
  }
}

/// One thing that a recipe does: removes channels, or sets weights to zero.
public struct RecipeStep: Sendable, Hashable {
  /// A value for every key, apart from those that may be left open.
  public let values: [String: RecipeValue]
  /// What of it is no default.
  private let given: [String: RecipeValue]

  /// - Parameter given: The pattern, and what else is not to be the default.
  init(_ given: [String: RecipeValue]) throws(RecipeFault) {
    guard case .text(let pattern)? = given["pattern"] else {
      throw RecipeFault(.missingKey, "a step needs a pattern")
    }
    let keys = Self.keys(ofPattern: pattern)
    for (name, value) in given.sorted(by: { $0.key < $1.key }) {
      guard let key = keys.first(where: { $0.name == name }) else {
        throw RecipeFault(.unknownKey, Self.unknown(name, keys, pattern), key: name)
      }
      if let fault = key.fault(of: value) {
        throw RecipeFault(.badValue, "\(name) \(fault)", key: name)
      }
    }
    let fallbacks = Self.fallbacks(given)
    var values = given
    for key in keys where values[key.name] == nil {
      values[key.name] = fallbacks[key.name] ?? key.fallback
    }
    (self.values, self.given) = (values, given)
    if removesChannels, (values["scores"] != nil) != (values["criterion"] == .text("scores")) {
      throw RecipeFault(.badValue, "criterion scores and score files go together, with no other")
    }
    if values["data"] == nil,
      let user = ["refit", "recalibrate", "rotate"].first(where: { values[$0] == .flag(true) })
        ?? (reconstruction == nil ? nil : "criterion \(text("criterion"))")
    {
      throw RecipeFault(
        .missingKey, "\(user) needs inputs to calibrate on: give data, or noise in place of images")
    }
    if removesChannels, (values["budget"] == nil) == (values["sparsity"] == nil) {
      throw RecipeFault(.missingKey, "pattern \(pattern) takes either a budget or a sparsity")
    }
    if !removesChannels {
      do throws(PruningError) { _ = try checkedMagnitudePruner() } catch {
        throw RecipeFault(.badValue, error.message)
      }
    }
  }

  /// What a step does is what its values say, defaults or not.
  public static func == (a: RecipeStep, b: RecipeStep) -> Bool { a.values == b.values }
  public func hash(into hasher: inout Hasher) { hasher.combine(values) }

  /// Whether the step makes the model smaller; else it sets weights to zero.
  public var removesChannels: Bool { ChannelPruner.Pattern(rawValue: pattern) != nil }
  public var pattern: String { text("pattern") }
  var keys: [RecipeKey] { Self.keys(ofPattern: pattern) }

  static func keys(ofPattern pattern: String) -> [RecipeKey] {
    ChannelPruner.Pattern(rawValue: pattern) == nil ? RecipeKey.zeros : RecipeKey.channels
  }

  /// The criterion where it is one that needs data.
  var reconstruction: ReconstructionCriterion? {
    if case .text(let name)? = values["criterion"] { .init(rawValue: name) } else { nil }
  }

  /// Defaults that other values decide.
  private static func fallbacks(_ given: [String: RecipeValue]) -> [String: RecipeValue] {
    var result: [String: RecipeValue] = [:]
    if given["method"] == .text("obspa") {
      result["criterion"] = .text(ReconstructionCriterion.obspa.rawValue)
      result["refit"] = .flag(true)
      result["rotate"] = .flag(true)
    }
    if given["scores"] != nil { result["criterion"] = .text("scores") }
    guard case .text(let name)? = given["criterion"] ?? result["criterion"],
      let criterion = ReconstructionCriterion(rawValue: name)
    else { return result }
    let normalisation: ScoreNormalisation = criterion == .wanda ? .sum : .none
    result["normalisation"] = .text(normalisation.rawValue)
    result["per-cost"] = .flag(true)
    result["cap"] = .number(0.75)
    return result
  }

  /// What to say of a key that a step does not have.
  static func unknown(_ name: String, _ keys: [RecipeKey], _ pattern: String) -> String {
    let other = pattern == "" ? [] : RecipeKey.channels + RecipeKey.zeros
    if other.contains(where: { $0.name == name }) {
      return "steps of pattern \(pattern) do not take \"\(name)\""
    }
    let hint = nearest(to: name, among: keys.map(\.name)).map { "; did you mean \"\($0)\"?" }
    let all = keys.map(\.name).joined(separator: ", ")
    return "unknown key \"\(name)\"\(hint ?? "; there are \(all)")"
  }

  /// The step with another value; a budget replaces a sparsity and the other way round.
  func replacing(_ key: String, with value: RecipeValue) throws(RecipeFault) -> RecipeStep {
    var values = given
    if key == "pattern", case .text(let pattern) = value,
      Self.keys(ofPattern: pattern).map(\.name) != keys.map(\.name)
    {
      throw RecipeFault(
        .badValue, "the recipe's step of pattern \(self.pattern) does another thing")
    }
    if key == "scores" { values["criterion"] = nil }
    if key == "criterion" { values["scores"] = nil }
    if key == "budget" { values["sparsity"] = nil }
    if key == "sparsity" { values["budget"] = nil }
    values[key] = value
    return try RecipeStep(values)
  }

  func text(_ key: String) -> String {
    guard case .text(let text)? = values[key] else { fatalError("\(key) is no text") }
    return text
  }
  func number(_ key: String) -> Double? {
    if case .number(let number)? = values[key] { number } else { nil }
  }
  func flag(_ key: String) -> Bool { values[key] == .flag(true) }
  func texts(_ key: String) -> [String] {
    if case .texts(let texts)? = values[key] { texts } else { [] }
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

extension RecipeValue {
  /// The value in JSON.
  var json: String {
    switch self {
    case .text(let text): quoted(text)
    case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .texts(let texts): "[" + texts.map(quoted).joined(separator: ", ") + "]"
    case .shares(let shares):
      "{" + shares.map { "\(quoted($0.layers)): \($0.share)" }.joined(separator: ", ") + "}"
    }
  }
}

/// Text as a JSON string that `Recipe` reads back: what could be taken for an alias is escaped.
func quoted(_ text: String) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  let data = (try? encoder.encode(text)) ?? Data()
  let json = Array(escapingJSON(String(decoding: data, as: UTF8.self)).unicodeScalars)
  return json.indices.reduce(into: "") { result, place in
    result +=
      RecipeText.isAlias(json, at: place)
      ? "\\u00\(String(json[place].value, radix: 16))" : String(json[place])
  }
}
