public import EspalierGraph

extension Coupling {
  /// The graph of the kept channels: smaller constants, and nodes that state the new extents.
  ///
  /// Nothing is analysed again: every extent is what is left of an axis. What follows free extents is
  /// computed as in the file; where it cannot be, see `fixing`.
  public func pruned(_ keptChannels: KeptChannels) -> Graph { sliced(keptChannels).graph }

  /// As `pruned`, with the extents that could not be kept free.
  public func sliced(_ keptChannels: KeptChannels) -> (graph: Graph, fixed: [FixedExtent]) {
    var result = Pruned(self, keptChannels)
    for index in graph.graph.nodes.indices { result.rewrite(index) }
    let (fixed, promises) = (result.fixed, result.promises)
    return fixing(result.finished(), fixed, promises)
  }
}

struct Pruned {
  let coupling: Coupling
  let keptChannels: KeptChannels
  var graph: Graph
  /// Nodes that compute numbers from free extents, in order, each before a node of the graph.
  var steps: [(place: Int, node: Graph.Node)] = []
  /// What is not free any more, and why.
  var fixed: [FixedExtent] = []
  /// What computed numbers must be at other extents.
  var promises: [OpenPromise] = []
  /// What those nodes compute at the assumed extents once the channels are gone.
  var computed: [Graph.ValueID: Tensor] = [:]
  /// The inputs of the node at hand whose open numbers are settled.
  var stated: Set<Int> = []
  /// How many of the open steps have been taken.
  var stepsTaken = 0
  /// The constants made of each constant so far, by the axes they were cut by.
  private var versions: [Graph.ValueID: [(axes: [Axis], value: Graph.ValueID)]] = [:]
  private var usesOfNode: [Int: [Coupling.ConstantUse]]
  private var names: Set<String>

  init(_ coupling: Coupling, _ keptChannels: KeptChannels) {
    self.coupling = coupling
    self.keptChannels = keptChannels
    graph = coupling.graph.graph
    usesOfNode = Dictionary(grouping: coupling.uses, by: \.node)
    names = Set(graph.values.map(\.name))
  }

  mutating func rewrite(_ index: Int) {
    takeSteps(before: index)
    stated = []
    let node = coupling.graph.graph.nodes[index]
    for use in usesOfNode[index] ?? [] {
      graph.nodes[index].inputs[use.input] = version(of: use)
    }
    // Constants too: an attention's scale follows from heads that only constants may have.
    let related =
      (node.inputs + node.outputs).compactMap { $0.flatMap { coupling.valueAxes[$0] } }
      + (usesOfNode[index] ?? []).map(\.axes)
    if related.contains(where: { keptChannels.touches($0) }) {
      for rewrite in coupling.facts[index].rewrites {
        if coupling.graph.open == nil {
          apply(rewrite, to: index)
        } else {
          applyOpen(rewrite, to: index)
        }
      }
    }
    settle(index)
  }

  /// The constant as this use is left with it.
  private mutating func version(of use: Coupling.ConstantUse) -> Graph.ValueID {
    let axes = use.axes.map(coupling.algebra.normal)
    if let known = versions[use.value]?.first(where: { $0.axes == axes }) { return known.value }
    let whole = coupling.graph.constants[use.value]!
    var value = use.value
    if keptChannels.touches(axes) || versions[use.value] != nil {
      let tensor =
        keptChannels.touches(axes) ? TensorSelection(axes, keptChannels).gather(whole) : whole
      if versions[use.value] == nil {
        graph.values[value].constant = tensor
        graph.values[value].shape = tensor.shape.map { .fixed($0) }
      } else if let same = versions[use.value]!.first(where: {
        graph.values[$0.value].constant == tensor
      }) {
        value = same.value
      } else {
        value = graph.addConstant(unique(graph.values[value].name), tensor)
      }
    }
    versions[use.value, default: []].append((axes, value))
    return value
  }

  mutating func unique(_ name: String) -> String {
    var number = 2
    while !names.insert("\(name)_\(number)").inserted { number += 1 }
    return "\(name)_\(number)"
  }

  func value(_ extent: Extent) -> Int {
    extent.axes.reduce(extent.fixed) { $0 + keptChannels.count($1) }
  }

  mutating func apply(_ rewrite: NodeRewrite, to index: Int) {
    switch rewrite {
    case .number(let name, let extent):
      graph.nodes[index].attributes[name] = .integer(Int64(value(extent)))
    case .list(let name, let extents):
      graph.nodes[index].attributes[name] = .integers(extents.map { Int64(value($0)) })
    case .float(let name, let number):
      graph.nodes[index].attributes[name] = .float(number)
    case .identity:
      graph.nodes[index].operation = OperatorKind.identity.rawValue
      graph.nodes[index].attributes = [:]
      graph.nodes[index].inputs.removeSubrange(1...)
    case .vector(let input, let extents):
      setVector(index, input, extents.map { Int64(value($0)) })
    case .cuts(let starts, let ends, let steps, _):
      let axes = starts.indices.map { Extent(fixed: $0) }
      let parts = [starts, ends, axes, steps.map { Extent(fixed: $0) }]
      let names = ["starts", "ends", "axes"]
      let isInput = graph.nodes[index].attributes["starts"] == nil
      for (place, extents) in parts.enumerated() where isInput || place < names.count {
        apply(isInput ? .vector(place + 1, extents) : .list(names[place], extents), to: index)
      }
    case .target(let extents):
      let node = coupling.graph.graph.nodes[index]
      let old = node.inputs[1].flatMap { coupling.graph.constants[$0] }?.integers ?? []
      setVector(index, 1, target(index, extents, old))
    case .selection(let input, let pieces, let shape):
      var indices: [Int64] = []
      for (before, piece) in pieces {
        let start = keptChannels.count(before)
        indices += (start..<start + keptChannels.count(piece)).map { Int64($0) }
      }
      set(index, input, Tensor(integers: indices, shape: shape.map { keptChannels.count($0) }))
    }
  }

  /// The target of a reshape; -1 stays open, and 0 stays where it still copies the right extent.
  func target(_ index: Int, _ extents: [Extent], _ old: [Int64]) -> [Int64] {
    let node = coupling.graph.graph.nodes[index]
    let source = coupling.valueAxes[node.inputs[0]!]!.map { keptChannels.count($0) }
    let keepsZero = (coupling.graph.operators[index] as? Reshape)?.allowsZero == false
    return extents.enumerated().map { place, extent in
      let count = value(extent)
      guard place < old.count else { return Int64(count) }
      if old[place] == -1 { return -1 }
      let copies = old[place] == 0 && keepsZero && place < source.count && source[place] == count
      return copies ? 0 : Int64(count)
    }
  }

  mutating func setVector(_ index: Int, _ input: Int, _ values: [Int64]) {
    set(index, input, Tensor(integers: values, shape: [values.count]))
    // A node says the parts or their number, not both.
    if graph.nodes[index].operation == "Split" {
      graph.nodes[index].attributes["num_outputs"] = nil
    }
  }

  private mutating func set(_ index: Int, _ input: Int, _ tensor: Tensor) {
    while graph.nodes[index].inputs.count <= input { graph.nodes[index].inputs.append(nil) }
    let old = graph.nodes[index].inputs[input]
    if let old, graph.values[old].constant == tensor { return }
    let base = old.map { graph.values[$0].name } ?? "\(graph.nodes[index].name)_extents"
    graph.nodes[index].inputs[input] = graph.addConstant(unique(base), tensor)
  }

  /// The graph with the new shapes of its values, without constants that nothing reads.
  consuming func finished() -> Graph {
    addSteps()
    var used = Set(graph.outputs)
    for case let input? in graph.nodes.flatMap(\.dependencies) { used.insert(input) }
    let isOpen = coupling.graph.open != nil
    for value in graph.values.indices {
      if !used.contains(value) { graph.values[value].constant = nil }
      guard value < coupling.valueAxes.count, let axes = coupling.valueAxes[value],
        keptChannels.touches(axes)
      else { continue }
      graph.values[value].shape = isOpen ? nil : axes.map { .fixed(keptChannels.count($0)) }
    }
    return graph
  }
}
