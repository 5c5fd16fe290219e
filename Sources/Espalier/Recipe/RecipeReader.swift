internal import EspalierLatencyReport
internal import EspalierPruning
internal import EspalierTensorFiles
internal import Foundation

extension Recipe {
  /// Reads a recipe, YAML or JSON.
  /// - Throws: `EspalierError` with 66 for a file that cannot be read, 78 for a recipe that is not
  ///   right: one line for each problem, with its line and column.
  public init(contentsOf path: String) throws(EspalierError) {
    let data: Data
    // A pipe would be waited for.
    guard isRegularFile(path) else {
      throw EspalierError(
        exitCode: 66, "\(path): there is no such recipe, or it is no regular file")
    }
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      data = try file.read(upToCount: RecipeText.largestSize + 1) ?? Data()
    } catch {
      throw EspalierError(exitCode: 66, "\(path): the recipe cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw EspalierError(exitCode: 78, "\(path): E2101: the recipe is not UTF-8")
    }
    try self.init(text: text, file: path)
  }

  /// - Parameter file: What messages call the recipe.
  /// - Throws: `EspalierError` with 78.
  public init(text: String, file: String) throws(EspalierError) {
    var reader = RecipeReader()
    let recipe: Recipe?
    do throws(RecipeProblem) {
      recipe = reader.recipe(try RecipeText.parse(text))
    } catch {
      reader.problems = [error]
      recipe = nil
    }
    guard let recipe, reader.problems.isEmpty else {
      let lines = reader.problems.map {
        escapingControls("\(file):\($0)", keepsLines: false)
      }
      throw EspalierError(exitCode: 78, lines.joined(separator: "\n"))
    }
    self = recipe
  }
}

/// Turns nodes into a recipe and notes every problem on the way.
private struct RecipeReader {
  var problems: [RecipeProblem] = []

  mutating func recipe(_ root: RecipeNode) -> Recipe? {
    guard case .mapping(let pairs, let place) = root else {
      return fault(root.place, .badType, "a recipe is a mapping with the key \"steps\"")
    }
    var seed: UInt64 = 1
    var nodes: [RecipeNode]?
    for (key, value) in pairs {
      switch name(key) {
      case "seed": seed = whole(value).map(UInt64.init) ?? seed
      case "steps":
        guard case .list(let items, _) = value, Recipe.stepCounts.contains(items.count)
        else {
          return fault(
            value.place, .badType, "steps is a list of 1 to \(Recipe.stepCounts.upperBound) steps")
        }
        nodes = items
      case let name?:
        let hint = nearest(to: name, among: ["seed", "steps"]).map { "; did you mean \"\($0)\"?" }
        note(
          key.place, .unknownKey, "unknown key \"\(name)\"\(hint ?? "; there are seed and steps")")
      case nil: break
      }
    }
    guard let nodes else { return fault(place, .missingKey, "the key \"steps\" is missing") }
    let steps = nodes.map { step($0) }
    guard problems.isEmpty else { return nil }
    do throws(RecipeFault) {
      return try Recipe(seed: seed, entries: steps.compactMap(\.self))
    } catch {
      return fault(nodes[error.step ?? 0].place, error.code, error.message)
    }
  }

  private mutating func step(_ node: RecipeNode) -> Recipe.Entry? {
    guard case .mapping(let pairs, let place) = node else {
      return fault(node.place, .badType, "a step is a mapping with the key \"pattern\"")
    }
    var named: [(name: String, key: RecipeNode, value: RecipeNode)] = []
    for (key, value) in pairs {
      if let name = name(key) { named.append((name, key, value)) }
    }
    guard let pattern = named.first(where: { $0.name == "pattern" }) else {
      return fault(place, .missingKey, "the step has no \"pattern\"")
    }
    guard case .scalar(let pattern, _, _) = pattern.value else {
      return fault(
        pattern.value.place, .badType, "pattern takes text, such as channel or block:16x8")
    }
    let keys =
      ChannelPruner.Pattern(rawValue: pattern) == nil ? RecipeKey.zeros : RecipeKey.channels
    let count = problems.count
    var options = PruningOptions()
    for (name, key, node) in named {
      guard let known = keys.first(where: { $0.name == name }) else {
        note(key.place, .unknownKey, RecipeKey.unknown(name, keys, pattern))
        continue
      }
      do throws(RecipeMisreading) { try known.read(node, &options) } catch {
        switch error {
        case .kind: note(node.place, .badType, "\(name) takes \(known.wanted)")
        case .value(let fault): note(node.place, .badValue, "\(name) \(fault)")
        }
        continue
      }
      if let fault = known.fault(options) { note(node.place, .badValue, "\(name) \(fault)") }
    }
    guard problems.count == count else { return nil }
    do throws(RecipeFault) { return try Recipe.Entry(options) } catch {
      return fault(place, error.code, error.message)
    }
  }

  private mutating func whole(_ node: RecipeNode) -> Int? {
    guard case .scalar(let text, isPlain: true, _) = node, let number = Int(text), number >= 0
    else { return fault(node.place, .badType, "seed takes a whole number from 0 to \(Int.max)") }
    return number
  }

  private mutating func name(_ key: RecipeNode) -> String? {
    guard case .scalar(let name, _, _) = key else {
      return fault(key.place, .badType, "a key is a word")
    }
    return name
  }

  private mutating func note(
    _ place: RecipePlace, _ code: RecipeFault.Code, _ message: String
  ) {
    problems.append(RecipeProblem(place, code, message))
  }

  private mutating func fault<Value>(
    _ place: RecipePlace, _ code: RecipeFault.Code, _ message: String
  ) -> Value? {
    note(place, code, message)
    return nil
  }
}
