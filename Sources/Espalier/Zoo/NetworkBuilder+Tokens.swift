import EspalierGraph

/// The shape of a transformer's activations, [1, length, width].
struct ZooTokens {
  var length: Int
  var width: Int
  var heads: Int

  var headWidth: Int { width / heads }
}

extension NetworkBuilder {
  /// A linear layer over the last axis: a product with a constant [inputs, outputs], and a bias.
  /// - Parameter gain: The deviation of what it gives for an input of variance 1.
  mutating func linear(
    _ x: Graph.ValueID, _ name: String, _ inputs: Int, _ outputs: Int, gain: Double = 1
  ) -> Graph.ValueID {
    let weight = weight(
      name + ".weight", [inputs, outputs], deviation: gain / Double(inputs).squareRoot())
    let bias = vector(name + ".bias", outputs, -0.1...0.1)
    let product = node("MatMul", [x, weight], name: name)
    return node("Add", [bias, product], name: name + ".add")
  }

  mutating func layerNorm(
    _ x: Graph.ValueID, _ name: String, _ width: Int, epsilon: Float
  ) -> Graph.ValueID {
    let scale = vector(name + ".weight", width, 0.8...1.2)
    let bias = vector(name + ".bias", width, -0.2...0.2)
    return node(
      "LayerNormalization", [x, scale, bias], name: name,
      attributes: ["axis": .integer(-1), "epsilon": .float(epsilon)])
  }

  /// The exact GELU in operators of opset 17: x / 2 * (1 + erf(x / sqrt 2)).
  mutating func gelu(_ x: Graph.ValueID, _ name: String) -> Graph.ValueID {
    let root = constant(name + ".root", Tensor([Float(2).squareRoot()], shape: []))
    let one = constant(name + ".one", Tensor([1], shape: []))
    let half = constant(name + ".half", Tensor([0.5], shape: []))
    let scaled = node("Div", [x, root], name: name + ".div")
    let erf = node("Erf", [scaled], name: name + ".erf")
    let gate = node("Add", [erf, one], name: name + ".add")
    let product = node("Mul", [x, gate], name: name + ".mul")
    return node("Mul", [product, half], name: name)
  }

  /// Softmax of the heads' products of queries and keys, applied to the values.
  /// - Parameters:
  ///   - mask: What is added to the scores; broadcast to [1, heads, length, length].
  mutating func attention(
    _ query: Graph.ValueID, _ key: Graph.ValueID, _ value: Graph.ValueID, _ name: String,
    _ tokens: ZooTokens, mask: Graph.ValueID? = nil
  ) -> Graph.ValueID {
    let split = [1, tokens.length, tokens.heads, tokens.headWidth]
    let q = heads(query, name + ".query", split, axes: [0, 2, 1, 3])
    let k = heads(key, name + ".key", split, axes: [0, 2, 3, 1])
    let v = heads(value, name + ".value", split, axes: [0, 2, 1, 3])
    let root = constant(
      name + ".scale", Tensor([Float(tokens.headWidth).squareRoot()], shape: []))
    let products = node("MatMul", [q, k], name: name + ".scores")
    var scores = node("Div", [products, root], name: name + ".scaled")
    if let mask { scores = node("Add", [scores, mask], name: name + ".masked") }
    let shares = node(
      "Softmax", [scores], name: name + ".softmax", attributes: ["axis": .integer(-1)])
    let mixed = node("MatMul", [shares, v], name: name + ".context")
    let joined = node(
      "Transpose", [mixed], name: name + ".join",
      attributes: ["perm": .integers([0, 2, 1, 3])])
    return reshape(joined, name + ".merge", [1, tokens.length, tokens.width])
  }

  mutating func reshape(_ x: Graph.ValueID, _ name: String, _ shape: [Int]) -> Graph.ValueID {
    let extents = constant(name + ".shape", Tensor(integers: shape.map { Int64($0) }))
    return node("Reshape", [x, extents], name: name)
  }

  private mutating func heads(
    _ x: Graph.ValueID, _ name: String, _ split: [Int], axes: [Int64]
  ) -> Graph.ValueID {
    node(
      "Transpose", [reshape(x, name + ".split", split)], name: name + ".heads",
      attributes: ["perm": .integers(axes)])
  }
}
