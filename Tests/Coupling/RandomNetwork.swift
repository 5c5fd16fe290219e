import EspalierGraph
import EspalierSeeded

/// A network drawn at random: operators that join, cut, mix and reorder channels, one on another.
///
/// Values are `[1, C, side, side]`. Weights are of double precision, so that rounding hides nothing.
struct RandomNetwork {
  private static let side = 2
  private(set) var net = Net(opset: 23)
  /// The operators drawn, for reports.
  private(set) var steps: [String] = []
  private var random: Seeded
  private var pool: [(value: Graph.ValueID, channels: Int)] = []
  private var shared: [Int: Graph.ValueID] = [:]

  static func graph(seed: UInt64) -> (graph: Graph, steps: [String]) {
    var network = RandomNetwork(seed)
    return (network.finished(), network.steps)
  }

  private init(_ seed: UInt64) {
    random = Seeded(seed: seed)
    net = Net(seed: seed, opset: 23)
    net.elementType = .float64
    let x = net.input([1, 3, Self.side, Self.side])
    for _ in 0..<2 {
      let channels = random.pick([4, 6, 8, 12, 24])
      pool.append((conv(x, 3, channels), channels))
    }
    let length = random.next(in: 4...16)
    while steps.count < length { step() }
  }

  private mutating func finished() -> Graph {
    var ends = [pool.last!]
    for _ in 0..<2 { ends.append(random.pick(pool)) }
    return net.finished(
      ends.map { net.node("GlobalAveragePool", [conv($0.value, $0.channels, 3)]) })
  }

  // MARK: Layers of unit gain

  private mutating func weight(_ shape: [Int], fan: Int) -> Graph.ValueID {
    let value = net.weight(shape)
    let tensor = net.graph.values[value].constant!
    let scale = (3 / Double(fan)).squareRoot()
    net.graph.values[value].constant = Tensor(
      elementType: tensor.elementType, shape: shape, doubles: tensor.doubles.map { $0 * scale })
    return value
  }

  private mutating func conv(
    _ x: Graph.ValueID, _ from: Int, _ to: Int, kernel: Int = 1, groups: Int = 1
  ) -> Graph.ValueID {
    let pad = Int64(kernel / 2)
    let fan = from / groups * kernel * kernel
    return net.node(
      "Conv", [x, weight([to, from / groups, kernel, kernel], fan: fan), net.weight([to])],
      ["group": .integer(Int64(groups)), "pads": .integers([pad, pad, pad, pad])])
  }

  private mutating func linear(_ x: Graph.ValueID, _ from: Int, _ to: Int) -> Graph.ValueID {
    net.add(net.matmul(x, weight([from, to], fan: from)), net.weight([to]))
  }

  private mutating func tokens(_ x: Graph.ValueID, _ channels: Int) -> Graph.ValueID {
    let positions = Int64(Self.side * Self.side)
    return net.transpose(net.reshape(x, [1, Int64(channels), positions]), [0, 2, 1])
  }

  private mutating func image(_ x: Graph.ValueID, _ channels: Int) -> Graph.ValueID {
    let side = Int64(Self.side)
    return net.reshape(net.transpose(x, [0, 2, 1]), [1, Int64(channels), side, side])
  }

  private func divisors(_ count: Int, _ among: [Int] = [2, 3, 4, 6]) -> [Int] {
    among.filter { count.isMultiple(of: $0) && count > $0 }
  }

  // MARK: One step

  private mutating func step() {
    let (x, channels) = random.pick(pool.suffix(4))
    let kinds = Kind.allCases
    let kind = random.pick(kinds)
    guard let result = apply(kind, x, channels) else { return }
    steps.append("\(kind)")
    pool.append(result)
  }

  private enum Kind: CaseIterable {
    case conv, grouped, depthwise, multiplied, transposed, unary, join, mask, concat, twice, split
    case slice, strided, shuffle, tokens, gate, groupNorm, groupNormWrittenOut, layerNorm, rmsNorm
    case batchNorm, pad, pixels, deep, attention, fused, fusedQKV, choose, context, shared, turned
    case tile, gather, mean, length, response, gram, experts, recurrent, einsum, stretch
  }

  private mutating func apply(
    _ kind: Kind, _ x: Graph.ValueID, _ c: Int
  ) -> (Graph.ValueID, Int)? {
    switch kind {
    case .conv:
      let to = random.pick([4, 6, 8, 12])
      return (conv(x, c, to, kernel: random.pick([1, 3])), to)
    case .grouped:
      guard let groups = random.pickIfAny(divisors(c)) else { return nil }
      let to = groups * random.next(in: 1...3)
      return (conv(x, c, to, kernel: 3, groups: groups), to)
    case .depthwise: return (conv(x, c, c, kernel: 3, groups: c), c)
    case .multiplied: return c > 16 ? nil : (conv(x, c, 2 * c, kernel: 1, groups: c), 2 * c)
    case .transposed:
      guard let groups = random.pickIfAny(divisors(c) + [1]) else { return nil }
      let each = random.next(in: 1...4)
      let y = net.node(
        "ConvTranspose",
        [x, weight([c, each, 1, 1], fan: c / groups), net.weight([groups * each])],
        ["group": .integer(Int64(groups))])
      return groups * each > 1 ? (y, groups * each) : nil
    case .unary:
      return (net.node(random.pick(["Relu", "Sigmoid", "Tanh", "Exp"]), [bounded(x)]), c)
    case .join: return join(x, c)
    case .mask: return (net.multiply(x, net.weight([1, 1, Self.side, Self.side])), c)
    case .concat, .twice, .split, .slice, .strided, .pad, .tile, .gather, .shuffle, .pixels, .deep,
      .stretch:
      return move(kind, x, c)
    case .groupNorm, .groupNormWrittenOut, .layerNorm, .rmsNorm, .batchNorm, .mean, .length,
      .response, .gate, .context:
      return normalise(kind, x, c)
    default: return mix(kind, x, c)
    }
  }

  /// Squashed: exponentials of exponentials overflow.
  private mutating func bounded(_ x: Graph.ValueID) -> Graph.ValueID { net.tanh(x) }

  private mutating func join(_ x: Graph.ValueID, _ c: Int) -> (Graph.ValueID, Int) {
    let others = pool.filter { $0.channels == c || $0.channels == 1 }
    let other = random.pick(others.isEmpty ? [(x, c)] : others).value
    return (net.node(random.pick(["Add", "Mul", "Sub", "Max"]), [bounded(x), bounded(other)]), c)
  }

  // MARK: Data movement

  private mutating func move(
    _ kind: Kind, _ x: Graph.ValueID, _ c: Int
  ) -> (Graph.ValueID, Int)? {
    switch kind {
    case .concat:
      let other = random.pick(pool)
      return c + other.channels > 40 ? nil : (net.concat([x, other.value]), c + other.channels)
    case .twice: return c > 20 ? nil : (net.concat([x, x]), 2 * c)
    case .split:
      guard c > 2 else { return nil }
      let first = random.next(in: 1...(c - 1))
      let parts = net.split(x, [Int64(first), Int64(c - first)])
      pool.append((parts[0], first))
      return (parts[1], c - first)
    case .slice:
      guard c > 3 else { return nil }
      let (from, to) = (random.next(in: 0...(c / 2 - 1)), random.next(in: (c / 2 + 1)...c))
      return (net.slice(x, Int64(from), Int64(to), axis: 1), to - from)
    case .strided:
      guard c.isMultiple(of: 2), c > 4 else { return nil }
      return (net.slice(x, Int64(random.next(in: 0...1)), .max, axis: 1, step: 2), c / 2)
    case .pad:
      return c > 30 ? nil : (net.node("Pad", [x, net.integers([0, 2, 0, 0, 0, 1, 0, 0])]), c + 3)
    case .tile: return c > 16 ? nil : (net.node("Tile", [x, net.integers([1, 2, 1, 1])]), 2 * c)
    case .gather:
      guard c > 4 else { return nil }
      let cut = random.next(in: 1...(c - 1))
      let turned = (cut..<c).map { Int64($0) } + (0..<random.next(in: 1...cut)).map { Int64($0) }
      return (net.gather(x, turned, axis: 1), turned.count)
    case .shuffle:
      guard let groups = random.pickIfAny(divisors(c, [2, 3, 4])) else { return nil }
      return (net.shuffle(x, c, groups: groups, extent: Self.side), c)
    case .pixels:
      guard c.isMultiple(of: 4), c > 4 else { return nil }
      let y = net.node(
        "DepthToSpace", [x],
        ["blocksize": .integer(2), "mode": .string(Array(random.pick(["CRD", "DCR"]).utf8))])
      let small = net.node(
        "MaxPool", [y], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
      return (small, c / 4)
    case .deep:
      guard c <= 8 else { return nil }
      let y = net.node("SpaceToDepth", [x], ["blocksize": .integer(2)])
      let side = Int64(Self.side)
      return (net.node("Expand", [y, net.integers([1, 1, side, side])]), 4 * c)
    default:
      // One channel becomes several.
      let to = random.pick([4, 6])
      let one = conv(x, c, 1)
      return (net.node("Expand", [one, net.integers([1, Int64(to), 1, 1])]), to)
    }
  }

  // MARK: Normalisations and gates

  private mutating func normalise(
    _ kind: Kind, _ x: Graph.ValueID, _ c: Int
  ) -> (Graph.ValueID, Int)? {
    switch kind {
    case .groupNorm:
      guard let groups = random.pickIfAny(divisors(c)) else { return nil }
      return (
        net.node(
          "GroupNormalization", [x, net.positive([c]), net.weight([c])],
          ["num_groups": .integer(Int64(groups))]), c
      )
    case .groupNormWrittenOut:
      guard let groups = random.pickIfAny(divisors(c)) else { return nil }
      let side = Int64(Self.side)
      let y = net.node(
        "InstanceNormalization",
        [
          net.reshape(x, [1, Int64(groups), -1]), net.positive([groups]), net.weight([groups]),
        ])
      return (net.multiply(net.reshape(y, [1, Int64(c), side, side]), net.weight([c, 1, 1])), c)
    case .layerNorm: return (image(net.layerNorm(tokens(x, c), c), c), c)
    case .rmsNorm:
      guard let heads = random.pickIfAny(divisors(c, [2, 3])) else { return nil }
      let apart = net.heads(tokens(x, c), Int64(heads), Int64(c / heads))
      let y = net.node("RMSNormalization", [apart, net.positive([c / heads])])
      return (image(net.merged(y, Int64(c)), c), c)
    case .batchNorm: return (net.batchNorm(x, c), c)
    case .mean:
      let mean = net.node(
        random.pick(["ReduceMean", "ReduceSum", "ReduceL2"]), [x, net.integers([1])])
      return (net.add(bounded(x), net.tanh(mean)), c)
    case .length: return (net.node("LpNormalization", [x], ["axis": .integer(1)]), c)
    case .response: return (net.node("LRN", [x], ["size": .integer(3), "alpha": .float(0.5)]), c)
    case .gate:
      let inner = net.relu(conv(net.node("GlobalAveragePool", [x]), c, 5))
      return (net.multiply(x, net.sigmoid(conv(inner, 5, c))), c)
    default:
      return (net.add(x, net.node("ReduceMean", [x, net.integers([2, 3])])), c)
    }
  }

  // MARK: Products

  private mutating func mix(
    _ kind: Kind, _ x: Graph.ValueID, _ c: Int
  ) -> (Graph.ValueID, Int)? {
    switch kind {
    case .tokens:
      let to = random.pick([6, 8, 12])
      return (image(linear(tokens(x, c), c, to), to), to)
    case .attention, .fused, .fusedQKV: return attention(kind, x, c)
    case .choose:
      let condition = (0..<c).map { _ in Int64(random.next(in: 0...1)) }
      let constant = net.graph.addConstant(
        "condition_\(net.graph.values.count)",
        Tensor(elementType: .bool, shape: [c, 1, 1], integers: condition))
      let other = random.pick(pool.filter { $0.channels == c } + [(x, c)]).value
      return (net.node("Where", [constant, x, net.tanh(other)]), c)
    case .shared:
      if shared[c] == nil { shared[c] = weight([c, c, 1, 1], fan: c) }
      return (net.conv(x, weight: shared[c]!), c)
    case .turned:
      let y = net.add(net.transpose(x, [0, 2, 3, 1]), net.weight([c]))
      return (net.transpose(y, [0, 3, 1, 2]), c)
    case .gram:
      guard let rows = random.pickIfAny(divisors(c, [2, 3, 4])) else { return nil }
      let flat = net.node("GlobalAveragePool", [net.tanh(x)])
      let y = net.reshape(flat, [1, Int64(rows), Int64(c / rows)])
      let gram = net.matmul(y, net.transpose(y, [0, 2, 1]))
      let wide = linear(net.reshape(gram, [1, Int64(rows * rows)]), rows * rows, c)
      return (net.add(x, net.reshape(wide, [1, Int64(c), 1, 1])), c)
    case .experts:
      let inner = net.relu(net.matmul(tokens(x, c), weight([2, c, 5], fan: c)))
      let sum = net.node(
        "ReduceSum", [net.matmul(inner, weight([2, 5, 6], fan: 5)), net.integers([0])])
      return (image(sum, 6), 6)
    case .recurrent:
      let states = net.node(
        "GRU",
        [
          net.transpose(tokens(x, c), [1, 0, 2]), weight([2, 12, c], fan: c),
          weight([2, 12, 4], fan: 4), net.weight([2, 24]),
        ], ["hidden_size": .integer(4), "direction": .string(Array("bidirectional".utf8))])
      let both = net.reshape(net.transpose(states, [2, 0, 1, 3]), [1, -1, 8])
      return (image(both, 8), 8)
    default:
      guard let heads = random.pickIfAny(divisors(c, [2, 3])) else { return nil }
      let apart = net.reshape(tokens(x, c), [1, -1, Int64(heads), Int64(c / heads)])
      let y = net.node(
        "Einsum", [apart, weight([heads, c / heads, 6], fan: c)],
        ["equation": .string(Array("bthd,hdo->bto".utf8))])
      return (image(y, 6), 6)
    }
  }

  private mutating func attention(
    _ kind: Kind, _ x: Graph.ValueID, _ c: Int
  ) -> (Graph.ValueID, Int)? {
    guard let heads = random.pickIfAny(divisors(c, [2, 3])) else { return nil }
    let (h, d) = (Int64(heads), Int64(c / heads))
    let flat = tokens(x, c)
    let mixed: Graph.ValueID
    switch kind {
    case .fused:
      let parts = (0..<3).map { _ in linear(flat, c, c) }
      mixed = net.node(
        "Attention", parts,
        ["q_num_heads": .integer(h), "kv_num_heads": .integer(h), "scale": .float(0.5)])
    case .fusedQKV:
      let all = net.reshape(linear(flat, c, 3 * c), [1, -1, 3, h, d])
      let turned = net.transpose(all, [2, 0, 3, 1, 4])
      let parts = (0..<3).map { net.pick(turned, $0, axis: 0) }
      let context = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
      mixed = net.merged(context, Int64(c))
    default:
      let parts = (0..<3).map { _ in net.heads(linear(flat, c, c), h, d) }
      let context = net.attend(parts[0], net.transpose(parts[1], [0, 1, 3, 2]), parts[2])
      mixed = net.merged(context, Int64(c))
    }
    return (net.add(x, image(linear(mixed, c, c), c)), c)
  }
}

extension Seeded {
  mutating func pick<Items: RandomAccessCollection>(_ items: Items) -> Items.Element {
    items[items.index(items.startIndex, offsetBy: next(in: 0...(items.count - 1)))]
  }

  mutating func pickIfAny<Element>(_ items: [Element]) -> Element? {
    items.isEmpty ? nil : pick(items)
  }
}
