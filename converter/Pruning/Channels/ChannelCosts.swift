import EspalierCoupling
import EspalierGraph

/// What a pruned graph costs, from counts of kept channels alone.
struct ChannelCosts {
  private let coupling: Coupling
  /// Nodes that multiply, with what each costs now.
  private var operations: [Int: Int] = [:]
  /// Constants that count as parameters, with their elements now.
  private var elements: [Graph.ValueID: Int] = [:]
  private var axesOfConstant: [Graph.ValueID: [Axis]] = [:]
  /// For each group, those that share a node with it, itself included.
  private(set) var neighbours: [[Int]] = []
  private var nodesOfGroup: [[Int]]
  private var constantsOfGroup: [[Graph.ValueID]]
  private(set) var multiplyAccumulates = 0
  private(set) var parameters = 0

  init(_ coupling: Coupling) {
    self.coupling = coupling
    nodesOfGroup = coupling.groups.map { _ in [] }
    constantsOfGroup = coupling.groups.map { _ in [] }
    let graph = coupling.graph
    var usesOfNode = Dictionary(grouping: coupling.uses, by: \.node)
    for (index, node) in graph.graph.nodes.enumerated() {
      let count = graph.multiplyAccumulates(ofNode: index)
      guard count > 0 else { continue }
      operations[index] = count
      multiplyAccumulates += count
      let axes =
        (node.inputs + node.outputs).compactMap { $0.flatMap { coupling.valueAxes[$0] } }
        + (usesOfNode.removeValue(forKey: index) ?? []).map(\.axes)
      for group in groups(in: axes.flatMap { $0 }) { nodesOfGroup[group].append(index) }
    }
    let nodeSets = nodesOfGroup.map { Set($0) }
    neighbours = nodeSets.map { own in
      nodeSets.indices.filter { !own.isDisjoint(with: nodeSets[$0]) }
    }
    let counted = Set(graph.graph.parameters())
    for use in coupling.uses where counted.contains(use.value) && axesOfConstant[use.value] == nil {
      axesOfConstant[use.value] = use.axes
      for group in groups(in: use.axes) { constantsOfGroup[group].append(use.value) }
    }
    for value in counted {
      elements[value] = graph.constants[value]!.count
      parameters += elements[value]!
    }
  }

  private func groups(in axes: [Axis]) -> Set<Int> {
    Set(axes.flatMap(coupling.algebra.leaves).compactMap { coupling.group(of: $0) })
  }

  /// Counts anew what some groups touch.
  mutating func update(_ keptChannels: KeptChannels, groups: some Sequence<Int>) {
    for group in groups {
      for node in nodesOfGroup[group] {
        let count = operations(of: node, keptChannels)
        multiplyAccumulates += count - operations[node]!
        operations[node] = count
      }
      for value in constantsOfGroup[group] {
        let count = axesOfConstant[value]!.reduce(1) { $0 * keptChannels.count($1) }
        parameters += count - elements[value]!
        elements[value] = count
      }
    }
  }

  /// What is saved by kept channels that differ from the counted ones in one group.
  func saved(_ keptChannels: KeptChannels, group: Int) -> (
    multiplyAccumulates: Int, parameters: Int
  ) {
    (
      nodesOfGroup[group].reduce(0) { $0 + operations[$1]! - operations(of: $1, keptChannels) },
      constantsOfGroup[group].reduce(0) { sum, value in
        sum + elements[value]! - axesOfConstant[value]!.reduce(1) { $0 * keptChannels.count($1) }
      }
    )
  }

  private func operations(of index: Int, _ keptChannels: KeptChannels) -> Int {
    let graph = coupling.graph
    let node = graph.graph.nodes[index]
    func type(_ value: Graph.ValueID?, _ axes: [Axis]?) -> TensorType? {
      value.map { value in
        let type = graph.type(of: value)
        guard let axes = axes ?? coupling.valueAxes[value] else { return type }
        return TensorType(type.elementType, axes.map { keptChannels.count($0) })
      }
    }
    let inputs = node.inputs.enumerated().map { place, value in
      type(value, coupling.use(node: index, input: place)?.axes)
    }
    let outputs = node.outputs.compactMap { type($0, nil) }
    return graph.operators[index].multiplyAccumulates(inputs, outputs)
  }
}
