import EspalierGraph

extension Zoo.Architecture {
  static let gptDecoder = Self(
    "gpt_decoder", "decoder as in GPT-2 (Radford et al., 2019; L=4, H=512, A=8), 64 tokens"
  ) {
    $0.gptDecoder(ZooTokens(length: 64, width: 512, heads: 8), layers: 4, vocabulary: 8192)
  }
}

extension NetworkBuilder {
  /// From "input_ids" to "logits" of the next token, with a head of its own.
  fileprivate mutating func gptDecoder(_ tokens: ZooTokens, layers: Int, vocabulary: Int) {
    let words = embedded("transformer.wte", vocabulary, tokens.length, tokens.width)
    let table = weight("transformer.wpe.weight", [1024, tokens.width], deviation: 0.5)
    let places = constant(
      "position_ids",
      Tensor(integers: (0..<tokens.length).map { Int64($0) }, shape: [1, tokens.length]))
    let rows = node("Gather", [table, places], name: "transformer.wpe")
    var x = node("Add", [words, rows], name: "transformer.add")
    let mask = causalMask(tokens.length)
    for layer in 0..<layers { x = gptLayer(x, "transformer.h.\(layer)", tokens, mask) }
    x = layerNorm(x, "transformer.ln_f", tokens.width, epsilon: 1e-5)
    let logits = product(x, "lm_head", tokens.width, vocabulary)
    output("logits", logits, [1, tokens.length, vocabulary])
  }

  private mutating func gptLayer(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens, _ mask: Graph.ValueID
  ) -> Graph.ValueID {
    let width = tokens.width
    let normed = layerNorm(x, name + ".ln_1", width, epsilon: 1e-5)
    let joint = rows(normed, name + ".attn.c_attn", tokens, width, 3 * width, gain: 1.4)
    let parts = split(joint, name + ".attn.split", 3)
    let mixed = attention(
      parts[0], parts[1], parts[2], name + ".attn", tokens, mask: .kept(mask))
    let projected = rows(mixed, name + ".attn.c_proj", tokens, width, width)
    let attended = node("Add", [projected, x], name: name + ".add_1")
    let second = layerNorm(attended, name + ".ln_2", width, epsilon: 1e-5)
    let hidden = smoothGELU(
      rows(second, name + ".mlp.c_fc", tokens, width, 4 * width), name + ".mlp.act")
    let output = rows(hidden, name + ".mlp.c_proj", tokens, 4 * width, width)
    return node("Add", [attended, output], name: name + ".add_2")
  }

  /// A linear layer as GPT-2's exports have it: a Gemm of the tokens as rows.
  private mutating func rows(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens, _ inputs: Int, _ outputs: Int,
    gain: Double = 1
  ) -> Graph.ValueID {
    let weight = weight(
      name + ".weight", [inputs, outputs], deviation: gain / Double(inputs).squareRoot())
    let bias = vector(name + ".bias", outputs, -0.1...0.1)
    let flat = reshape(x, name + ".rows", [tokens.length, inputs])
    let product = node("Gemm", [flat, weight, bias], name: name)
    return reshape(product, name + ".tokens", [1, tokens.length, outputs])
  }

  /// GELU by tanh: x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
  private mutating func smoothGELU(_ x: Graph.ValueID, _ name: String) -> Graph.ValueID {
    func scalar(_ part: String, _ value: Float) -> Graph.ValueID {
      constant("\(name).\(part)", Tensor([value], shape: []))
    }
    let half = node("Mul", [x, scalar("half", 0.5)], name: name + ".halved")
    let cube = node("Pow", [x, scalar("three", 3)], name: name + ".cube")
    let bent = node("Mul", [cube, scalar("cubic", 0.044715)], name: name + ".bent")
    let sum = node("Add", [x, bent], name: name + ".sum")
    let scaled = node("Mul", [sum, scalar("root", 0.797_884_56)], name: name + ".scaled")
    let bounded = node("Tanh", [scaled], name: name + ".tanh")
    let gate = node("Add", [bounded, scalar("one", 1)], name: name + ".gate")
    return node("Mul", [half, gate], name: name)
  }
}
