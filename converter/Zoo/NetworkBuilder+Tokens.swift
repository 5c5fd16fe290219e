import EspalierGraph

/// The shape of a transformer's activations, [1, length, width].
struct ZooTokens {
  var length: Int
  var width: Int
  var heads: Int

  var headWidth: Int { width / heads }
}

/// What attention does with scores of tokens that may not see each other.
enum ZooMask {
  /// Adds a large negative number; broadcast to [1, heads, length, length].
  case added(Graph.ValueID)
  /// Keeps scores where the mask is true; broadcast to [1, heads, length, length].
  case kept(Graph.ValueID)
}

extension NetworkBuilder {
  /// A linear layer over the last axis: a product with a constant [inputs, outputs], and a bias.
  /// - Parameter gain: The deviation of what it gives for an input of variance 1.
  mutating func linear(
    _ x: Graph.ValueID, _ name: String, _ inputs: Int, _ outputs: Int, gain: Double = 1
  ) -> Graph.ValueID {
    let product = product(x, name, inputs, outputs, gain: gain)
    let bias = vector(name + ".bias", outputs, -0.1...0.1)
    return node("Add", [bias, product], name: name + ".add")
  }

  /// A linear layer without bias.
  mutating func product(
    _ x: Graph.ValueID, _ name: String, _ inputs: Int, _ outputs: Int, gain: Double = 1
  ) -> Graph.ValueID {
    let weight = weight(
      name + ".weight", [inputs, outputs], deviation: gain / Double(inputs).squareRoot())
    return node("MatMul", [x, weight], name: name)
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
  mutating func attention(
    _ query: Graph.ValueID, _ key: Graph.ValueID, _ value: Graph.ValueID, _ name: String,
    _ tokens: ZooTokens, mask: ZooMask? = nil
  ) -> Graph.ValueID {
    let split = [1, tokens.length, tokens.heads, tokens.headWidth]
    let q = heads(query, name + ".query", split, axes: [0, 2, 1, 3])
    let k = heads(key, name + ".key", split, axes: [0, 2, 3, 1])
    let v = heads(value, name + ".value", split, axes: [0, 2, 1, 3])
    return mixed(q, k, v, name, tokens, mask: mask)
  }

  /// Attention of heads that are apart already.
  /// - Parameters:
  ///   - query: [1, heads, length, head width], and so are values.
  ///   - key: [1, heads, head width, length].
  /// - Returns: [1, length, width].
  mutating func mixed(
    _ query: Graph.ValueID, _ key: Graph.ValueID, _ value: Graph.ValueID, _ name: String,
    _ tokens: ZooTokens, mask: ZooMask?
  ) -> Graph.ValueID {
    let root = constant(
      name + ".scale", Tensor([Float(tokens.headWidth).squareRoot()], shape: []))
    let products = node("MatMul", [query, key], name: name + ".scores")
    var scores = node("Div", [products, root], name: name + ".scaled")
    switch mask {
    case nil: break
    case .added(let mask)?: scores = node("Add", [scores, mask], name: name + ".masked")
    case .kept(let mask)?:
      let lowest = constant(name + ".lowest", Tensor([-.greatestFiniteMagnitude], shape: []))
      scores = node("Where", [mask, scores, lowest], name: name + ".masked")
    }
    let shares = node(
      "Softmax", [scores], name: name + ".softmax", attributes: ["axis": .integer(-1)])
    let mixed = node("MatMul", [shares, value], name: name + ".context")
    let joined = transpose(mixed, name + ".join", [0, 2, 1, 3])
    return reshape(joined, name + ".merge", [1, tokens.length, tokens.width])
  }

  /// True where a token may look at another, at itself or what came before: [1, 1, length, length].
  mutating func causalMask(_ length: Int) -> Graph.ValueID {
    fixed(
      "causal_mask",
      Tensor(
        booleans: (0..<length * length).map { $0 % length <= $0 / length },
        shape: [1, 1, length, length]))
  }

  /// What the words of "input_ids" stand for: [1, length, width].
  mutating func embedded(
    _ name: String, _ words: Int, _ length: Int, _ width: Int
  ) -> Graph.ValueID {
    let indices = input("input_ids", TensorType(.int64, [1, length]))
    let table = weight(name + ".weight", [words, width], deviation: 1)
    return node("Gather", [table, indices], name: name)
  }

  mutating func reshape(_ x: Graph.ValueID, _ name: String, _ shape: [Int]) -> Graph.ValueID {
    let extents = constant(name + ".shape", Tensor(integers: shape.map { Int64($0) }))
    return node("Reshape", [x, extents], name: name)
  }

  /// Every `step`th index of a range along one axis.
  mutating func sliced(
    _ x: Graph.ValueID, _ name: String, axis: Int, _ range: Range<Int>, step: Int = 1
  ) -> Graph.ValueID {
    let bounds = [range.lowerBound, range.upperBound, axis, step]
    let operands = zip(["start", "end", "axis", "step"], bounds).map { part, number in
      constant("\(name).\(part)", Tensor(integers: [Int64(number)]))
    }
    return node("Slice", [x] + operands, name: name)
  }

  mutating func transpose(_ x: Graph.ValueID, _ name: String, _ axes: [Int64]) -> Graph.ValueID {
    node("Transpose", [x], name: name, attributes: ["perm": .integers(axes)])
  }

  /// Heads apart: a reshape and a transposition.
  mutating func heads(
    _ x: Graph.ValueID, _ name: String, _ split: [Int], axes: [Int64]
  ) -> Graph.ValueID {
    transpose(reshape(x, name + ".split", split), name + ".heads", axes)
  }
}
