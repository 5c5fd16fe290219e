import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// A coupling to be checked against the consumer-zero oracle.
struct Oracle {
  let coupling: Coupling
  let inputs: [String: Tensor]
  /// The outputs before anything is removed.
  let dense: [Tensor]

  init(_ graph: Graph, seed: UInt64 = 1, purpose: Specialised.Purpose = .execution) throws {
    let specialised =
      purpose == .rewriting ? try Specialised.forRewriting(graph) : try Specialised(graph)
    let coupling = Coupling(of: specialised)
    self.coupling = coupling
    var random = Seeded(seed: seed)
    inputs = Dictionary(
      uniqueKeysWithValues: coupling.graph.graph.inputs.map { input in
        let type = coupling.graph.type(of: input)
        let name = coupling.graph.graph.values[input].name
        guard type.elementType.isFloatingPoint else {
          // Indices: small enough for every table of the tests.
          let values = (0..<type.count).map { _ in Int64(random.next(in: 0...2)) }
          return (name, Tensor(elementType: type.elementType, shape: type.shape, integers: values))
        }
        let values = random.tensor(type.shape).doubles
        return (name, Tensor(elementType: type.elementType, shape: type.shape, doubles: values))
      })
    dense = try Self.run(coupling.graph.graph, inputs)
  }

  static func run(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Tensor] {
    let interpreter = Interpreter(try Specialised(graph))
    let results = try interpreter.run(inputs)
    return graph.outputs.map { results[graph.values[$0].name]! }
  }

  /// Holds the groups found to those a person counts: sizes, and how many may keep lists.
  func expectGroups(
    _ sizes: [Int], lists: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      coupling.groups.map(\.size).sorted() == sizes.sorted(), sourceLocation: sourceLocation)
    guard let lists else { return }
    #expect(
      coupling.groups.count { $0.partner != nil } == lists, sourceLocation: sourceLocation)
  }

  /// The groups and the oracle in one.
  func checkAll(
    groups sizes: [Int], lists: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    expectGroups(sizes, lists: lists, sourceLocation: sourceLocation)
    try checkAll(sourceLocation: sourceLocation)
    try checkExtremes(sourceLocation: sourceLocation)
  }

  /// The only group of a size.
  func group(ofSize size: Int) throws -> ChannelGroup {
    let found = coupling.groups.filter { $0.size == size }
    return try #require(found.count == 1 ? found.first : nil)
  }

  /// Which positions along an axis of a constant stay.
  func kept(_ constant: String, axis: Int, _ keptChannels: KeptChannels) throws -> [Int] {
    let use = try #require(
      coupling.uses.first { coupling.graph.graph.values[$0.value].name == constant })
    return try #require(TensorSelection(use.axes, keptChannels).positions(along: axis))
  }

  /// What is kept where some indices of one group go, for every index of its partner if it has one.
  func removing(_ indices: Set<Int>, of group: ChannelGroup) -> KeptChannels {
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared((0..<group.size).filter { !indices.contains($0) }), of: group)
    return keptChannels
  }

  /// Indices of every group, drawn at random: about a share of each goes, at least one stays.
  func randomKeptChannels(removing share: Double, seed: UInt64, lists: Bool = true) -> KeptChannels
  {
    var random = Seeded(seed: seed)
    var keptChannels = KeptChannels(coupling)
    for group in coupling.groups {
      let count = max(1, group.size - max(1, Int((Double(group.size) * share).rounded())))
      guard count < group.size else { continue }
      keptChannels.keep(randomKept(count, of: group, &random, lists: lists), of: group)
    }
    return keptChannels
  }

  func randomKept(
    _ count: Int, of group: ChannelGroup, _ random: inout Seeded, lists: Bool = true
  ) -> KeptChannels.Kept {
    func draw() -> [Int] {
      var all = Array(0..<group.size)
      for place in all.indices.reversed() { all.swapAt(place, random.next(in: 0...place)) }
      return all[..<count].sorted()
    }
    guard lists, let partner = group.partner else { return .shared(draw()) }
    return .lists((0..<coupling.algebra.size(partner)).map { _ in draw() }, of: partner)
  }

  /// How far the pruned graph is from what it must compute, relative to the largest value of each
  /// output, and how far from the dense graph.
  func deviation(
    _ keptChannels: KeptChannels, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> (error: Double, change: Double) {
    let pruned = coupling.pruned(keptChannels)
    #expect(pruned.validate().isEmpty, sourceLocation: sourceLocation)
    // Broadcasting would forgive an axis that is gone, or of which one channel too many went.
    let types = try Specialised(pruned).types
    for (value, axes) in coupling.valueAxes.enumerated() {
      guard let axes, value < types.count, let type = types[value] else { continue }
      #expect(type.shape == axes.map(keptChannels.count), sourceLocation: sourceLocation)
    }
    let got = try Self.run(pruned, inputs)
    let expected = try Self.run(coupling.maskedReference(keptChannels), inputs)
    var (error, change) = (0.0, 0.0)
    for (place, (a, b)) in zip(got, expected).enumerated() {
      try #require(a.shape == b.shape, sourceLocation: sourceLocation)
      let scale = max(b.doubles.reduce(0) { max($0, abs($1)) }, 1e-3)
      try #require(scale.isFinite, sourceLocation: sourceLocation)
      error = max(error, Self.distance(a, b) / scale)
      change += Self.distance(a, dense[place])
    }
    return (error, change)
  }

  /// The largest difference; infinite where one is no number.
  static func distance(_ a: Tensor, _ b: Tensor) -> Double {
    zip(a.doubles, b.doubles).reduce(0) {
      let difference = abs($1.0 - $1.1)
      return difference.isFinite ? max($0, difference) : .infinity
    }
  }

  /// Prunes and holds the result to the masked original, and to differ from the dense one.
  @discardableResult
  func check(
    _ keptChannels: KeptChannels, tolerance: Double = 1e-5, changes: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Graph {
    let (error, change) = try deviation(keptChannels, sourceLocation: sourceLocation)
    #expect(error <= tolerance, sourceLocation: sourceLocation)
    if changes, !keptChannels.isEmpty {
      #expect(
        change > 1e-4, "the network is blind to what was removed", sourceLocation: sourceLocation)
    }
    return coupling.pruned(keptChannels)
  }

  /// Random kept channels, with lists and without.
  func checkAll(sourceLocation: SourceLocation = #_sourceLocation) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      for lists in [true, false] {
        try check(
          randomKeptChannels(removing: 0.4, seed: seed, lists: lists),
          sourceLocation: sourceLocation)
      }
    }
  }

  /// One index of each group alone, and one left everywhere.
  func checkExtremes(sourceLocation: SourceLocation = #_sourceLocation) throws {
    var random = Seeded(seed: 4)
    for group in coupling.groups where group.size > 1 {
      var keptChannels = KeptChannels(coupling)
      keptChannels.keep(randomKept(group.size - 1, of: group, &random), of: group)
      // A single channel may be one that a rectifier silences.
      try check(keptChannels, changes: false, sourceLocation: sourceLocation)
    }
    for lists in [true, false] {
      try check(
        randomKeptChannels(removing: 1, seed: 5, lists: lists), sourceLocation: sourceLocation)
    }
  }
}
