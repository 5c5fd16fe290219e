import EspalierGraph

extension Zoo.Architecture {
  static let visionTransformerB16 = Self(
    "vit_b_16", "ViT-B/16 (Dosovitskiy et al., 2020), 1x3x224x224"
  ) {
    $0.visionTransformer(patch: 16, width: 768, heads: 12, layers: 12)
  }
}

extension NetworkBuilder {
  fileprivate mutating func visionTransformer(patch: Int, width: Int, heads: Int, layers: Int) {
    let patches = (imageSize / patch) * (imageSize / patch)
    let tokens = ZooTokens(length: patches + 1, width: width, heads: heads)
    var x = patchEmbedding(patch, patches, width)
    for layer in 0..<layers {
      x = encoderLayer(x, "encoder.layers.encoder_layer_\(layer)", tokens)
    }
    x = layerNorm(x, "encoder.ln", width, epsilon: 1e-6)
    let first = constant("class_index", Tensor(integers: [0], shape: []))
    let classToken = node(
      "Gather", [x, first], name: "class_token.out", attributes: ["axis": .integer(1)])
    let weight = weight(
      "heads.head.weight", [1000, width], deviation: 1 / Double(width).squareRoot())
    let bias = vector("heads.head.bias", 1000, -0.1...0.1)
    let logits = node(
      "Gemm", [classToken, weight, bias], name: "heads.head",
      attributes: ["transB": .integer(1)])
    output("logits", logits, [1, 1000])
  }

  /// Patches as tokens behind the class token, with their places added: [1, patches + 1, width].
  private mutating func patchEmbedding(
    _ patch: Int, _ patches: Int, _ width: Int
  ) -> Graph.ValueID {
    let fanIn = 3 * patch * patch
    let weight = weight(
      "conv_proj.weight", [width, 3, patch, patch], deviation: 1 / Double(fanIn).squareRoot())
    let bias = vector("conv_proj.bias", width, -0.1...0.1)
    let extent = Int64(patch)
    let projected = node(
      "Conv", [image().value, weight, bias], name: "conv_proj",
      attributes: [
        "kernel_shape": .integers([extent, extent]), "strides": .integers([extent, extent]),
      ])
    let flat = reshape(projected, "conv_proj.flatten", [1, width, patches])
    let rows = node(
      "Transpose", [flat], name: "conv_proj.tokens", attributes: ["perm": .integers([0, 2, 1])])
    let classToken = self.weight("class_token", [1, 1, width], deviation: 0.5)
    let all = node(
      "Concat", [classToken, rows], name: "tokens", attributes: ["axis": .integer(1)])
    let places = self.weight(
      "encoder.pos_embedding", [1, patches + 1, width], deviation: 0.2)
    return node("Add", [all, places], name: "encoder.pos_add")
  }

  private mutating func encoderLayer(
    _ x: Graph.ValueID, _ name: String, _ tokens: ZooTokens
  ) -> Graph.ValueID {
    let width = tokens.width
    let attentionName = name + ".self_attention"
    let normed = layerNorm(x, name + ".ln_1", width, epsilon: 1e-6)
    // One product gives queries, keys and values; scores vary enough for some tokens to matter more.
    let joint = linear(normed, attentionName + ".in_proj", width, 3 * width, gain: 1.4)
    let parts = split(joint, attentionName + ".in_proj.split", 3)
    let mixed = attention(parts[0], parts[1], parts[2], attentionName, tokens)
    let projected = linear(mixed, attentionName + ".out_proj", width, width)
    let attended = node("Add", [projected, x], name: name + ".add_1")
    let second = layerNorm(attended, name + ".ln_2", width, epsilon: 1e-6)
    let hidden = gelu(linear(second, name + ".mlp.0", width, 4 * width), name + ".mlp.1")
    let output = linear(hidden, name + ".mlp.3", 4 * width, width)
    return node("Add", [attended, output], name: name + ".add_2")
  }
}
