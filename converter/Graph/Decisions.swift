/// A node that was looked at, and what is wrong with it.
struct JudgedNode {
  var node: Graph.Node
  var problems: [GraphError] = []
}

extension Graph {
  /// The problems of nodes that outputs need: what only a branch reads that is not taken, none needs.
  func problems(of judged: [JudgedNode]) -> [GraphError] {
    var needed = Set(outputs)
    var result: [GraphError] = []
    for entry in judged.reversed()
    where entry.node.outputs.contains(where: { $0.map(needed.contains) ?? false }) {
      for case let input? in entry.node.dependencies { needed.insert(input) }
      result += entry.problems.reversed()
    }
    return result.reversed()
  }
}

/// How the conditions of the branches that were taken came about.
struct Decisions: Sendable {
  private let conditions: [Graph.ValueID]
  /// The nodes that computed them, as far back as shapes.
  private var nodes: [Graph.Node] = []
  /// What those read and wrote.
  private var values: [Graph.ValueID: Tensor] = [:]

  init() { conditions = [] }

  init(_ conditions: [Graph.ValueID], _ nodes: [Graph.Node], _ constants: [Tensor?]) {
    self.conditions = conditions
    if conditions.isEmpty { return }
    var needed = Set(conditions)
    for node in nodes.reversed()
    where node.outputs.contains(where: { $0.map(needed.contains) ?? false }) {
      self.nodes.append(node)
      // What has a shape is not what decides.
      if ["Shape", "Size"].contains(node.operation) { continue }
      for case let input? in node.inputs { needed.insert(input) }
    }
    for node in self.nodes {
      for case let id? in node.inputs + node.outputs { values[id] = constants[id] }
    }
    for condition in conditions { values[condition] = constants[condition] }
  }

  /// Whether the branches are those of any extents, where the other graph has other open extents.
  ///
  /// A number that follows an extent must not have decided, even if both graphs decided alike: the
  /// extent may have been compared with a third. Only where the number that changed was left aside,
  /// as when one extent of a shape is taken, has it decided nothing.
  func hold(like other: Decisions) -> Bool {
    guard conditions == other.conditions, nodes.map(\.name) == other.nodes.map(\.name) else {
      return false
    }
    let changes = { (id: Graph.ValueID?) in id.map { values[$0] != other.values[$0] } ?? false }
    if conditions.contains(where: changes) { return false }
    return nodes.allSatisfy { node in
      let changed = node.inputs.map(changes)
      return !changed.contains(true) || node.outputs.contains(where: changes)
        || Self.selections.contains(node.operation) && !changed.dropFirst().contains(true)
    }
  }

  /// Operators that copy elements of their first input and look at none.
  private static let selections: Set<String> = [
    "Gather", "GatherElements", "GatherND", "Identity", "Reshape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
  ]
}
