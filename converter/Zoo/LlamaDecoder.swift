import EspalierGraph
import Foundation

extension Zoo.Architecture {
  static let llamaDecoder = Self(
    "llama_decoder",
    "decoder as in Llama 2 (Touvron et al., 2023; L=4, H=512, A=8, KV=2), 64 tokens"
  ) {
    $0.llamaDecoder(ZooTokens(length: 64, width: 512, heads: 8), groups: 2, layers: 4)
  }
}

extension NetworkBuilder {
  /// From "input_ids" to "logits" of the next token.
  /// - Parameter groups: Heads of keys and values; each serves as many heads of queries.
  fileprivate mutating func llamaDecoder(_ tokens: ZooTokens, groups: Int, layers: Int) {
    let (vocabulary, hidden) = (8192, 1376)
    var x = embedded("model.embed_tokens", vocabulary, tokens.length, tokens.width)
    let mask = causalMask(tokens.length)
    let turns = rotations(tokens)
    for layer in 0..<layers {
      let name = "model.layers.\(layer)"
      let normed = rmsNorm(x, name + ".input_layernorm", tokens.width)
      let mixed = groupedAttention(
        normed, name + ".self_attn", tokens, groups: groups, turns, mask: .kept(mask))
      x = node("Add", [x, mixed], name: name + ".add_1")
      let second = rmsNorm(x, name + ".post_attention_layernorm", tokens.width)
      let output = gatedLayers(second, name + ".mlp", tokens.width, hidden)
      x = node("Add", [x, output], name: name + ".add_2")
    }
    x = rmsNorm(x, "model.norm", tokens.width)
    output(
      "logits", product(x, "lm_head", tokens.width, vocabulary), [1, tokens.length, vocabulary])
  }

  /// Cosines and sines of each place's angles, [1, 1, length, head width], from 32 frequencies.
  private mutating func rotations(
    _ tokens: ZooTokens
  ) -> (cosine: Graph.ValueID, sine: Graph.ValueID) {
    let half = tokens.headWidth / 2
    let frequencies = (0..<half).map { Float(pow(10_000, -Double($0) / Double(half))) }
    let inverse = fixed("rotary.inv_freq", Tensor(frequencies, shape: [1, 1, 1, half]))
    let places = fixed(
      "rotary.places",
      Tensor((0..<tokens.length).map { Float($0) }, shape: [1, 1, tokens.length, 1]))
    let angles = node("MatMul", [places, inverse], name: "rotary.angles")
    let twice = node(
      "Concat", [angles, angles], name: "rotary.twice", attributes: ["axis": .integer(-1)])
    return (
      node("Cos", [twice], name: "rotary.cos"), node("Sin", [twice], name: "rotary.sin")
    )
  }

  private mutating func groupedAttention(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens, groups: Int,
    _ turns: (cosine: Graph.ValueID, sine: Graph.ValueID), mask: ZooMask
  ) -> Graph.ValueID {
    let narrow = groups * tokens.headWidth
    func apart(_ part: String, _ outputs: Int, gain: Double) -> Graph.ValueID {
      let y = product(x, "\(name).\(part)_proj", tokens.width, outputs, gain: gain)
      return heads(
        y, "\(name).\(part)",
        [1, tokens.length, outputs / tokens.headWidth, tokens.headWidth], axes: [0, 2, 1, 3])
    }
    let query = turned(apart("q", tokens.width, gain: 1.4), name + ".q", tokens, turns)
    let key = turned(apart("k", narrow, gain: 1.4), name + ".k", tokens, turns)
    let value = apart("v", narrow, gain: 1)
    let keys = transpose(
      repeated(key, name + ".k", tokens, groups), name + ".k.turned", [0, 1, 3, 2])
    let values = repeated(value, name + ".v", tokens, groups)
    let mixed = mixed(query, keys, values, name, tokens, mask: mask)
    return product(mixed, name + ".o_proj", tokens.width, tokens.width)
  }

  /// Rotates pairs of features by their place: the first half of a head with its second half.
  private mutating func turned(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens,
    _ turns: (cosine: Graph.ValueID, sine: Graph.ValueID)
  ) -> Graph.ValueID {
    let half = tokens.headWidth / 2
    let first = sliced(x, name + ".first", axis: 3, 0..<half)
    let second = sliced(x, name + ".second", axis: 3, half..<tokens.headWidth)
    let negated = node("Neg", [second], name: name + ".negated")
    let crossed = node(
      "Concat", [negated, first], name: name + ".crossed", attributes: ["axis": .integer(-1)])
    let along = node("Mul", [x, turns.cosine], name: name + ".cos")
    let across = node("Mul", [crossed, turns.sine], name: name + ".sin")
    return node("Add", [along, across], name: name + ".rotary")
  }

  /// Each head of keys or values once for every head of queries that it serves.
  private mutating func repeated(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens, _ groups: Int
  ) -> Graph.ValueID {
    let (length, width) = (tokens.length, tokens.headWidth)
    let axis = constant(name + ".repeat.axis", Tensor(integers: [2]))
    let spread = node("Unsqueeze", [x, axis], name: name + ".repeat.unsqueeze")
    let shape = constant(
      name + ".repeat.extents",
      Tensor(integers: [1, groups, tokens.heads / groups, length, width].map { Int64($0) }))
    let copies = node("Expand", [spread, shape], name: name + ".repeat.expand")
    return reshape(copies, name + ".repeat", [1, tokens.heads, length, width])
  }

  /// x / sqrt(mean x²), times a scale for each feature.
  private mutating func rmsNorm(
    _ x: Graph.ValueID, _ name: String, _ width: Int
  ) -> Graph.ValueID {
    let two = constant(name + ".two", Tensor([2], shape: []))
    let epsilon = constant(name + ".epsilon", Tensor([1e-5], shape: []))
    let one = constant(name + ".one", Tensor([1], shape: []))
    let squares = node("Pow", [x, two], name: name + ".square")
    let mean = node(
      "ReduceMean", [squares], name: name + ".mean",
      attributes: ["axes": .integers([-1]), "keepdims": .integer(1)])
    let sum = node("Add", [mean, epsilon], name: name + ".sum")
    let root = node("Sqrt", [sum], name: name + ".root")
    let factor = node("Div", [one, root], name: name + ".factor")
    let scaled = node("Mul", [x, factor], name: name + ".scaled")
    let scale = vector(name + ".weight", width, 0.8...1.2)
    return node("Mul", [scale, scaled], name: name)
  }

  /// SwiGLU: one product gates another.
  private mutating func gatedLayers(
    _ x: Graph.ValueID, _ name: String, _ width: Int, _ hidden: Int
  ) -> Graph.ValueID {
    let gate = product(x, name + ".gate_proj", width, hidden, gain: 1.4)
    let sigmoid = node("Sigmoid", [gate], name: name + ".act_fn.sigmoid")
    let silu = node("Mul", [gate, sigmoid], name: name + ".act_fn")
    let up = product(x, name + ".up_proj", width, hidden)
    let joined = node("Mul", [silu, up], name: name + ".mul")
    return product(joined, name + ".down_proj", hidden, width)
  }
}
