internal import Foundation
internal import Yams

/// A recipe's YAML as plain values with places: no tags, no anchors, one document.
indirect enum RecipeNode {
  case scalar(String, isPlain: Bool, RecipePlace)
  case list([RecipeNode], RecipePlace)
  case mapping([(key: RecipeNode, value: RecipeNode)], RecipePlace)

  var place: RecipePlace {
    switch self {
    case .scalar(_, _, let place), .list(_, let place), .mapping(_, let place): place
    }
  }
}

/// A line and a column, both from 1.
struct RecipePlace: Equatable, CustomStringConvertible {
  var line: Int
  var column: Int

  var description: String { "\(line):\(column)" }
}

/// A fault and where it is.
struct RecipeProblem: Error, CustomStringConvertible {
  var place: RecipePlace
  var fault: RecipeFault

  init(_ place: RecipePlace, _ code: RecipeFault.Code, _ message: String) {
    (self.place, fault) = (place, RecipeFault(code, message))
  }

  var description: String { "\(place): \(fault)" }
}

/// Reads the text of a recipe.
enum RecipeText {
  /// 1 MiB: no recipe is near it.
  static let largestSize = 1 << 20

  static func parse(_ text: String) throws(RecipeProblem) -> RecipeNode {
    let start = RecipePlace(line: 1, column: 1)
    guard text.utf8.count <= largestSize else {
      throw RecipeProblem(start, .tooLarge, "a recipe has at most \(largestSize) bytes")
    }
    try refuseAliases(text)
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch {
      throw RecipeProblem(error as? YamlError)
    }
    guard let root else { throw RecipeProblem(start, .missingKey, "the recipe is empty") }
    return try node(root)
  }

  /// Tags that the parser itself gives to quoted text and to keys.
  private static let ownTags = Set(
    ["str", "int", "float", "bool", "null", "seq", "map", "merge", "timestamp", "value"].map {
      "tag:yaml.org,2002:\($0)"
    })

  private static func node(_ node: Node) throws(RecipeProblem) -> RecipeNode {
    let place = RecipePlace(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    func check(_ tag: Tag) throws(RecipeProblem) {
      guard tag.rawValue.isEmpty || ownTags.contains(tag.rawValue) else {
        throw RecipeProblem(place, .badSyntax, "tags such as \(tag.rawValue) are not taken")
      }
    }
    switch node {
    case .scalar(let scalar):
      try check(scalar.tag)
      return .scalar(scalar.string, isPlain: scalar.style == .plain, place)
    case .sequence(let sequence):
      try check(sequence.tag)
      var items: [RecipeNode] = []
      for item in sequence { items.append(try self.node(item)) }
      return .list(items, place)
    case .mapping(let mapping):
      try check(mapping.tag)
      var pairs: [(key: RecipeNode, value: RecipeNode)] = []
      for (key, value) in mapping {
        pairs.append((try self.node(key), try self.node(value)))
      }
      return .mapping(pairs, place)
    case .alias:
      throw RecipeProblem(place, .badSyntax, "aliases are not taken")
    }
  }

  /// Refuses anchors and aliases before the parser expands them: a few lines could make it work for
  /// hours. Quotation marks do not protect, since only a parser knows which of them count.
  private static func refuseAliases(_ text: String) throws(RecipeProblem) {
    var place = RecipePlace(line: 1, column: 1)
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let scalars = Array(line.unicodeScalars)
      // A line of comment may say what it likes, unless it could be the inside of a quotation.
      let isComment = scalars.first { $0 != " " } == "#" && !line.contains { "\"'".contains($0) }
      if !isComment, let column = scalars.indices.first(where: { isAlias(scalars, at: $0) }) {
        place.column = column + 1
        throw RecipeProblem(
          place, .badSyntax,
          "anchors and aliases are not taken; inside quotation marks write \\x2A for *, \\x26 for &"
        )
      }
      place.line += 1
    }
  }

  /// Whether a parser might find an anchor or an alias here.
  static func isAlias(_ text: [Unicode.Scalar], at place: Int) -> Bool {
    guard text[place] == "*" || text[place] == "&" else { return false }
    if place > 0 {
      let before = text[place - 1]
      let ends = "[]{},:\"'".unicodeScalars
      if before.isASCII, before.value > 0x20, !ends.contains(before) { return false }
    }
    guard place + 1 < text.count else { return false }
    let after = text[place + 1]
    return !after.isASCII || after.properties.isAlphabetic || after == "_" || after == "-"
      || ("0"..."9").contains(after)
  }
}

extension RecipeProblem {
  /// What the parser says; its own kind of error without a place stands for the whole file.
  fileprivate init(_ error: YamlError?) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(RecipePlace(line: mark.line, column: mark.column), .badSyntax, problem)
    case .duplicatedKeysInMapping(let keys, let context):
      self.init(
        RecipePlace(line: context.mark.line, column: context.mark.column), .badSyntax,
        "the key \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) is there twice")
    case .reader(let problem, _, _, _):
      self.init(RecipePlace(line: 1, column: 1), .badSyntax, problem)
    default:
      self.init(RecipePlace(line: 1, column: 1), .badSyntax, "this is not YAML")
    }
  }
}
