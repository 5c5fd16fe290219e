import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

/// A network whose inputs have free extents, pruned at some and compared at others.
struct OpenOracle {
  let graph: Graph
  let coupling: Coupling
  /// Shapes at which it is pruned.
  let assumed: [String: [Int]]

  /// - Parameter free: The symbols of the inputs' extents, with what is assumed for each.
  init(_ graph: Graph, _ free: [String: Int]) throws {
    self.graph = graph
    assumed = Self.shapes(of: graph, free)
    coupling = Coupling(of: try Specialised.forRewriting(graph, inputShapes: assumed))
  }

  static func shapes(of graph: Graph, _ free: [String: Int]) -> [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: graph.inputs.map { input in
        let value = graph.values[input]
        let shape = value.shape!.map { extent in
          switch extent {
          case .fixed(let extent): extent
          case .symbol(let name): free[name]!
          case .unknown: 0
          }
        }
        return (value.name, shape)
      })
  }

  /// Which channels stay: about a share of each group goes, lists where there are partners.
  func kept(in coupling: Coupling, lists: Bool, seed: UInt64 = 5) -> KeptChannels {
    var random = Seeded(seed: seed)
    var result = KeptChannels(coupling)
    for group in coupling.groups where group.size > 1 {
      let count = max(1, group.size * 2 / 3)
      func draw() -> [Int] {
        var all = Array(0..<group.size)
        for place in all.indices.reversed() { all.swapAt(place, random.next(in: 0...place)) }
        return all[..<count].sorted()
      }
      if lists, let partner = group.partner {
        let all = (0..<coupling.algebra.size(partner)).map { _ in draw() }
        result.keep(.lists(all, of: partner), of: group)
      } else {
        result.keep(.shared(draw()), of: group)
      }
    }
    return result
  }

  private func run(
    _ graph: Graph, _ shapes: [String: [Int]], seed: UInt64 = 11
  ) throws -> [Tensor] {
    let specialised = try Specialised(graph, inputShapes: shapes)
    var random = Seeded(seed: seed)
    var inputs: [String: Tensor] = [:]
    for input in specialised.graph.inputs {
      let type = specialised.type(of: input)
      let values = random.tensor(type.shape).doubles
      inputs[graph.values[input].name] = Tensor(
        elementType: type.elementType, shape: type.shape,
        doubles: type.elementType.isFloatingPoint ? values : values.map { ($0 * 4).magnitude })
    }
    let results = try Interpreter(specialised).run(inputs)
    return specialised.graph.outputs.map { results[graph.values[$0].name]! }
  }

  /// Holds the pruned graph and the masked reference, at other extents, to each other and to the
  /// masked reference of the network that is coupled at those extents.
  func check(
    at free: [String: Int], tolerance: Double = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let shapes = Self.shapes(of: graph, free)
    let there = Coupling(of: try Specialised(graph, inputShapes: shapes, purpose: .rewriting))
    try #require(
      there.groups.map(\.size) == coupling.groups.map(\.size), sourceLocation: sourceLocation)
    try #require(!coupling.groups.isEmpty, sourceLocation: sourceLocation)
    let dense = try run(graph, shapes)
    for lists in [false, true] {
      let keptChannels = kept(in: coupling, lists: lists)
      let (pruned, fixed) = coupling.sliced(keptChannels)
      let (masked, maskedFixed) = coupling.masked(keptChannels)
      #expect(fixed.isEmpty && maskedFixed.isEmpty, sourceLocation: sourceLocation)
      for graph in [pruned, masked] {
        #expect(graph.validate().isEmpty, sourceLocation: sourceLocation)
        for (input, own) in zip(graph.inputs, self.graph.inputs) {
          #expect(
            graph.values[input].shape == self.graph.values[own].shape,
            sourceLocation: sourceLocation)
        }
      }
      let got = try run(pruned, shapes)
      let held = try run(masked, shapes)
      let expected = try run(
        there.maskedReference(kept(in: there, lists: lists)), shapes)
      var change = 0.0
      for place in dense.indices {
        try #require(got[place].shape == dense[place].shape, sourceLocation: sourceLocation)
        try #require(held[place].shape == dense[place].shape, sourceLocation: sourceLocation)
        let scale = max(expected[place].doubles.reduce(0) { max($0, abs($1)) }, 1e-3)
        let error = Oracle.distance(got[place], expected[place]) / scale
        let heldError = Oracle.distance(held[place], expected[place]) / scale
        #expect(error <= tolerance, sourceLocation: sourceLocation)
        #expect(heldError <= tolerance, sourceLocation: sourceLocation)
        change += Oracle.distance(got[place], dense[place])
      }
      #expect(
        change > 1e-4, "the network is blind to what was removed", sourceLocation: sourceLocation)
    }
  }
}
