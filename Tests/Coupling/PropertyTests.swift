import EspalierCoupling
import EspalierSeeded
import Testing

@testable import EspalierGraph

/// What must hold for every network.
@Suite struct PropertyTests {
  /// Networks in which groups meet every kind of map.
  enum Network: CaseIterable {
    case residual, groups, halves, recurrent, queries

    var graph: Graph {
      switch self {
      case .residual: PropertyTests.residual()
      case .groups: PropertyTests.groups()
      case .halves: PropertyTests.halves()
      case .recurrent: PropertyTests.recurrent()
      case .queries: AttentionTests.groupedQueries(keyHeads: 2, perKey: 4)
      }
    }
  }

  private static func residual() -> Graph {
    var net = Net()
    let x = net.batchNorm(net.conv(net.input([1, 3, 3, 3]), 3, 8, kernel: 3), 8)
    let inner = net.conv(net.sigmoid(net.conv(x, 8, 6, kernel: 3)), 6, 8, kernel: 1)
    let sum = net.tanh(net.add(inner, x))
    return net.finished([net.gemm(net.node("Flatten", [sum]), 72, 4)])
  }

  private static func groups() -> Graph {
    var net = Net()
    let x = net.sigmoid(net.conv(net.input([1, 3, 3, 3]), 3, 20, kernel: 1))
    let inner = net.tanh(net.conv(x, 20, 16, kernel: 3, groups: 4))
    return net.finished([net.conv(inner, 16, 3, kernel: 1)])
  }

  private static func halves() -> Graph {
    var net = Net()
    let parts = net.split(net.conv(net.input([1, 3, 3, 3]), 3, 14, kernel: 1), [7, 7])
    let deep = net.add(net.tanh(net.conv(parts[1], 7, 7, kernel: 3)), parts[1])
    return net.finished([net.conv(net.concat([deep, parts[0], parts[1]]), 21, 4, kernel: 1)])
  }

  private static func recurrent() -> Graph {
    var net = Net()
    let x = net.linear(net.input([3, 1, 4]), 4, 6)
    let states = net.node(
      "LSTM", [x, net.weight([2, 20, 6]), net.weight([2, 20, 5]), net.weight([2, 40])],
      ["hidden_size": .integer(5), "direction": .string(Array("bidirectional".utf8))])
    let both = net.reshape(net.transpose(states, [0, 2, 1, 3]), [0, 0, -1])
    return net.finished([net.linear(both, 10, 3)])
  }

  @Test(arguments: Network.allCases)
  func nothingRemovedChangesNothing(_ network: Network) throws {
    let coupling = Coupling(of: try Specialised(network.graph))
    var keptChannels = KeptChannels(coupling)
    for group in coupling.groups { keptChannels.keep(.shared(Array(0..<group.size)), of: group) }
    #expect(keptChannels.isEmpty)
    let (pruned, whole) = (coupling.pruned(keptChannels), coupling.graph.graph)
    #expect(pruned.values.map(\.constant) == whole.values.map(\.constant))
    #expect(pruned.values.map(\.name) == whole.values.map(\.name))
    #expect(pruned.nodes.map(\.inputs) == whole.nodes.map(\.inputs))
    #expect(pruned.nodes.map(\.attributes) == whole.nodes.map(\.attributes))
  }

  /// Removing some, and of what is left some more, is removing both: bit for bit, lists included.
  @Test(arguments: Network.allCases, [true, false])
  func removalsCompose(_ network: Network, _ lists: Bool) throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      let coupling = Coupling(of: try Specialised(network.graph))
      let first = Self.randomChannels(coupling, seed: seed, lists: lists)
      let once = coupling.pruned(first)
      let rest = Coupling(of: try Specialised(once))
      let second = Self.randomChannels(rest, seed: seed + 100, lists: lists)
      let twice = rest.pruned(second)
      try #require(rest.groups.count == coupling.groups.count)
      var union = KeptChannels(coupling)
      for (whole, left) in zip(coupling.groups, rest.groups) {
        union.keep(
          try Self.union(whole, first, left, second, in: coupling), of: whole)
      }
      let together = coupling.pruned(union)
      for (a, b) in zip(twice.nodes, together.nodes) {
        #expect(a.attributes == b.attributes, "\(a.name), seed \(seed)")
        let constants = [(a, twice), (b, together)].map { node, graph in
          node.inputs.map { $0.flatMap { graph.values[$0].constant } }
        }
        #expect(constants[0] == constants[1], "\(a.name), seed \(seed)")
      }
    }
  }

  /// Removes one or two of every group, and leaves at least two.
  private static func randomChannels(_ coupling: Coupling, seed: UInt64, lists: Bool)
    -> KeptChannels
  {
    var random = Seeded(seed: seed)
    var keptChannels = KeptChannels(coupling)
    for group in coupling.groups where group.size > 2 {
      func draw() -> [Int] {
        var all = Array(0..<group.size)
        all.remove(at: Int(random.next() % UInt64(all.count)))
        return all
      }
      if lists, let partner = group.partner {
        keptChannels.keep(
          .lists((0..<coupling.algebra.size(partner)).map { _ in draw() }, of: partner), of: group)
      } else {
        keptChannels.keep(.shared(draw()), of: group)
      }
    }
    return keptChannels
  }

  private static func indices(_ keptChannels: KeptChannels, _ leaf: Factor) -> [Int] {
    guard case .shared(let kept)? = keptChannels.kept[leaf] else {
      return Array(0..<keptChannels.algebra.size(leaf))
    }
    return kept
  }

  private static func union(
    _ whole: ChannelGroup, _ first: KeptChannels, _ left: ChannelGroup, _ second: KeptChannels,
    in coupling: Coupling
  ) throws -> KeptChannels.Kept {
    func list(_ keptChannels: KeptChannels, _ group: ChannelGroup, _ index: Int) -> [Int] {
      switch keptChannels.kept[group.leaf] {
      case .lists(let lists, _)?: lists[index]
      case .shared(let kept)?: kept
      case nil: Array(0..<group.size)
      }
    }
    guard let partner = whole.partner else {
      let kept = list(first, whole, 0)
      return .shared(list(second, left, 0).map { kept[$0] })
    }
    try #require(left.partner != nil)
    let places = indices(first, partner)
    return .lists(
      (0..<coupling.algebra.size(partner)).map { index in
        let kept = list(first, whole, index)
        // What a removed index of the partner keeps is never read.
        let place = places.firstIndex(of: index) ?? 0
        return list(second, left, place).map { kept[$0] }
      }, of: partner)
  }

  /// Groups follow from the graph, not from the order in which it lists its nodes.
  @Test(arguments: Network.allCases)
  func groupsDoNotDependOnTheOrderOfNodes(_ network: Network) throws {
    let graph = network.graph
    let expected = try Self.signature(graph)
    for seed in 1...5 as ClosedRange<UInt64> {
      #expect(try Self.signature(Self.reordered(graph, seed)) == expected, "seed \(seed)")
    }
  }

  @Test func groupsOfRandomNetworksDoNotDependOnTheOrderOfNodes() throws {
    for seed in 0..<100 as Range<UInt64> {
      let (graph, steps) = RandomNetwork.graph(seed: seed)
      let expected = try Self.signature(graph)
      #expect(
        try Self.signature(Self.reordered(graph, seed)) == expected, "seed \(seed): \(steps)")
    }
  }

  /// What each group takes from which axis: sizes, members, whether lists.
  private static func signature(_ graph: Graph) throws -> [[String]] {
    let coupling = Coupling(of: try Specialised(graph))
    return coupling.groups.map { group in
      let members = group.members.map { member in
        let use = coupling.uses[member.use]
        let node = coupling.graph.graph.nodes[use.node].name
        return "\(node) input \(use.input) axis \(member.axis) \(member.role)"
      }
      return ["\(group.size)", "\(group.partner != nil)", "\(group.isExact)"] + members.sorted()
    }.sorted { $0.joined() < $1.joined() }
  }

  private static func reordered(_ graph: Graph, _ seed: UInt64) -> Graph {
    var (random, result) = (Seeded(seed: seed), graph)
    var made = Set(graph.inputs)
    for (index, value) in graph.values.enumerated() where value.constant != nil {
      made.insert(index)
    }
    var waiting = graph.nodes
    result.nodes = []
    while !waiting.isEmpty {
      let ready = waiting.indices.filter { index in
        waiting[index].inputs.allSatisfy { $0 == nil || made.contains($0!) }
      }
      let node = waiting.remove(at: random.pick(ready))
      made.formUnion(node.outputs.compactMap { $0 })
      result.nodes.append(node)
    }
    return result
  }

  /// The oracle sees two channels exchanged in one constant alone.
  @Test(arguments: Network.allCases.filter { $0 != .queries })
  func exchangedChannelsAreCaught(_ network: Network) throws {
    let oracle = try Oracle(network.graph)
    let keptChannels = oracle.randomKeptChannels(removing: 0.3, seed: 1)
    let pruned = oracle.coupling.pruned(keptChannels)
    let expected = try Oracle.run(oracle.coupling.maskedReference(keptChannels), oracle.inputs)
    var count = 0
    for group in oracle.coupling.groups {
      for member in group.members {
        let use = oracle.coupling.uses[member.use]
        let value = pruned.nodes[use.node].inputs[use.input]!
        let constant = pruned.values[value].constant!
        var mutated = pruned
        mutated.values[value].constant = Self.exchanged(constant, member.axis)
        let got = try Oracle.run(mutated, oracle.inputs)
        let error = zip(got, expected).reduce(0.0) { max($0, Oracle.distance($1.0, $1.1)) }
        #expect(error > 1e-4, "\(pruned.values[value].name), axis \(member.axis)")
        count += 1
      }
    }
    #expect(count > 4)
  }

  /// The first and the last position along an axis, exchanged.
  private static func exchanged(_ tensor: Tensor, _ axis: Int) -> Tensor {
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    let extent = tensor.shape[axis]
    let values = tensor.doubles
    let result = values.indices.map { index -> Double in
      let place = index / inner % extent
      let other = place == 0 ? extent - 1 : place == extent - 1 ? 0 : place
      return values[index + (other - place) * inner]
    }
    return Tensor(elementType: tensor.elementType, shape: tensor.shape, doubles: result)
  }

  /// Two axes come out the same whichever is named first, and agree at every place.
  @Test func relatingIsSymmetric() throws {
    for seed in 0..<2000 as Range<UInt64> {
      let results = [false, true].map { turned in
        let algebra = AxisAlgebra()
        var random = Seeded(seed: seed)
        let size = random.pick([6, 12, 16, 24, 30])
        let axes = (0..<2).map { _ in Self.axis(algebra, size, &random) }
        algebra.relate(axes[turned ? 1 : 0], axes[turned ? 0 : 1], node: "test")
        return axes.map { Self.canonical(algebra, $0) }
      }
      #expect(results[0] == results[1], "seed \(seed)")
      #expect(results[0][0] == results[0][1] || results[0].allSatisfy { $0.frozen }, "seed \(seed)")
    }
  }

  /// A sum of products of new factors.
  private static func axis(_ algebra: AxisAlgebra, _ size: Int, _ random: inout Seeded) -> Axis {
    var (left, segments) = (size, [[Factor]]())
    while left > 0 {
      let part = random.next(in: 0...2) == 0 ? random.next(in: 1...left) : left
      var (rest, product) = (part, [Factor]())
      for divisor in [2, 3, 4] where rest.isMultiple(of: divisor) && random.next(in: 0...1) == 0 {
        product.append(algebra.freshFactor(divisor))
        rest /= divisor
      }
      if rest > 1 { product.append(algebra.freshFactor(rest)) }
      segments.append(product)
      left -= part
    }
    return Axis(segments: segments)
  }

  private struct Canonical: Equatable {
    var boxes: [[Int]]
    var frozen: Bool
  }

  /// The boxes of an axis with leaves numbered by first appearance.
  private static func canonical(_ algebra: AxisAlgebra, _ axis: Axis) -> Canonical {
    var numbers: [Factor: Int] = [:]
    let boxes = algebra.layout(axis).boxes.map { box in
      [box.start]
        + box.digits.flatMap { digit -> [Int] in
          let number = numbers[digit.leaf] ?? numbers.count
          numbers[digit.leaf] = number
          return [number, digit.size, digit.stride]
        }
    }
    return Canonical(boxes: boxes, frozen: algebra.isFrozen(axis))
  }
}
