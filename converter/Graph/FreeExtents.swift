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
  /// the file's nodes do not take that, batches and the rest apart, then each alone. Batches grow by
  /// one; other axes by their own extent, so that windows and strides still divide them. An extent
  /// that no change is taken of is fixed, by the node that refuses it.
  func search() -> Search {
    var search = Search()
    let all = Array(symbols.indices)
    var reached: Set<Int> = []
    var faults: [Int: GraphError] = [:]
    func attempt(_ chosen: [Int], _ steps: Int) {
      let shapes = self.shapes(changing: chosen, steps)
      do throws(GraphProblems) {
        let other = try Specialised(
          graph, inputShapes: shapes, purpose: .rewriting, keepsEverything: true)
        if let branch = decisions.difference(from: other.decisions) {
          throw GraphProblems([branch])
        }
        search.found.append((shapes, other))
        reached.formUnion(chosen)
      } catch {
        if chosen.count == 1 || all.count == 1 {
          for symbol in chosen { faults[symbol] = faults[symbol] ?? error.problems[0] }
        }
      }
    }
    guard !all.isEmpty else { return search }
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
      guard let fault = faults[symbol] else { continue }
      let axes = symbols[symbol].places.map { "\(graph.values[$0.input].name).\($0.axis)" }
      search.fixed.append(
        FixedExtent(
          axes: axes, node: fault.node, reason: "takes no other extent (\(fault.message))"))
    }
    return search
  }

  /// The places of symbols whose extents are fixed.
  func places(of fixed: [FixedExtent]) -> [(input: Graph.ValueID, axis: Int)] {
    let names = Set(fixed.flatMap(\.axes))
    return symbols.flatMap(\.places).filter {
      names.contains("\(graph.values[$0.input].name).\($0.axis)")
    }
  }

  /// The inputs' shapes with some extents changed.
  private func shapes(changing chosen: [Int], _ steps: Int) -> [String: [Int]] {
    var shapes = assumed
    for symbol in chosen {
      let first = symbols[symbol].places[0]
      let old = assumed[first.input]![first.axis]
      let extent = first.axis == 0 ? old + steps : max(old, 1) * (steps + 1)
      for place in symbols[symbol].places { shapes[place.input]![place.axis] = extent }
    }
    return Dictionary(uniqueKeysWithValues: shapes.map { (graph.values[$0].name, $1) })
  }
}
