import EspalierGraph

extension CaseBuilder {
  mutating func gemms() {
    add("a bias", [some(2, 3), some(3, 4), some(4)])
    add("no bias", [some(2, 3), some(3, 4)])
    for (a, b) in [(0, 1), (1, 0), (1, 1)] as [(Int64, Int64)] {
      add(
        "turned \(a) \(b)",
        [some(a == 1 ? [3, 2] : [2, 3]), some(b == 1 ? [4, 3] : [3, 4]), some(4)],
        [
          "transA": .integer(a), "transB": .integer(b), "alpha": .float(0.5), "beta": .float(-2),
        ])
    }
    for addend in [[2, 4], [1, 4], [2, 1], [], [1], [1, 1]] {
      add("an addend of \(addend)", [some(2, 3), some(3, 4), some(addend)])
    }
    add("as many rows as columns", [some(4, 3), some(3, 4), some(4, 1)])
    add("one row", [some(1, 5), some(5, 1), some(1)])
    add("no rows", [some(0, 3), some(3, 2), some(2)])
    add("beta of 0", [some(2, 3), some(3, 4), some(4)], ["beta": .float(0)])
  }

  mutating func products() {
    let shapes: [([Int], [Int])] = [
      ([2, 3], [3, 4]), ([3, 2, 4], [4, 5]), ([2, 1, 3, 4], [1, 3, 4, 2]), ([4], [4, 3]),
      ([2, 3, 4], [4]), ([1, 2, 3], [4, 3, 5]), ([4], [4]), ([2, 3], [5, 3, 4]), ([3], [2, 3, 4]),
      ([1, 1], [1, 1]), ([0, 3], [3, 2]), ([2, 0], [0, 3]), ([17, 19], [19, 35]),
    ]
    for (a, b) in shapes { add("\(a) by \(b)", [some(a), some(b)]) }
  }

  private mutating func statistics(_ channels: Int) -> [Tensor] {
    [some(channels), some(channels), some(channels), positive(channels)]
  }

  mutating func batchNorms() {
    for shape in [[2, 3, 4, 5], [2, 3], [4, 3, 5], [3, 3, 3], [1, 1, 2, 2], [2, 2, 1, 3, 2]] {
      add("\(shape)", [some(shape)] + statistics(shape[1]))
    }
    add("one axis", [some(5)] + statistics(1))
    add("an epsilon", [some(2, 3, 4)] + statistics(3), ["epsilon": .float(0.1)], opset: 9)
    for shape in [[2, 3, 4], [4, 2], [5]] {
      add(
        "training, \(shape)", [some(shape)] + statistics(shape.count > 1 ? shape[1] : 1),
        ["training_mode": .integer(1), "momentum": .float(0.7)], outputs: 3)
    }
    add("no images", [some(0, 3, 2)] + statistics(3))
  }

  mutating func layerNorms() {
    add("the last axis", [some(2, 3, 4), some(4), some(4)])
    add("no bias", [some(2, 3, 4), some(4)])
    add("two axes", [some(2, 3, 4), some(3, 4), some(3, 4)], ["axis": .integer(1)])
    add("all axes", [some(2, 3), some(2, 3), some(2, 3)], ["axis": .integer(0)])
    add("statistics", [some(2, 3, 4), some(4), some(4)], ["epsilon": .float(0.1)], outputs: 3)
    add("the mean alone", [some(2, 3, 4), some(4)], ["axis": .integer(1)], outputs: 2)
    // As many elements as a row has, or as several have, at other places than in a row.
    let shapes: [[[Int]]] = [
      [[4, 1, 1]], [[3, 1], [3, 1]], [[4], [4, 1, 1]], [[4, 1, 1], [4]], [[2, 1, 1, 1]],
      [[4, 1, 4]], [[2, 4, 3, 4], [1]], [[1], [3, 4]], [[], []], [[4], [2, 1, 3, 1]],
      [[4, 1, 1], [4, 1, 1]], [[2, 1, 3, 1]],
    ]
    for parameters in shapes {
      for axis in [-1, 1, 2] as [Int64] {
        add(
          "parameters of \(parameters), axis \(axis)",
          [some(2, 4, 3, 4)] + parameters.map { some($0) }, ["axis": .integer(axis)],
          outputs: axis == 2 ? 3 : 1)
      }
    }
    add("rows of one element", [some(2, 3, 1), some(1), some(1)])
    add("no rows", [some(0, 4), some(4), some(4)])
  }

  mutating func rootMeanSquares() {
    add("the last axis", [some(2, 3, 4), some(4)])
    add("two axes", [some(2, 3, 4), some(3, 4)], ["axis": .integer(1)])
    for scale in [[4, 1, 1], [3, 1], [2, 1, 1, 1], [4, 1, 4], [2, 4, 3, 4], [1], [], [3, 4]] {
      for axis in [-1, 1] as [Int64] {
        add(
          "a scale of \(scale), axis \(axis)", [some(2, 4, 3, 4), some(scale)],
          ["axis": .integer(axis), "epsilon": .float(0.01)])
      }
    }
  }

  mutating func instanceNorms() {
    for shape in [[2, 3, 4, 5], [1, 2, 7], [2, 3, 3], [1, 1, 4], [2, 2, 2, 2, 3], [0, 2, 3]] {
      add("\(shape)", [some(shape), some(shape[1]), some(shape[1])])
    }
    add("an epsilon", [some(2, 3, 3), some(3), some(3)], ["epsilon": .float(0.1)])
  }

  mutating func groupNorms() {
    for (groups, shape) in [
      (2, [2, 4, 3, 5]), (4, [1, 4, 5]), (1, [2, 4, 4]), (2, [3, 4]), (2, [2, 4, 1]),
      (2, [0, 4, 2]),
    ] {
      let attributes: [String: Attribute] = ["num_groups": .integer(Int64(groups))]
      add("\(groups) of \(shape)", [some(shape), some(shape[1]), some(shape[1])], attributes)
      add(
        "\(groups) of \(shape), scales of groups", [some(shape), some(groups), some(groups)],
        attributes, opset: 18)
    }
  }

  mutating func recurrences(gates: Int, states: Int) {
    let (steps, batch, features, hidden) = (3, 2, 4, 5)
    func size(_ value: Int) -> Attribute { .integer(Int64(value)) }
    func operands(_ directions: Int, batchFirst: Bool = false) -> [Tensor?] {
      [
        some(batchFirst ? [batch, steps, features] : [steps, batch, features]),
        some(directions, gates * hidden, features), some(directions, gates * hidden, hidden),
      ]
    }
    let plain: [String: Attribute] = ["hidden_size": size(hidden)]
    add("forward", operands(1) + [some(1, 2 * gates * hidden)], plain, outputs: states + 1)
    add("no bias, the last state alone", operands(1), plain, outputs: 2)
    add("every state alone", operands(1))
    for direction in ["reverse", "bidirectional"] {
      let count = direction == "reverse" ? 1 : 2
      add(
        "\(direction), lengths and states",
        operands(count) + [some(count, 2 * gates * hidden), list(3, 2).of(.int32)]
          + (0..<states).map { _ in some(count, batch, hidden) },
        plain.merging(["direction": text(direction)]) { $1 }, outputs: states + 1)
    }
    add(
      "the batch first",
      operands(1, batchFirst: true) + [nil, nil]
        + (0..<states).map { _ in some(batch, 1, hidden) },
      plain.merging(["layout": .integer(1)]) { $1 }, outputs: states + 1)
    add(
      "a clip", operands(1), plain.merging(["clip": .float(0.2)]) { $1 }, outputs: states + 1)
    add(
      "other functions", operands(1),
      plain.merging([
        "activations": .strings(
          (["HardSigmoid", "Softsign", "Relu"].suffix(gates == 1 ? 1 : states + 1)).map {
            Array($0.utf8)
          })
      ]) { $1 }, outputs: states + 1)
    if kind == .gru {
      add(
        "the reset gate last", operands(1) + [some(1, 2 * gates * hidden)],
        plain.merging(["linear_before_reset": .integer(1)]) { $1 }, outputs: 2)
    }
    if kind == .lstm {
      add(
        "peepholes", operands(1) + [nil, nil, nil, nil, some(1, 3 * hidden)], plain, outputs: 3)
      add(
        "a coupled forget gate", operands(1), plain.merging(["input_forget": .integer(1)]) { $1 },
        outputs: 3)
    }
  }

  mutating func rotations() {
    add("four axes", [some(2, 3, 4, 6), some(2, 4, 3), some(2, 4, 3)])
    add(
      "interleaved", [some(2, 3, 4, 6), some(2, 4, 3), some(2, 4, 3)], ["interleaved": .integer(1)])
    for interleaved in [0, 1] as [Int64] {
      add(
        "packed heads, part of each, positions, \(interleaved)",
        [
          some(2, 3, 18), some(7, 2), some(7, 2),
          Tensor(integers: [0, 3, 6, 1, 1, 5], shape: [2, 3]),
        ],
        [
          "interleaved": .integer(interleaved), "num_heads": .integer(3),
          "rotary_embedding_dim": .integer(4),
        ])
    }
    add(
      "part of each head", [some(2, 3, 4, 6), some(2, 4, 2), some(2, 4, 2)],
      [
        "rotary_embedding_dim": .integer(4)
      ])
    add("one token", [some(1, 2, 1, 4), some(1, 1, 2), some(1, 1, 2)])
  }

  mutating func causalConvolutions() {
    let silu = ["activation": text("silu")]
    add("no past", [some(2, 3, 7), some(3, 1, 4)])
    add("a past and a bias", [some(2, 3, 5), some(3, 1, 4), some(3), some(2, 3, 3)], outputs: 2)
    add("activated", [some(1, 4, 6), some(4, 1, 3), some(4)], silu, outputs: 2)
    add("fewer elements than the state has", [some(2, 3, 2), some(3, 1, 5)], outputs: 2)
    add(
      "one element", [some(2, 3, 1), some(3, 1, 4), nil, some(2, 3, 3)],
      ["activation": text("swish")], outputs: 2)
    add("kernels of one", [some(1, 3, 5), some(3, 1, 1), some(3)], outputs: 2)
    add("one channel", [some(2, 1, 4), some(1, 1, 3)])
    add("no elements", [some(2, 3, 0), some(3, 1, 3), some(3), some(2, 3, 2)], outputs: 2)
    add("no items", [some(0, 3, 4), some(3, 1, 3)], outputs: 2)
  }

  mutating func linearAttentions() {
    /// Four query heads over two key heads of size 3, values of size 5.
    func heads(_ rule: String, scale: Float? = nil) -> [String: Attribute] {
      var result: [String: Attribute] = [
        "q_num_heads": .integer(4), "kv_num_heads": .integer(2), "update_rule": text(rule),
      ]
      result["scale"] = scale.map { .float($0) }
      return result
    }
    func operands(_ batch: Int, _ tokens: Int) -> [Tensor?] {
      [some(batch, tokens, 12), some(batch, tokens, 6), some(batch, tokens, 10)]
    }
    add("linear", operands(2, 4), heads("linear"), outputs: 2)
    add("one output", operands(1, 3), heads("linear", scale: 0.7))
    add(
      "gated for each place, a past", operands(2, 3) + [some(2, 2, 3, 5), some(2, 3, 6)],
      heads("gated"), outputs: 2)
    add(
      "gated for each head", operands(2, 3) + [nil, some(2, 3, 2)], heads("gated"), outputs: 2)
    add(
      "delta", operands(1, 4) + [some(1, 2, 3, 5), nil, positive(1, 4, 2)], heads("delta"),
      outputs: 2)
    add(
      "gated delta, one rate",
      operands(2, 3) + [some(2, 2, 3, 5), some(2, 3, 6), positive(2, 3, 1)],
      heads("gated_delta"), outputs: 2)
    add(
      "one token", operands(2, 1) + [some(2, 2, 3, 5), some(2, 1, 2), positive(2, 1, 2)],
      heads("gated_delta"), outputs: 2)
    add("no tokens", operands(2, 0) + [some(2, 2, 3, 5)], heads("linear"), outputs: 2)
    add("no items", operands(0, 2), heads("linear"), outputs: 2)
  }

  mutating func attentions() {
    add("four axes", [some(2, 3, 4, 5), some(2, 3, 6, 5), some(2, 3, 6, 7)])
    let heads: [String: Attribute] = ["q_num_heads": .integer(4), "kv_num_heads": .integer(2)]
    add("packed, shared key heads", [some(2, 3, 32), some(2, 5, 16), some(2, 5, 12)], heads)
    add(
      "causal", [some(1, 2, 4, 3), some(1, 2, 4, 3), some(1, 2, 4, 3)],
      ["is_causal": .integer(1), "scale": .float(0.3)])
    add(
      "an additive mask", [some(2, 2, 3, 4), some(2, 2, 5, 4), some(2, 2, 5, 4), some(3, 5)])
    add(
      "a mask for each head",
      [some(2, 2, 3, 4), some(2, 2, 5, 4), some(2, 2, 5, 4), some(2, 1, 3, 5)])
    let shown = Tensor(
      booleans: (0..<16).map { $0 % 4 == 0 || $0 % 5 < 2 }, shape: [4, 4])
    add(
      "a mask of truths", [some(1, 2, 4, 3), some(1, 2, 4, 3), some(1, 2, 4, 3), shown])
    add(
      "numbers of keys",
      [some(2, 2, 4, 8), some(2, 2, 6, 8), some(2, 2, 6, 8), shown, nil, nil, list(6, 2)],
      opset: 24)
    add(
      "past keys",
      [
        some(2, 3, 32), some(2, 3, 16), some(2, 3, 12), some(2, 1, 3, 5), some(2, 2, 2, 8),
        some(2, 2, 2, 6),
      ], heads, outputs: 3)
    add(
      "causal at the end of what is filled",
      [some(3, 2, 3, 8), some(3, 2, 6, 8), some(3, 2, 6, 8), nil, nil, nil, list(6, 4, 2)],
      ["is_causal": .integer(1)], opset: 24)
    add(
      "capped scores of hidden keys", [some(1, 2, 4, 3), some(1, 2, 4, 3), some(1, 2, 4, 3)],
      ["is_causal": .integer(1), "softcap": .float(0.4)])
    for (before, after) in [(1, -1), (-1, 1), (2, 0), (0, 0)] as [(Int64, Int64)] {
      let window = [
        "left_window_size": Attribute.integer(before), "right_window_size": .integer(after),
      ]
      add(
        "a window of \(before) and \(after)",
        [some(1, 2, 4, 3), some(1, 2, 5, 3), some(1, 2, 5, 3)], window, opset: 25)
      add(
        "a window of \(before) and \(after) where it is filled",
        [some(2, 2, 3, 4), some(2, 2, 6, 4), some(2, 2, 6, 4), nil, nil, nil, list(6, 4)], window,
        opset: 25)
    }
    add(
      "a causal window behind all keys", [some(1, 2, 5, 3), some(1, 2, 2, 3), some(1, 2, 2, 3)],
      ["left_window_size": .integer(1), "is_causal": .integer(1)], opset: 25)
    let blind = Tensor(booleans: [true, false, true, false, false, false], shape: [2, 3])
    let infinite = Tensor([-.infinity, -.infinity, 0, 1, -.infinity, 0], shape: [1, 2, 1, 3])
    for (name, mask) in [("truths", blind), ("addends", infinite)] {
      add(
        "a query that sees nothing by \(name)",
        [some(1, 2, 2, 4), some(1, 2, 3, 4), some(1, 2, 3, 4), mask],
        name == "truths" ? [:] : ["is_causal": .integer(1)])
    }
    for mode in 0...3 as ClosedRange<Int64> {
      add(
        "scores at place \(mode)",
        [some(1, 2, 3, 4), some(1, 2, 3, 4), some(1, 2, 3, 4), some(3, 3)],
        ["qk_matmul_output_mode": .integer(mode), "softcap": .float(0.7)], outputs: 4)
    }
    add(
      "one token", [some(1, 1, 1, 4), some(1, 1, 1, 4), some(1, 1, 1, 3)])
  }
}
