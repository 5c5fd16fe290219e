public import EspalierGraph

extension Coupling {
  /// The graph of the kept channels: smaller constants, and nodes that state the new extents.
  ///
  /// Nothing is analysed again: every extent is what is left of an axis.
  public func pruned(_ keptChannels: KeptChannels) -> Graph {
    var result = Pruned(self, keptChannels)
    for index in graph.graph.nodes.indices { result.rewrite(index) }
    return result.finished()
  }
}

private struct Pruned {
  let coupling: Coupling
  let keptChannels: KeptChannels
  var graph: Graph
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
    let node = coupling.graph.graph.nodes[index]
    for use in usesOfNode[index] ?? [] {
      graph.nodes[index].inputs[use.input] = version(of: use)
    }
    // Constants too: an attention's scale follows from heads that only constants may have.
    let related =
      (node.inputs + node.outputs).compactMap { $0.flatMap { coupling.valueAxes[$0] } }
      + (usesOfNode[index] ?? []).map(\.axes)
    guard related.contains(where: { keptChannels.touches($0) }) else { return }
    for rewrite in coupling.facts[index].rewrites { apply(rewrite, to: index) }
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

  private mutating func unique(_ name: String) -> String {
    var number = 2
    while !names.insert("\(name)_\(number)").inserted { number += 1 }
    return "\(name)_\(number)"
  }

  private func value(_ extent: Extent) -> Int {
    extent.axes.reduce(extent.fixed) { $0 + keptChannels.count($1) }
  }

  private mutating func apply(_ rewrite: NodeRewrite, to index: Int) {
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
    case .target(let extents):
      setVector(index, 1, target(index, extents))
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
  private func target(_ index: Int, _ extents: [Extent]) -> [Int64] {
    let node = coupling.graph.graph.nodes[index]
    let old = node.inputs[1].flatMap { coupling.graph.constants[$0] }?.integers ?? []
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

  private mutating func setVector(_ index: Int, _ input: Int, _ values: [Int64]) {
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
    var used = Set(graph.outputs)
    for case let input? in graph.nodes.flatMap(\.dependencies) { used.insert(input) }
    let isOpen = graph.inputs.contains { input in
      graph.values[input].shape?.contains { if case .fixed = $0 { false } else { true } } ?? true
    }
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
