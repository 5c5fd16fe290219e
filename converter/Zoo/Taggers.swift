import EspalierGraph

extension Zoo.Architecture {
  static let lstmTagger = Self(
    "lstm_tagger", "two bidirectional LSTM layers over words, 17 tags, 32 tokens"
  ) {
    $0.tagger("LSTM", gates: 4)
  }

  static let gruTagger = Self(
    "gru_tagger", "two bidirectional GRU layers over words, 17 tags, 32 tokens"
  ) {
    $0.tagger("GRU", gates: 3)
  }
}

extension NetworkBuilder {
  /// From "input_ids" to "tags", a score of each tag for each token.
  fileprivate mutating func tagger(_ cell: String, gates: Int) {
    let (vocabulary, length, width, hidden, tags) = (8192, 32, 128, 256, 17)
    let words = embedded("embedding", vocabulary, length, width)
    var x = transpose(words, "time_first", [1, 0, 2])
    for (layer, inputs) in [width, 2 * hidden].enumerated() {
      x = recurrent(
        x, cell, "rnn.\(layer)", length: length, inputs: inputs, hidden: hidden, gates: gates)
    }
    let rows = transpose(x, "batch_first", [1, 0, 2])
    output("tags", linear(rows, "tag", 2 * hidden, tags, gain: 4), [1, length, tags])
  }

  /// A layer in both directions, as [length, 1, 2 * hidden].
  private mutating func recurrent(
    _ x: Graph.ValueID, _ cell: String, _ name: String, length: Int, inputs: Int, hidden: Int,
    gates: Int
  ) -> Graph.ValueID {
    let rows = gates * hidden
    let weight = weight(
      name + ".W", [2, rows, inputs], deviation: 1 / Double(inputs).squareRoot())
    let back = self.weight(
      name + ".R", [2, rows, hidden], deviation: 1 / Double(hidden).squareRoot())
    let bias = self.weight(name + ".B", [2, 2 * rows], deviation: 0.1)
    var attributes: [String: Attribute] = [
      "direction": .string(Array("bidirectional".utf8)), "hidden_size": .integer(Int64(hidden)),
    ]
    if cell == "GRU" { attributes["linear_before_reset"] = .integer(1) }
    let both = node(cell, [x, weight, back, bias], name: name, attributes: attributes)
    let joined = transpose(both, name + ".join", [0, 2, 1, 3])
    return reshape(joined, name + ".merge", [length, 1, 2 * hidden])
  }
}
