import EspalierGraph

extension Zoo.Architecture {
  static let bertSmall = Self(
    "bert_small", "BERT-small encoder (Turc et al., 2019; L=4, H=512, A=8), 128 tokens"
  ) {
    $0.bert(ZooTokens(length: 128, width: 512, heads: 8), layers: 4, vocabulary: 30522)
  }
}

extension NetworkBuilder {
  /// The encoder with its pooler: "last_hidden_state" and "pooler_output".
  fileprivate mutating func bert(_ tokens: ZooTokens, layers: Int, vocabulary: Int) {
    let words = input("input_ids", TensorType(.int64, [1, tokens.length]))
    let mask = input("attention_mask", TensorType(.int64, [1, tokens.length]))
    let scoreMask = additiveMask(mask)
    var x = embeddings(words, tokens, vocabulary)
    for layer in 0..<layers {
      x = bertLayer(x, "encoder.layer.\(layer)", tokens, mask: scoreMask)
    }
    let first = constant("pooler.index", Tensor(integers: [0], shape: []))
    let start = node("Gather", [x, first], name: "pooler.first", attributes: ["axis": .integer(1)])
    let weight = weight(
      "pooler.dense.weight", [tokens.width, tokens.width],
      deviation: 1 / Double(tokens.width).squareRoot())
    let bias = vector("pooler.dense.bias", tokens.width, -0.1...0.1)
    let dense = node(
      "Gemm", [start, weight, bias], name: "pooler.dense", attributes: ["transB": .integer(1)])
    let pooled = node("Tanh", [dense], name: "pooler.activation")
    output("last_hidden_state", x, [1, tokens.length, tokens.width])
    output("pooler_output", pooled, [1, tokens.width])
  }

  /// The sum of what a token, its place and its segment (always the first) stand for, normalised.
  private mutating func embeddings(
    _ words: Graph.ValueID, _ tokens: ZooTokens, _ vocabulary: Int
  ) -> Graph.ValueID {
    let places = constant(
      "embeddings.position_ids",
      Tensor(integers: (0..<tokens.length).map { Int64($0) }, shape: [1, tokens.length]))
    let segments = constant(
      "embeddings.token_type_ids",
      Tensor(integers: Array(repeating: 0, count: tokens.length), shape: [1, tokens.length]))
    var sum: Graph.ValueID?
    for (name, rows, indices, deviation) in [
      ("word", vocabulary, words, 1.0), ("token_type", 2, segments, 0.2),
      ("position", 512, places, 0.3),
    ] {
      let name = "embeddings.\(name)_embeddings"
      let table = weight(name + ".weight", [rows, tokens.width], deviation: deviation)
      let rows = node("Gather", [table, indices], name: name)
      sum = sum.map { node("Add", [$0, rows], name: name + ".add") } ?? rows
    }
    return layerNorm(sum!, "embeddings.LayerNorm", tokens.width, epsilon: 1e-12)
  }

  /// 0 where a token counts and a large negative number where it does not: [1, 1, 1, length].
  private mutating func additiveMask(_ mask: Graph.ValueID) -> Graph.ValueID {
    let axes = constant("mask.axes", Tensor(integers: [1, 2]))
    let one = constant("mask.one", Tensor([1], shape: []))
    let lowest = constant("mask.lowest", Tensor([-10000], shape: []))
    let spread = node("Unsqueeze", [mask, axes], name: "mask.unsqueeze")
    let real = node(
      "Cast", [spread], name: "mask.cast",
      attributes: ["to": .integer(Int64(ElementType.float32.rawValue))])
    let inverted = node("Sub", [one, real], name: "mask.invert")
    return node("Mul", [inverted, lowest], name: "mask.scores")
  }

  private mutating func bertLayer(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens, mask: Graph.ValueID
  ) -> Graph.ValueID {
    let width = tokens.width
    let attentionName = name + ".attention.self"
    let query = linear(x, attentionName + ".query", width, width, gain: 1.4)
    let key = linear(x, attentionName + ".key", width, width, gain: 1.4)
    let value = linear(x, attentionName + ".value", width, width)
    let mixed = attention(query, key, value, attentionName, tokens, mask: .added(mask))
    let projected = linear(mixed, name + ".attention.output.dense", width, width)
    let attended = layerNorm(
      node("Add", [projected, x], name: name + ".attention.output.add"),
      name + ".attention.output.LayerNorm", width, epsilon: 1e-12)
    let hidden = gelu(
      linear(attended, name + ".intermediate.dense", width, 4 * width),
      name + ".intermediate.gelu")
    let dense = linear(hidden, name + ".output.dense", 4 * width, width)
    return layerNorm(
      node("Add", [dense, attended], name: name + ".output.add"), name + ".output.LayerNorm",
      width, epsilon: 1e-12)
  }
}
