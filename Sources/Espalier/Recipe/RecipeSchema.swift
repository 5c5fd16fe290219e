internal import EspalierPruning

extension Recipe {
  /// The JSON Schema of recipes, as docs/recipe.schema.json publishes it.
  public static var schema: String {
    SchemaText.object([
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text("Espalier recipe")),
      ("description", .text("What `espalier prune --recipe` does to a model, step by step.")),
      ("type", .text("object")), ("additionalProperties", .flag(false)),
      ("required", .list([.text("steps")])),
      (
        "properties",
        .object([
          (
            "seed",
            .object([
              ("description", .text("Seed of what is drawn at random.")),
              ("type", .text("integer")), ("minimum", .number(0)), ("default", .number(1)),
            ])
          ),
          (
            "steps",
            .object([
              (
                "description",
                .text("Steps in order; those that remove channels or heads come first.")
              ), ("type", .text("array")), ("minItems", .number(1)), ("maxItems", .number(32)),
              (
                "items",
                .object([
                  (
                    "oneOf",
                    .list([
                      step(
                        RecipeKey.channels,
                        more: [
                          (
                            "oneOf",
                            .list(
                              ["budget", "sparsity"].map {
                                .object([("required", .list([.text($0)]))])
                              })
                          )
                        ]), step(RecipeKey.zeros, more: []),
                    ])
                  )
                ])
              ),
            ])
          ),
        ])
      ),
    ]).text() + "\n"
  }

  private static func step(_ keys: [RecipeKey], more: [(String, SchemaText)]) -> SchemaText {
    .object(
      [
        ("type", .text("object")), ("additionalProperties", .flag(false)),
        ("required", .list([.text("pattern")])),
        ("properties", .object(keys.map { ($0.name, .object($0.schema)) })),
      ] + more)
  }
}

extension RecipeKey {
  fileprivate var schema: [(String, SchemaText)] {
    var entries: [(String, SchemaText)] = [("description", .text(summary))]
    switch kind {
    case .choice(let names):
      entries.append(("enum", .list(names.map { .text($0) })))
    case .pattern:
      let number = "[1-9][0-9]*"
      entries += [
        ("type", .text("string")),
        (
          "pattern",
          .text(
            "^(unstructured|block:\(number)x\(number)|nm:\(number):\(number)"
              + "|vnm:\(number):\(number):\(number))$")
        ),
      ]
    case .budget:
      entries += [
        ("type", .text("string")), ("pattern", .text("^(flops|params):[0-9]+(\\.[0-9]+)?$")),
      ]
    case .share(let canBeZero):
      entries += [
        ("type", .text("number")), (canBeZero ? "minimum" : "exclusiveMinimum", .number(0)),
        ("exclusiveMaximum", .number(1)),
      ]
    case .count(let range):
      entries += [
        ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
        ("maximum", .number(range.upperBound)),
      ]
    case .flag: entries.append(("type", .text("boolean")))
    case .expressions:
      entries += [
        ("type", .text("array")),
        ("items", .object([("type", .text("string")), ("format", .text("regex"))])),
      ]
    case .scores:
      entries += [
        ("type", .text("array")), ("minItems", .number(1)),
        (
          "items",
          .object([
            ("type", .text("string")), ("pattern", .text("^(.+\\.safetensors|.+=.+\\.npy)$")),
          ])
        ),
      ]
    case .data:
      entries += [
        ("type", .text("array")), ("minItems", .number(1)),
        ("items", .object([("type", .text("string")), ("minLength", .number(1))])),
      ]
    case .shares:
      entries += [
        ("type", .text("object")),
        (
          "additionalProperties",
          .object([
            ("type", .text("number")), ("exclusiveMinimum", .number(0)),
            ("exclusiveMaximum", .number(1)),
          ])
        ),
      ]
    }
    if let fallback { entries.append(("default", .raw(fallback.json))) }
    return entries
  }
}

/// JSON whose keys keep their order.
private indirect enum SchemaText {
  case object([(String, SchemaText)])
  case list([SchemaText])
  case text(String)
  case number(Int)
  case flag(Bool)
  case raw(String)

  func text(_ indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .object(let entries):
      return "{\n"
        + entries.map { "\(inner)\(quoted($0.0)): \($0.1.text(inner))" }.joined(separator: ",\n")
        + "\n\(indent)}"
    case .list(let items):
      let isShort = items.allSatisfy { if case .text = $0 { true } else { false } }
      return isShort
        ? "[" + items.map { $0.text() }.joined(separator: ", ") + "]"
        : "[\n" + items.map { inner + $0.text(inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .text(let text): return quoted(text)
    case .number(let number): return "\(number)"
    case .flag(let flag): return flag ? "true" : "false"
    case .raw(let json): return json
    }
  }
}
