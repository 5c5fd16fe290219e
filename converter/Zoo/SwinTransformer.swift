import EspalierGraph

extension Zoo.Architecture {
  static let swinT = Self("swin_t", "Swin-T (Liu et al., 2021), 1x3x224x224") {
    $0.swin(width: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24])
  }
}

/// A map of tokens, [1, side, side, width], that attends within windows.
private struct WindowedTokens {
  var side: Int
  var width: Int
  var heads: Int

  /// Tokens along a window's side.
  static let window = 7
  static let area = window * window
  var windows: Int { side / Self.window * (side / Self.window) }
}

extension NetworkBuilder {
  fileprivate mutating func swin(width: Int, depths: [Int], heads: [Int]) {
    let kernel = ZooWindow(kernel: 4, stride: 4)
    let weight = weight(
      "features.0.0.weight", [width, 3, 4, 4], deviation: (1.0 / 48).squareRoot())
    let bias = vector("features.0.0.bias", width, -0.1...0.1)
    var attributes = kernel.attributes
    attributes["pads"] = .integers([0, 0, 0, 0])
    let patches = node(
      "Conv", [image().value, weight, bias], name: "features.0.0", attributes: attributes)
    var x = layerNorm(
      transpose(patches, "features.0.1", [0, 2, 3, 1]), "features.0.2", width, epsilon: 1e-5)
    var map = WindowedTokens(side: imageSize / 4, width: width, heads: heads[0])
    for (stage, depth) in depths.enumerated() {
      map.heads = heads[stage]
      if stage > 0 { x = merge(x, "features.\(2 * stage)", &map) }
      for index in 0..<depth {
        let isShifted = index % 2 == 1 && map.side > WindowedTokens.window
        x = block(x, "features.\(2 * stage + 1).\(index)", map, shift: isShifted ? 3 : 0)
      }
    }
    x = layerNorm(x, "norm", map.width, epsilon: 1e-5)
    let channelsFirst = transpose(x, "permute", [0, 3, 1, 2])
    let pooled = node("GlobalAveragePool", [channelsFirst], name: "avgpool")
    let flat = node("Flatten", [pooled], name: "flatten", attributes: ["axis": .integer(1)])
    // Means over all tokens vary little: a larger gain lets the image decide.
    let classes = self.weight(
      "head.weight", [1000, map.width], deviation: 3 / Double(map.width).squareRoot())
    let offsets = vector("head.bias", 1000, -0.1...0.1)
    let logits = node(
      "Gemm", [flat, classes, offsets], name: "head", attributes: ["transB": .integer(1)])
    output("logits", logits, [1, 1000])
  }

  private mutating func block(
    _ x: Graph.ValueID, _ name: String, _ map: WindowedTokens, shift: Int
  ) -> Graph.ValueID {
    let normed = layerNorm(x, name + ".norm1", map.width, epsilon: 1e-5)
    let mixed = windowAttention(normed, name + ".attn", map, shift: shift)
    let attended = node("Add", [x, mixed], name: name + ".add1")
    let second = layerNorm(attended, name + ".norm2", map.width, epsilon: 1e-5)
    let hidden = gelu(
      linear(second, name + ".mlp.0", map.width, 4 * map.width), name + ".mlp.1")
    let output = linear(hidden, name + ".mlp.3", 4 * map.width, map.width)
    return node("Add", [attended, output], name: name + ".add2")
  }

  /// Each 2 by 2 tokens become one of twice the width.
  private mutating func merge(
    _ x: Graph.ValueID, _ name: String, _ map: inout WindowedTokens
  ) -> Graph.ValueID {
    let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map { row, column in
      let rows = sliced(x, "\(name).rows\(row)\(column)", axis: 1, row..<map.side, step: 2)
      return sliced(
        rows, "\(name).corner\(row)\(column)", axis: 2, column..<map.side, step: 2)
    }
    let joined = node(
      "Concat", corners, name: name + ".concat", attributes: ["axis": .integer(-1)])
    let normed = layerNorm(joined, name + ".norm", 4 * map.width, epsilon: 1e-5)
    map.side /= 2
    map.width *= 2
    return product(normed, name + ".reduction", 2 * map.width, map.width)
  }

  /// Attention within windows, which lie `shift` tokens further down and to the right.
  private mutating func windowAttention(
    _ x: Graph.ValueID, _ name: String, _ map: WindowedTokens, shift: Int
  ) -> Graph.ValueID {
    let (window, area) = (WindowedTokens.window, WindowedTokens.area)
    let (side, width, across) = (map.side, map.width, map.side / window)
    let shifted = shift == 0 ? x : rolled(x, name + ".roll", map, by: shift)
    let tiles = transpose(
      reshape(shifted, name + ".tiles", [1, across, window, across, window, width]),
      name + ".windows", [0, 1, 3, 2, 4, 5])
    let tokens = reshape(tiles, name + ".tokens", [map.windows, area, width])

    let joint = linear(tokens, name + ".qkv", width, 3 * width, gain: 1.4)
    let headWidth = width / map.heads
    let parts = transpose(
      reshape(joint, name + ".split", [map.windows, area, 3, map.heads, headWidth]),
      name + ".heads", [2, 0, 3, 1, 4])
    let (query, key, value) = (
      part(parts, name + ".query", 0), part(parts, name + ".key", 1),
      part(parts, name + ".value", 2)
    )
    let scale = constant(
      name + ".scale", Tensor([1 / Float(headWidth).squareRoot()], shape: []))
    let scaled = node("Mul", [query, scale], name: name + ".scaled")
    let turned = transpose(key, name + ".turned", [0, 1, 3, 2])
    var scores = node("MatMul", [scaled, turned], name: name + ".scores")
    scores = node("Add", [scores, placeBias(name, map)], name: name + ".biased")
    if shift > 0 { scores = masked(scores, name, map, shift: shift) }
    let shares = node(
      "Softmax", [scores], name: name + ".softmax", attributes: ["axis": .integer(-1)])
    let mixed = node("MatMul", [shares, value], name: name + ".context")
    let joined = reshape(
      transpose(mixed, name + ".join", [0, 2, 1, 3]), name + ".merge", [map.windows, area, width])
    let projected = linear(joined, name + ".proj", width, width)

    let back = transpose(
      reshape(projected, name + ".untile", [1, across, across, window, window, width]),
      name + ".rows", [0, 1, 3, 2, 4, 5])
    let whole = reshape(back, name + ".map", [1, side, side, width])
    return shift == 0 ? whole : rolled(whole, name + ".unroll", map, by: side - shift)
  }

  /// Queries, keys or values: one index of the first axis.
  private mutating func part(
    _ x: Graph.ValueID, _ name: String, _ index: Int64
  ) -> Graph.ValueID {
    let index = constant(name + ".index", Tensor(integers: [index], shape: []))
    return node("Gather", [x, index], name: name, attributes: ["axis": .integer(0)])
  }

  /// What each head adds to a score for where the two tokens lie, [1, heads, area, area].
  private mutating func placeBias(_ name: String, _ map: WindowedTokens) -> Graph.ValueID {
    let (window, area) = (WindowedTokens.window, WindowedTokens.area)
    let spread = 2 * window - 1
    let table = weight(
      name + ".relative_position_bias_table", [spread * spread, map.heads], deviation: 0.3)
    let indices = (0..<area * area).map { pair in
      let (query, key) = (pair / area, pair % area)
      let rows = query / window - key / window + window - 1
      return Int64(rows * spread + query % window - key % window + window - 1)
    }
    let index = constant(name + ".relative_position_index", Tensor(integers: indices))
    let rows = node("Gather", [table, index], name: name + ".bias.gather")
    let pairs = transpose(
      reshape(rows, name + ".bias.pairs", [area, area, map.heads]), name + ".bias.heads",
      [2, 0, 1])
    let axis = constant(name + ".bias.axis", Tensor(integers: [0]))
    return node("Unsqueeze", [pairs, axis], name: name + ".bias")
  }

  /// Takes away scores of tokens that became neighbours only by the roll.
  private mutating func masked(
    _ scores: Graph.ValueID, _ name: String, _ map: WindowedTokens, shift: Int
  ) -> Graph.ValueID {
    let (window, area) = (WindowedTokens.window, WindowedTokens.area)
    let across = map.side / window
    // Which of three bands a rolled row or column lies in.
    func band(_ place: Int) -> Int {
      place < map.side - window ? 0 : place < map.side - shift ? 1 : 2
    }
    var apart: [Bool] = []
    for tile in 0..<map.windows {
      let regions = (0..<area).map { token in
        3 * band(tile / across * window + token / window)
          + band(tile % across * window + token % window)
      }
      for query in regions { apart += regions.map { $0 != query } }
    }
    let isApart = fixed(
      name + ".apart",
      Tensor(booleans: apart, shape: [1, map.windows, 1, area, area]))
    let low = constant(name + ".low", Tensor([-100], shape: []))
    let zero = constant(name + ".zero", Tensor([0], shape: []))
    let mask = node("Where", [isApart, low, zero], name: name + ".mask")
    let grouped = reshape(
      scores, name + ".grouped", [1, map.windows, map.heads, area, area])
    let sum = node("Add", [grouped, mask], name: name + ".masked")
    return reshape(sum, name + ".ungrouped", [map.windows, map.heads, area, area])
  }

  /// The map moved up and to the left, what leaves it coming back at the other side.
  private mutating func rolled(
    _ x: Graph.ValueID, _ name: String, _ map: WindowedTokens, by shift: Int
  ) -> Graph.ValueID {
    var y = x
    for (axis, name) in [(1, name + ".rows"), (2, name + ".columns")] {
      let rest = sliced(y, name + ".rest", axis: axis, shift..<map.side)
      let first = sliced(y, name + ".first", axis: axis, 0..<shift)
      y = node(
        "Concat", [rest, first], name: name, attributes: ["axis": .integer(Int64(axis))])
    }
    return y
  }
}
