extension Specialised {
  /// The graph for rewriting, with extents that the file leaves free still free.
  ///
  /// Folding turns shapes into numbers, also those that follow the batch. The graph is specialised at
  /// other extents as well, and what differs is not folded away: tensors of two axes and more stay
  /// computed by their nodes; what operators must know as numbers, and single numbers, are constants
  /// here and in `open` beside the nodes that compute them. An axis that the file calls free and that
  /// its nodes take at one extent alone is declared with that, and named in `open`.
  ///
  /// A sum that is divided by the number of its terms is a mean here.
  /// - Throws: as `init`.
  public static func forRewriting(
    _ graph: Graph, inputShapes: [String: [Int]] = [:]
  ) throws(GraphProblems) -> Specialised {
    let result = try withOpenExtents(graph, inputShapes)
    guard let other = graph.withMeansOfSums(result) else { return result }
    return try withOpenExtents(other, inputShapes)
  }

  private static func withOpenExtents(
    _ graph: Graph, _ inputShapes: [String: [Int]]
  ) throws(GraphProblems) -> Specialised {
    let isOpen = graph.inputs.contains { graph.values[$0].isOpen }
    var result = try Specialised(
      graph, inputShapes: inputShapes, purpose: .rewriting, keepsEverything: isOpen)
    guard isOpen else { return result }
    let free = FreeExtents(graph, result)
    let search = free.search()
    result.open = OpenExtents()
    result.open!.fixed = search.fixed
    result.unfold(search.found.map(\.graph))
    let elements = result.open!.elements.keys
    result.open!.others = search.found.map { shapes, other in
      OpenExtents.Other(
        inputs: shapes, outputs: other.graph.outputs.map { other.types[$0]?.shape },
        constants: Dictionary(
          uniqueKeysWithValues: elements.compactMap { value in
            other.everything!.constants[value].map { (value, $0) }
          }))
    }
    for (input, axis) in free.places(of: search.fixed) {
      guard let type = result.types[input] else { continue }
      result.graph.values[input].shape![axis] = .fixed(type.shape[axis])
    }
    result.everything = nil
    return result
  }

  /// Takes back what was folded and differs from the same graph at other extents.
  private mutating func unfold(_ others: [Specialised]) {
    let known = everything!
    var walk = Unfolding(known, others.map { $0.everything! })
    for output in graph.outputs { walk.visit(output) }
    let places = walk.live.sorted()
    graph.nodes = places.map { known.steps[$0].node }
    operators = places.map { known.steps[$0].operation }
    (types, constants) = (known.types, known.constants)
    for place in walk.live where known.steps[place].isFolded {
      for case let output? in known.steps[place].node.outputs { constants[output] = nil }
    }
    var needed = Set(graph.inputs + graph.outputs)
    for node in graph.nodes {
      needed.formUnion((node.dependencies + node.outputs).compactMap { $0 })
    }
    for value in graph.values.indices {
      if !needed.contains(value) {
        types[value] = nil
        constants[value] = nil
      }
      graph.values[value].constant = constants[value]
    }
    walk.describe(&open!, places)
  }
}

extension Graph.Value {
  fileprivate var isOpen: Bool {
    shape?.contains { if case .fixed = $0 { false } else { true } } ?? true
  }
}

/// Finds which nodes of a folded graph must stay, from its outputs backwards.
private struct Unfolding {
  private let known: Specialised.Everything
  private let open: OpenElements
  private var writers: [Graph.ValueID: Int] = [:]
  /// Nodes of the graph, and nodes that compute what is a constant of it, by their number.
  private(set) var live: Set<Int> = []
  private var steps: Set<Int> = []

  init(_ known: Specialised.Everything, _ others: [Specialised.Everything]) {
    self.known = known
    open = OpenElements(known, others)
    for (place, step) in known.steps.enumerated() {
      for case let output? in step.node.outputs { writers[output] = place }
    }
  }

  /// Keeps what a value of the graph needs.
  mutating func visit(_ value: Graph.ValueID) {
    guard let place = writers[value] else { return }
    guard known.steps[place].isFolded else { return keep(place) }
    guard open.masks[value] != nil else { return }
    if known.types[value]!.rank >= 2 { keep(place) } else { compute(place) }
  }

  private mutating func keep(_ place: Int) {
    guard live.insert(place).inserted else { return }
    for case let input? in known.steps[place].node.dependencies { visit(input) }
  }

  private mutating func compute(_ place: Int) {
    guard steps.insert(place).inserted else { return }
    for case let input? in known.steps[place].node.dependencies {
      if open.masks[input] != nil {
        compute(writers[input]!)
      } else if known.constants[input] == nil {
        visit(input)
      }
    }
  }

  /// Notes what was found.
  /// - Parameter places: The nodes that are the graph's now.
  func describe(_ result: inout OpenExtents, _ places: [Int]) {
    for place in steps.subtracting(live).sorted() {
      let step = known.steps[place]
      let before = places.firstIndex { $0 > place } ?? places.count
      result.steps.append(
        OpenExtents.Step(place: before, node: step.node, operation: step.operation))
      for case let input? in step.node.dependencies where open.masks[input] == nil {
        if let constant = known.constants[input] { result.constants[input] = constant }
      }
      for case let output? in step.node.outputs {
        result.elements[output] = open.masks[output]
      }
    }
    result.computed = Set(places.indices.filter { known.steps[places[$0]].isFolded })
    for value in known.types.indices {
      let axes = open.axes(of: value)
      if axes.contains(true) { result.axes[value] = axes }
    }
  }
}
