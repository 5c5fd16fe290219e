public import EspalierGraph

/// Which channels of a graph must go together.
///
/// Every axis of every activation and constant is expressed in shared factors by walking the nodes
/// once, in order. A factor that no caller, position or operator holds fast, and that some constant
/// carries, is a group: index `i` of it may be removed from every tensor that carries it at once.
/// The algebra is that of `EspalierGraph`'s `AxisAlgebra`; on graphs
/// without reshapes its groups equal the fixpoint of SPA's mask propagation (arXiv 2403.18955).
public struct Coupling {
  public let graph: Specialised
  public let algebra = AxisAlgebra()
  /// The axes of each activation by value; `nil` for constants and what nothing uses.
  public private(set) var valueAxes: [[Axis]?]
  /// Every constant that an operator relates to channels, once for each input that reads it.
  public private(set) var uses: [ConstantUse] = []
  /// One for each node.
  public private(set) var facts: [ChannelFacts] = []
  /// What can be pruned, in the order in which the nodes meet it.
  public private(set) var groups: [ChannelGroup] = []
  private var groupOfLeaf: [Factor: Int] = [:]
  /// The numbers of the uses of each node.
  private(set) var usesOfNode: [[Int]] = []

  /// One constant as one node's input reads it.
  public struct ConstantUse: Sendable {
    public var node: Int
    public var input: Int
    public var value: Graph.ValueID
    public var axes: [Axis]
  }

  public init(of graph: Specialised) {
    self.graph = graph
    valueAxes = Array(repeating: nil, count: graph.types.count)
    for input in graph.graph.inputs {
      guard let type = graph.types[input] else { continue }
      let reason = FreezeReason.input(graph.graph.values[input].name)
      valueAxes[input] = type.shape.map { algebra.fresh($0, frozen: reason) }
    }
    let tied = tiedConstants()
    var tiedAxes: [Graph.ValueID: [Axis?]] = [:]
    for index in graph.graph.nodes.indices { walk(index, tied, &tiedAxes) }
    for output in graph.graph.outputs {
      let reason = FreezeReason.output(graph.graph.values[output].name)
      for axis in valueAxes[output] ?? [] { algebra.freeze(axis, reason) }
      for use in uses where use.value == output {
        for axis in use.axes { algebra.freeze(axis, reason) }
      }
    }
    // Constants that a subgraph reads by name stay as they are, wherever else they are read.
    for (index, node) in graph.graph.nodes.enumerated() where !node.captures.isEmpty {
      for use in uses where node.captures.contains(use.value) {
        for axis in use.axes { algebra.freeze(axis, reason(ofNode: index)) }
      }
    }
    groups = findGroups()
    for (index, group) in groups.enumerated() { groupOfLeaf[group.leaf] = index }
  }

  /// The constant that a node reads at an input; `nil` where it is none, or has no channels.
  public func use(node: Int, input: Int) -> ConstantUse? {
    usesOfNode[node].first { uses[$0].input == input }.map { uses[$0] }
  }

  /// The group of a leaf; `nil` where it cannot be pruned.
  public func group(of leaf: Factor) -> Int? { groupOfLeaf[leaf] }

  /// Constants whose uses must agree: those with channels on two axes.
  ///
  /// Exporters store equal vectors once for layers that have nothing to do with each other; those are
  /// followed use by use and stored again where they come to differ.
  private func tiedConstants() -> Set<Graph.ValueID> {
    var seen: Set<Graph.ValueID> = []
    var tied: Set<Graph.ValueID> = []
    for case let input? in graph.graph.nodes.flatMap(\.inputs) {
      guard let constant = graph.constants[input], constant.shape.count(where: { $0 > 1 }) >= 2,
        !seen.insert(input).inserted
      else { continue }
      tied.insert(input)
    }
    return tied
  }

  private mutating func walk(
    _ index: Int, _ tied: Set<Graph.ValueID>, _ tiedAxes: inout [Graph.ValueID: [Axis?]]
  ) {
    let node = graph.graph.nodes[index]
    // Nothing is known of what a subgraph does to channels.
    for capture in node.captures {
      for axis in valueAxes[capture] ?? [] { algebra.freeze(axis, reason(ofNode: index)) }
    }
    if graph.operators[index] is OpaqueOperator { return hold(index, tied, &tiedAxes) }
    var inputs: [OperatorInput?] = []
    var axes: [[Axis?]] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        axes.append([])
        continue
      }
      let type = graph.type(of: input)
      inputs.append(OperatorInput(type, constant: graph.constants[input]))
      let unbound = [Axis?](repeating: nil, count: type.rank)
      axes.append(valueAxes[input] ?? tiedAxes[input] ?? unbound)
    }
    let outputs = node.outputs.map { $0.flatMap { graph.types[$0] } ?? TensorType(.float32, []) }
    var map = ChannelMap(
      algebra: algebra, node: node, opset: graph.graph.opset, inputs: inputs, inputAxes: axes,
      outputs: outputs)
    let factorCount = algebra.factorCount
    let hasEmpty =
      outputs.contains { $0.shape.contains(0) }
      || inputs.contains { $0?.shape.contains(0) ?? false }
    if hasEmpty {
      map.freezeAll(.semantic(node: node.name, "an axis without elements"))
    } else {
      graph.operators[index].mapChannels(&map)
    }
    if let open = graph.open {
      map.holdOpenAxes(open, graph.operators[index], since: factorCount)
    }
    for (place, output) in node.outputs.enumerated() {
      guard let output else { continue }
      let axes = map.outputAxes[place]
      precondition(
        axes.map(algebra.size) == outputs[place].shape, "a channel map keeps its node's shapes")
      valueAxes[output] = axes
    }
    noteUses(index, map.inputAxes, tied, &tiedAxes)
    facts.append(map.facts)
  }

  /// Notes the constants that a node reads, with the axes that are bound to them.
  private mutating func noteUses(
    _ index: Int, _ inputAxes: [[Axis?]], _ tied: Set<Graph.ValueID>,
    _ tiedAxes: inout [Graph.ValueID: [Axis?]]
  ) {
    usesOfNode.append([])
    for (place, input) in graph.graph.nodes[index].inputs.enumerated() {
      guard let input, graph.constants[input] != nil else { continue }
      let bound = inputAxes[place]
      guard bound.contains(where: { $0 != nil }) else { continue }
      let axes = zip(bound, graph.type(of: input).shape).map { axis, extent in
        axis ?? algebra.fresh(extent, frozen: .spatial)
      }
      if tied.contains(input) { tiedAxes[input] = axes }
      usesOfNode[index].append(uses.count)
      uses.append(ConstantUse(node: index, input: place, value: input, axes: axes))
    }
  }

  // MARK: Opaque nodes

  /// Holds what an opaque node reads and makes, as far as anything is known of it.
  private mutating func hold(
    _ index: Int, _ tied: Set<Graph.ValueID>, _ tiedAxes: inout [Graph.ValueID: [Axis?]]
  ) {
    let node = graph.graph.nodes[index]
    let reason = reason(ofNode: index)
    let inputAxes = node.inputs.map { input -> [Axis?] in
      guard let input, let type = graph.types[input] else { return [] }
      let known = valueAxes[input] ?? tiedAxes[input] ?? type.shape.map { _ in nil }
      let axes = zip(known, type.shape).map { $0 ?? algebra.fresh($1) }
      for axis in axes { algebra.freeze(axis, reason) }
      return axes
    }
    for case let output? in node.outputs {
      valueAxes[output] = graph.types[output]?.shape.map { algebra.fresh($0, frozen: reason) }
    }
    noteUses(index, inputAxes, tied, &tiedAxes)
    facts.append(ChannelFacts())
  }

  private func reason(ofNode index: Int) -> FreezeReason {
    let node = graph.graph.nodes[index]
    guard let opaque = graph.operators[index] as? OpaqueOperator else {
      return .unmapped(node: node.name, operation: node.operation)
    }
    return .opaque(node: node.name, operation: node.qualifiedOperation, cause: opaque.cause)
  }
}
