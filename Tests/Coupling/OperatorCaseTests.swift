import EspalierCoupling
import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded
import Testing

/// Every operator's channel map, by its cases: a new operator needs no test of its own here.
@Suite struct OperatorCaseTests {
  /// Of what is removed; the first also of the numbers that enter a network.
  private static let seeds: ClosedRange<UInt64> = 1...2
  /// Functions of which a few tenths of a number more or less make nothing else.
  private static let inSteps: Set<OperatorKind> = [
    .sign, .floor, .ceil, .round, .hardmax,
  ]

  /// What coupling makes of a node must be a graph again, whatever the node is.
  @Test(arguments: OperatorKind.allCases)
  func `every case and its changes have channel maps that do not trap`(kind: OperatorKind) throws {
    var random = Seeded(seed: kind.rawValue.utf8.reduce(29) { $0 &* 31 &+ UInt64($1) })
    let cases = kind.typedCases
    for node in cases + (0..<100).map({ _ in random.pick(cases).mutated(&random) }) {
      let (graph, _) = node.graph(holding: node.decisive)
      guard let specialised = try? Specialised(graph),
        specialised.graph.values.indices.allSatisfy({
          (specialised.types[$0]?.count ?? 0) < 1 << 20
        })
      else { continue }
      _ = Coupling(of: specialised)
    }
  }

  /// Prunes a network in each group alone, in all at once and to one channel everywhere, and holds it to
  /// its masked original.
  private func compare(_ network: CaseNetwork) throws {
    let oracle = try Oracle(network.graph, seed: Self.seeds.lowerBound)
    let groups = oracle.coupling.groups.filter { $0.size > 1 }
    var changes = [Double](repeating: 0, count: groups.count + 1)
    for seed in Self.seeds {
      var random = Seeded(seed: seed)
      var removals = groups.map { group in
        var kept = KeptChannels(oracle.coupling)
        kept.keep(oracle.randomKept((group.size + 1) / 2, of: group, &random), of: group)
        return kept
      }
      removals.append(oracle.randomKeptChannels(removing: 0.4, seed: seed))
      removals.append(oracle.randomKeptChannels(removing: 1, seed: seed, lists: false))
      for (place, kept) in removals.enumerated() {
        let (error, change) = try oracle.deviation(kept)
        #expect(
          error <= 1e-5, "\(network), seed \(seed), removal \(place) of \(groups.count) groups")
        let group = min(place, groups.count)
        changes[group] = max(changes[group], change)
      }
    }
    // An operator may be blind to what it drops, such as the beginning of what it slices.
    let blind = changes.dropLast().count { $0 <= 1e-4 }
    #expect(
      changes.last! > 1e-4 && 2 * blind <= groups.count,
      "\(network), seeds \(Self.seeds): blind to what is removed, \(changes)")
  }

  @Test(arguments: OperatorKind.allCases)
  func `every case pruned computes what its masked original does`(kind: OperatorKind) throws {
    // Whether anything real that is computed from an input comes out, and whether it ever changes.
    var (isReal, depends) = (false, false)
    for network in kind.cases.flatMap(CaseNetwork.all) {
      guard case .prunable = try CaseVerdict(network) else { continue }
      try compare(network)
      guard network.isReal else { continue }
      isReal = true
      let outputs = try Self.seeds.map { try Oracle(network.graph, seed: $0).dense }
      depends = depends || outputs.first != outputs.last
    }
    #expect(
      depends || !isReal || Self.inSteps.contains(kind),
      "\(kind), seeds \(Self.seeds): no output depends on an input")
  }

  /// Every kind with a channel map is compared, in no fewer networks and groups than were here.
  ///
  /// Floors, as a new operator brings its own and need not be written down: what comes to be held or
  /// skipped is missing among the compared.
  @Test func `channel maps are compared of every kind that has one`() throws {
    var (compared, groups, skipped) = (0, 0, [String: Int]())
    var held: [String: Int] = [:]
    var (mappedKinds, comparedKinds) = (Set<OperatorKind>(), Set<OperatorKind>())
    var unmappedKinds: Set<OperatorKind> = []
    for kind in OperatorKind.allCases {
      for node in kind.cases {
        let networks = CaseNetwork.all(node)
        if networks.isEmpty { skipped["no input to compute", default: 0] += 1 }
        for network in networks {
          switch try CaseVerdict(network) {
          case .prunable(let coupling):
            compared += 1
            groups += coupling.groups.count { $0.size > 1 }
            comparedKinds.insert(kind)
            mappedKinds.insert(kind)
          case .held(let hold):
            held[hold.rawValue, default: 0] += 1
            if hold == .byMap { mappedKinds.insert(kind) }
            if hold == .unmapped { unmappedKinds.insert(kind) }
          case .skipped(let reason): skipped[reason, default: 0] += 1
          }
        }
      }
    }
    print(
      "operator cases in coupling: \(compared) networks compared in \(groups) groups, of",
      "\(comparedKinds.count) kinds; held \(held); skipped \(skipped)")
    #expect(compared >= 2262 && groups >= 5827)
    let missing = mappedKinds.subtracting(comparedKinds)
    #expect(missing.isEmpty, "kinds with a channel map that no case compares")
    #expect(unmappedKinds.isDisjoint(with: mappedKinds), "without a map nothing may pass")
  }
}
