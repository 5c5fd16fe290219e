import EspalierCoupling
import EspalierGraph
import Testing

/// A coupling to be checked against the consumer-zero oracle.
struct Oracle {
  let coupling: Coupling
  let inputs: [String: Tensor]
  private let dense: [Tensor]

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
        return (name, random.tensor(type.shape))
      })
    dense = try Self.run(coupling.graph.graph, inputs)
  }

  static func run(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [Tensor] {
    let interpreter = Interpreter(try Specialised(graph))
    let results = try interpreter.run(inputs)
    return graph.outputs.map { results[graph.values[$0].name]! }
  }

  /// Indices of every group, drawn at random: about a share of each goes, at least one stays.
  func randomPlan(removing share: Double, seed: UInt64, lists: Bool = true) -> KeepPlan {
    var random = Seeded(seed: seed)
    var plan = KeepPlan(coupling)
    for group in coupling.groups {
      let count = max(1, group.size - max(1, Int((Double(group.size) * share).rounded())))
      guard count < group.size else { continue }
      func draw() -> [Int] {
        var all = Array(0..<group.size)
        for place in all.indices.reversed() { all.swapAt(place, random.next(in: 0...place)) }
        return all[..<count].sorted()
      }
      if lists, let partner = group.partner {
        let size = coupling.algebra.size(partner)
        plan.keep(.lists((0..<size).map { _ in draw() }, of: partner), of: group)
      } else {
        plan.keep(.shared(draw()), of: group)
      }
    }
    return plan
  }

  /// Prunes by a plan and holds the result to the masked original, and to differ from the dense one.
  @discardableResult
  func check(
    _ plan: KeepPlan, tolerance: Double = 1e-5, changes: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Graph {
    let pruned = coupling.pruned(plan)
    #expect(pruned.validate().isEmpty, sourceLocation: sourceLocation)
    let got = try Self.run(pruned, inputs)
    let expected = try Self.run(coupling.maskedReference(plan), inputs)
    var difference = 0.0
    for (place, (a, b)) in zip(got, expected).enumerated() {
      #expect(a.shape == b.shape, sourceLocation: sourceLocation)
      let scale = max(b.doubles.reduce(0) { max($0, abs($1)) }, 1e-3)
      let error = zip(a.doubles, b.doubles).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
      #expect(error.isFinite && error <= tolerance, sourceLocation: sourceLocation)
      difference += zip(a.doubles, dense[place].doubles).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    if changes, !plan.isEmpty {
      #expect(
        difference > 1e-4, "the network is blind to what was removed",
        sourceLocation: sourceLocation)
    }
    return pruned
  }

  /// Random plans, with lists and without.
  func checkAll(sourceLocation: SourceLocation = #_sourceLocation) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      for lists in [true, false] {
        try check(
          randomPlan(removing: 0.4, seed: seed, lists: lists), sourceLocation: sourceLocation)
      }
    }
  }
}
