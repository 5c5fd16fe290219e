internal import EspalierPruning

/// How values of one type stand in a recipe.
struct RecipeType<Value: Sendable>: Sendable {
  /// The kind of value, as the end of "takes".
  var wanted: String
  /// What a JSON Schema says of it.
  var schema: [(String, SchemaText)]
  var read: @Sendable (RecipeNode) throws(RecipeMisreading) -> Value
  var json: @Sendable (Value) -> String
  /// What is wrong with a value, as the end of a sentence; `nil` if nothing is.
  var fault: @Sendable (Value) -> String? = { _ in nil }
}

/// Why text is no value of a type.
enum RecipeMisreading: Error {
  /// It is of another kind.
  case kind
  /// It is wrong; as the end of a sentence.
  case value(String)
}

extension RecipeType {
  /// One of some names.
  static func choice(
    _ values: [Value]
  ) -> RecipeType where Value: RawRepresentable & Equatable, Value.RawValue == String {
    let names = values.map(\.rawValue)
    let wanted = names.joined(separator: ", ")
    let fault = { @Sendable (text: String) -> String in
      let nearest = nearest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return "takes \(wanted), not \"\(text)\"\(nearest)"
    }
    return RecipeType(
      wanted: wanted, schema: [("enum", .list(names.map { .text($0) }))],
      read: { node throws(RecipeMisreading) in
        let text = try node.text()
        guard let value = Value(rawValue: text), values.contains(value) else {
          throw .value(fault(text))
        }
        return value
      }, json: { quoted($0.rawValue) },
      fault: { values.contains($0) ? nil : fault($0.rawValue) })
  }
}

extension RecipeType<Double> {
  /// From 0, or above 0, to below 1.
  static func share(canBeZero: Bool) -> RecipeType {
    RecipeType(
      wanted: "a number from 0 to below 1",
      schema: [
        ("type", .text("number")), (canBeZero ? "minimum" : "exclusiveMinimum", .number(0)),
        ("exclusiveMaximum", .number(1)),
      ], read: { node throws(RecipeMisreading) in try node.share() }, json: numberJSON,
      fault: { number in
        let isShare = (canBeZero ? number >= 0 : number > 0) && number < 1
        guard !isShare else { return nil }
        let hint = (1..<100).contains(number) ? "; did you mean \(number / 100)?" : ""
        return "takes a share \(canBeZero ? "from 0" : "above 0") to below 1, "
          + "not \(numberJSON(number))\(hint)"
      })
  }
}

extension RecipeType<Int> {
  static func count(_ range: ClosedRange<Int>) -> RecipeType {
    let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return RecipeType(
      wanted: wanted,
      schema: [
        ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
        ("maximum", .number(range.upperBound)),
      ],
      read: { node throws(RecipeMisreading) in
        let number = try node.number()
        guard let count = Int(exactly: number) else {
          throw .value("takes \(wanted), not \(numberJSON(number))")
        }
        return count
      }, json: { "\($0)" },
      fault: { range.contains($0) ? nil : "takes \(wanted), not \($0)" })
  }
}

extension RecipeType<Bool> {
  static var flag: RecipeType {
    RecipeType(
      wanted: "true or false", schema: [("type", .text("boolean"))],
      read: { node throws(RecipeMisreading) in
        guard case .scalar(let text, isPlain: true, _) = node, ["true", "false"].contains(text)
        else { throw .kind }
        return text == "true"
      }, json: { $0 ? "true" : "false" })
  }
}

extension RecipeType<[String]> {
  /// Regular expressions.
  static var expressions: RecipeType {
    RecipeType(
      wanted: "a list of regular expressions",
      schema: [
        ("type", .text("array")),
        ("items", .object([("type", .text("string")), ("format", .text("regex"))])),
      ], read: { node throws(RecipeMisreading) in try node.texts() }, json: listJSON,
      fault: { $0.compactMap(faultOfExpression).first })
  }
}

extension RecipeType<[LayerShare]> {
  /// Regular expressions with a share each.
  static var shares: RecipeType {
    RecipeType(
      wanted: "a mapping of regular expressions to shares",
      schema: [
        ("type", .text("object")),
        (
          "additionalProperties",
          .object([
            ("type", .text("number")), ("exclusiveMinimum", .number(0)),
            ("exclusiveMaximum", .number(1)),
          ])
        ),
      ],
      read: { node throws(RecipeMisreading) in
        guard case .mapping(let pairs, _) = node else { throw .kind }
        var shares: [LayerShare] = []
        for (key, value) in pairs {
          shares.append(LayerShare(layers: try key.text(), share: try value.number()))
        }
        return shares
      },
      json: { shares in
        "{" + shares.map { "\(quoted($0.layers)): \($0.share)" }.joined(separator: ", ") + "}"
      },
      fault: { shares in
        shares.compactMap { entry in
          faultOfExpression(entry.layers)
            ?? (entry.share > 0 && entry.share < 1
              ? nil : "takes shares above 0 to below 1, not \(entry.share)")
        }.first
      })
  }
}

extension RecipeType<[ScoreFile]> {
  static var scores: RecipeType {
    RecipeType(
      wanted: "a list of FILE.safetensors or INITIALIZER=FILE.npy",
      schema: [
        ("type", .text("array")), ("minItems", .number(1)),
        (
          "items",
          .object([
            ("type", .text("string")), ("pattern", .text("^(.+\\.safetensors|.+=.+\\.npy)$")),
          ])
        ),
      ],
      read: { node throws(RecipeMisreading) in
        let texts = try node.texts()
        let files = texts.compactMap { ScoreFile(parsing: $0) }
        guard !texts.isEmpty, files.count == texts.count else {
          throw .value("takes a list of FILE.safetensors or INITIALIZER=FILE.npy")
        }
        return files
      }, json: { listJSON($0.map(\.description)) })
  }
}

extension RecipeType<Written<ChannelBudget>> {
  /// How much smaller the model gets.
  static var budget: RecipeType {
    RecipeType(
      wanted: "a budget, such as flops:2",
      schema: [
        ("type", .text("string")), ("pattern", .text("^(flops|params):[0-9]+(\\.[0-9]+)?$")),
      ],
      read: { node throws(RecipeMisreading) in
        let text = try node.text()
        do throws(PruningError) { return Written(try ChannelBudget(parsing: text), text) } catch {
          throw .value("is wrong: \(error.message)")
        }
      }, json: { quoted($0.text) })
  }
}

extension RecipeType<Written<StepPattern>> {
  private static var channelNames: [String] { ChannelPruner.Pattern.allCases.map(\.rawValue) }

  /// Channels or heads.
  static var channels: RecipeType {
    RecipeType(
      wanted: channelNames.joined(separator: ", "),
      schema: [("enum", .list(channelNames.map { .text($0) }))],
      read: { node throws(RecipeMisreading) in
        let text = try node.text()
        guard let pattern = ChannelPruner.Pattern(rawValue: text) else { throw .kind }
        return Written(.channels(pattern), text)
      }, json: { quoted($0.text) })
  }

  /// Zeros that kernels know.
  static var zeros: RecipeType {
    RecipeType(
      wanted: "a pattern, such as block:16x8",
      schema: [
        ("type", .text("string")),
        (
          "pattern",
          .text(
            "^(unstructured|block:\(number)x\(number)|nm:\(number):\(number)"
              + "|vnm:\(number):\(number):\(number))$")
        ),
      ],
      read: { node throws(RecipeMisreading) in
        let text = try node.text()
        do throws(PruningError) {
          return Written(.zeros(try PruningPattern(parsing: text)), text)
        } catch {
          let hint = nearest(to: text, among: channelNames).map { "; did you mean \($0)?" } ?? ""
          throw .value(
            "is wrong: \(error.message); channels go by "
              + channelNames.joined(separator: " or ") + hint)
        }
      }, json: { quoted($0.text) })
  }

  private static var number: String { "[1-9][0-9]*" }
}

extension RecipeType<Written<CalibrationSource>> {
  /// Arrays of samples, or noise.
  static var data: RecipeType {
    RecipeType(
      wanted: "a list of files, or noise",
      schema: [
        ("type", .text("array")), ("minItems", .number(1)),
        ("items", .object([("type", .text("string")), ("minLength", .number(1))])),
      ],
      read: { node throws(RecipeMisreading) in
        let texts = try node.texts()
        guard !texts.isEmpty, !texts.contains("") else {
          throw .value("takes a list of files, or noise")
        }
        return Written(try source(texts), listJSON(texts))
      }, json: { $0.text })
  }

  private static func source(_ texts: [String]) throws(RecipeMisreading) -> CalibrationSource {
    if texts == ["synthetic"] { return .synthetic }
    guard texts[0] == "noise" || texts[0].hasPrefix("noise:") else {
      return .arrays(texts.map { CalibrationArray(parsing: $0) })
    }
    let parts = texts[0].split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 1, texts.count == 1 { return .noise(mean: 0, deviation: 1) }
    guard texts.count == 1, parts.count == 3, let mean = decimal(parts[1]),
      let deviation = decimal(parts[2]), mean.isFinite, deviation.isFinite, deviation > 0
    else {
      throw .value(
        "\"\(texts.joined(separator: " "))\" is not noise or noise:MEAN:DEVIATION, alone and with a "
          + "deviation above 0")
    }
    return .noise(mean: mean, deviation: deviation)
  }
}

private func faultOfExpression(_ text: String) -> String? {
  (try? Regex(text)) == nil ? "takes regular expressions, and \"\(text)\" is none" : nil
}

/// A number in digits: not in hexadecimal, nor in words.
private func decimal(_ text: some StringProtocol) -> Double? {
  let form = /[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?/
  return String(text).wholeMatch(of: form) == nil ? nil : Double(text)
}

func numberJSON(_ number: Double) -> String { Int(exactly: number).map { "\($0)" } ?? "\(number)" }

func listJSON(_ texts: [String]) -> String {
  "[" + texts.map(quoted).joined(separator: ", ") + "]"
}

extension RecipeNode {
  fileprivate func text() throws(RecipeMisreading) -> String {
    guard case .scalar(let text, _, _) = self else { throw .kind }
    return text
  }

  /// A number written in digits, without quotation marks.
  fileprivate func number() throws(RecipeMisreading) -> Double {
    guard case .scalar(let text, isPlain: true, _) = self, let number = decimal(text),
      number.isFinite
    else { throw .kind }
    return number
  }

  /// A number; one in per cent is told what it is as a share.
  fileprivate func share() throws(RecipeMisreading) -> Double {
    if case .scalar(let text, isPlain: true, _) = self, text.hasSuffix("%"),
      let number = Double(text.dropLast()), number.isFinite
    {
      throw .value("takes a share to below 1, not \(text); did you mean \(number / 100)?")
    }
    return try number()
  }

  fileprivate func texts() throws(RecipeMisreading) -> [String] {
    guard case .list(let items, _) = self else { throw .kind }
    var texts: [String] = []
    for item in items { texts.append(try item.text()) }
    return texts
  }
}
