/// The extents that a file leaves free, and other numbers for them.
struct FreeExtents {
  /// What has one number wherever it stands.
  enum Symbol: Hashable {
    case named(String)
    /// An axis of an input without a name.
    case axis(Graph.ValueID, Int)
  }

  /// Where each stands, in the order of the inputs: value and axis.
  private(set) var symbols: [(symbol: Symbol, places: [(input: Graph.ValueID, axis: Int)])] = []
  private let graph: Graph
  private let assumed: [Graph.ValueID: [Int]]
  private let decisions: Decisions

  /// - Parameter specialised: The graph at the assumed extents.
  init(_ graph: Graph, _ specialised: Specialised) {
    self.graph = graph
    decisions = specialised.decisions
    assumed = Dictionary(
      uniqueKeysWithValues: specialised.graph.inputs.compactMap { input in
        specialised.types[input].map { (input, $0.shape) }
      })
    var numbers: [Symbol: Int] = [:]
    for input in specialised.graph.inputs where assumed[input] != nil {
      for (axis, extent) in (graph.values[input].shape ?? []).enumerated() {
        let symbol: Symbol
        switch extent {
        case .fixed: continue
        case .symbol(let name): symbol = .named(name)
        case .unknown: symbol = .axis(input, axis)
        }
        if let number = numbers[symbol] {
          symbols[number].places.append((input, axis))
        } else {
          numbers[symbol] = symbols.count
          symbols.append((symbol, [(input, axis)]))
        }
      }
    }
  }

  /// What was found at other extents.
  struct Search {
    var found: [(shapes: [String: [Int]], graph: Specialised)] = []
    var fixed: [FixedExtent] = []
  }

  /// The graph at other extents.
  ///
  /// All are changed at once, twice, so that what agrees by chance at one is seen at the other; where
  /// the file's nodes do not take that, batches and the rest apart, then each alone, then those that
  /// may belong together. Batches grow by one; other axes by their own extent, so that windows and
  /// strides still divide them. An extent that no change is taken of is fixed, by the node that refuses
  /// it alone.
  func search() -> Search {
    var search = Search()
    let all = Array(symbols.indices)
    guard !all.isEmpty else { return search }
    var reached: Set<Int> = []
    var faults: [Int: GraphError] = [:]
    var attempted: Set<[Int]> = []
    func attempt(_ chosen: [Int], _ steps: Int, areAlike: Bool = false) {
      do throws(GraphProblems) {
        let found = try other(shapes(changing: chosen, steps, areAlike))
        search.found.append(found)
        reached.formUnion(chosen)
      } catch {
        if chosen.count == 1 || all.count == 1 {
          for symbol in chosen { faults[symbol] = faults[symbol] ?? error.problems[0] }
        }
      }
    }
    for steps in 1...2 { attempt(all, steps) }
    if reached.isEmpty {
      let batches = all.filter { symbols[$0].places[0].axis == 0 }
      let rest = all.filter { symbols[$0].places[0].axis != 0 }
      for part in [batches, rest] where part.count > 1 { attempt(part, 1) }
    }
    for symbol in all where !reached.contains(symbol) {
      for steps in 1...2 where !reached.contains(symbol) { attempt([symbol], steps) }
    }
    for symbol in all where !reached.contains(symbol) {
      for chosen in companions(of: symbol) where !reached.contains(symbol) {
        guard attempted.insert(chosen).inserted else { continue }
        attempt(chosen, 1, areAlike: true)
        if reached.contains(symbol) { attempt(chosen, 2, areAlike: true) }
      }
    }
    for symbol in all where !reached.contains(symbol) {
      guard let fault = faults[symbol] else { continue }
      let axes = symbols[symbol].places.map { "\(graph.values[$0.input].name).\($0.axis)" }
      search.fixed.append(
        FixedExtent(
          axes: axes, node: fault.node, reason: "takes no other extent (\(fault.message))"))
    }
    return search
  }

  /// The graph at other shapes of its inputs.
  /// - Throws: `GraphProblems` where it does not take them, or takes other branches.
  private func other(
    _ shapes: [String: [Int]]
  ) throws(GraphProblems) -> (shapes: [String: [Int]], graph: Specialised) {
    let other = try Specialised(
      graph, inputShapes: shapes, purpose: .rewriting, keepsEverything: true)
    if let branch = decisions.difference(from: other.decisions) { throw GraphProblems([branch]) }
    return (shapes, other)
  }

  /// Of so many symbols, parts of those that may belong together are tried as well.
  private static let fewSymbols = 6

  /// Which symbols one may have to change with, likely ones first.
  ///
  /// An axis without a name does not say whose extent it shares: that of a batch is the same number
  /// wherever it stands. All but one are tried since that one may be what takes no other extent.
  private func companions(of symbol: Int) -> [[Int]] {
    let all = Array(symbols.indices)
    let alike = all.filter { extent(of: $0) == extent(of: symbol) }
    var result = [alike]
    if all.count <= Self.fewSymbols {
      for set in [alike, all] {
        result += set.filter { $0 != symbol }.map { left in set.filter { $0 != left } }
      }
      result += alike.filter { $0 != symbol }.map { [min(symbol, $0), max(symbol, $0)] }
    }
    return result.filter { $0.count > 1 }
  }

  private func extent(of symbol: Int) -> Int {
    let first = symbols[symbol].places[0]
    return assumed[first.input]![first.axis]
  }

  /// The places of symbols whose extents are fixed.
  func places(of fixed: [FixedExtent]) -> [(input: Graph.ValueID, axis: Int)] {
    let names = Set(fixed.flatMap(\.axes))
    return symbols.flatMap(\.places).filter {
      names.contains("\(graph.values[$0.input].name).\($0.axis)")
    }
  }

  /// The inputs' shapes with some extents changed.
  /// - Parameter areAlike: Whether those of one extent get one extent.
  private func shapes(
    changing chosen: [Int], _ steps: Int, _ areAlike: Bool
  ) -> [String: [Int]] {
    var shapes = assumed
    for symbol in chosen {
      let old = extent(of: symbol)
      let tied = areAlike ? chosen.filter { extent(of: $0) == old } : [symbol]
      let isBatch = tied.contains { symbols[$0].places[0].axis == 0 }
      let changed = isBatch ? old + steps : max(old, 1) * (steps + 1)
      for place in symbols[symbol].places { shapes[place.input]![place.axis] = changed }
    }
    return Dictionary(uniqueKeysWithValues: shapes.map { (graph.values[$0].name, $1) })
  }
}
