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
                        RecipeKey.channels, defaults: channelDefaults,
                        more: [
                          (
                            "oneOf",
                            .list(
                              ["budget", "sparsity"].map {
                                .object([("required", .list([.text($0)]))])
                              })
                          )
                        ]), step(RecipeKey.zeros, defaults: zeroDefaults, more: []),
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

  private static func step(
    _ keys: [RecipeKey], defaults: PruningOptions, more: [(String, SchemaText)]
  ) -> SchemaText {
    let properties = keys.map { key in
      let known = key.hasDefault ? key.json(defaults).map { [("default", SchemaText.raw($0))] } : []
      return (
        key.name,
        SchemaText.object([("description", .text(key.summary))] + key.schema + (known ?? []))
      )
    }
    return .object(
      [
        ("type", .text("object")), ("additionalProperties", .flag(false)),
        ("required", .list([.text("pattern")])), ("properties", .object(properties)),
      ] + more)
  }

  /// What holds where a step says no more than it must.
  private static var channelDefaults: PruningOptions {
    PruningOptions(.channels(ChannelStep(budget: .channels(share: 0))))
  }
  private static var zeroDefaults: PruningOptions {
    guard let pruner = try? MagnitudePruner(pattern: .strict(kept: 2, of: 4)) else {
      preconditionFailure("2:4 is a pattern")
    }
    return PruningOptions(.zeros(ZeroStep(pruner)))
  }
}

/// JSON whose keys keep their order.
indirect enum SchemaText: Sendable {
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
