import EspalierGraph

/// What several networks of the tests are built from.
extension Net {
  typealias Value = Graph.ValueID

  mutating func add(_ a: Value, _ b: Value) -> Value { node("Add", [a, b]) }
  mutating func multiply(_ a: Value, _ b: Value) -> Value { node("Mul", [a, b]) }
  mutating func matmul(_ a: Value, _ b: Value) -> Value { node("MatMul", [a, b]) }
  mutating func sigmoid(_ x: Value) -> Value { node("Sigmoid", [x]) }
  mutating func tanh(_ x: Value) -> Value { node("Tanh", [x]) }

  mutating func softmax(_ x: Value) -> Value { node("Softmax", [x], ["axis": .integer(-1)]) }

  mutating func transpose(_ x: Value, _ order: [Int64]) -> Value {
    node("Transpose", [x], ["perm": .integers(order)])
  }

  mutating func concat(_ inputs: [Value], axis: Int64 = 1) -> Value {
    node("Concat", inputs, ["axis": .integer(axis)])
  }

  mutating func split(_ x: Value, _ parts: [Int64], axis: Int64 = 1) -> [Value] {
    let sizes = integers(parts)
    return nodes("Split", [x, sizes], outputs: parts.count, ["axis": .integer(axis)])
  }

  mutating func slice(_ x: Value, _ from: Int64, _ to: Int64, axis: Int64, step: Int64 = 1) -> Value
  {
    node("Slice", [x, integers([from]), integers([to]), integers([axis]), integers([step])])
  }

  mutating func gather(_ x: Value, _ indices: [Int64], axis: Int64) -> Value {
    node("Gather", [x, integers(indices)], ["axis": .integer(axis)])
  }

  /// One index of an axis, which disappears.
  mutating func pick(_ x: Value, _ index: Int64, axis: Int64) -> Value {
    let place = graph.addConstant(
      "index_\(graph.values.count)", Tensor(integers: [index], shape: []))
    return node("Gather", [x, place], ["axis": .integer(axis)])
  }

  mutating func scalar(_ value: Float) -> Value {
    constant("scalar", Tensor([value], shape: []))
  }

  /// A convolution with a weight that others may share.
  mutating func conv(_ x: Value, weight: Value, kernel: Int = 1, bias: Value? = nil) -> Value {
    let pad = Int64(kernel / 2)
    return node("Conv", [x, weight, bias], ["pads": .integers([pad, pad, pad, pad])])
  }

  /// Channels dealt out anew: `[G x K]` becomes `[K x G]`.
  mutating func shuffle(_ x: Value, _ channels: Int, groups: Int, extent: Int) -> Value {
    let (g, k, side) = (Int64(groups), Int64(channels / groups), Int64(extent))
    let apart = transpose(reshape(x, [1, g, k, side, side]), [0, 2, 1, 3, 4])
    return reshape(apart, [1, Int64(channels), side, side])
  }

  /// `[1, T, H x D]` to `[1, H, T, D]`.
  mutating func heads(_ x: Value, _ heads: Int64, _ size: Int64) -> Value {
    transpose(reshape(x, [0, 0, heads, size]), [0, 2, 1, 3])
  }

  /// `[1, H, T, D]` to `[1, T, H x D]`.
  mutating func merged(_ x: Value, _ width: Int64) -> Value {
    reshape(transpose(x, [0, 2, 1, 3]), [0, 0, width])
  }

  /// `softmax(q k^T / c) v` over the last two axes; keys come transposed.
  mutating func attend(_ query: Value, _ transposedKey: Value, _ value: Value) -> Value {
    let scores = multiply(matmul(query, transposedKey), scalar(0.3))
    return matmul(node("Softmax", [scores], ["axis": .integer(-1)]), value)
  }

  /// Elements turned in pairs half a head apart, by tables `[T, D]`.
  mutating func rotated(_ x: Value, _ cosine: Value, _ sine: Value, _ size: Int64) -> Value {
    let low = slice(x, 0, size / 2, axis: -1)
    let high = slice(x, size / 2, .max, axis: -1)
    let turned = concat([node("Neg", [high]), low], axis: -1)
    return add(multiply(x, cosine), multiply(turned, sine))
  }
}
