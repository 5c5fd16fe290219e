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
  /// The nodes whose branches they chose.
  private let deciding: [String]
  /// The nodes that computed them, as far back as shapes.
  private var nodes: [Graph.Node] = []
  /// What those read and wrote.
  private var values: [Graph.ValueID: Tensor] = [:]

  init() { (conditions, deciding) = ([], []) }

  /// - Parameters:
  ///   - conditionals: The nodes that became one of their branches.
  ///   - nodes: All that were looked at, in order.
  init(_ conditionals: [Graph.Node], _ nodes: [Graph.Node], _ constants: [Tensor?]) {
    conditions = conditionals.compactMap { $0.inputs[0] }
    deciding = conditionals.map(\.name)
    if conditions.isEmpty { return }
    var needed = Set(conditions)
    for node in nodes.reversed()
    where node.outputs.contains(where: { $0.map(needed.contains) ?? false }) {
      self.nodes.append(node)
      // What has a shape is not what decides.
      if Self.measures.contains(node.operation) { continue }
      for case let input? in node.inputs { needed.insert(input) }
    }
    for node in self.nodes {
      for case let id? in node.inputs + node.outputs { values[id] = constants[id] }
    }
    for condition in conditions { values[condition] = constants[condition] }
  }

  /// What says that the branches are not those of any extents, where the other graph has other open
  /// extents; `nil` where they are.
  ///
  /// A number that follows an extent must not have decided, even if both graphs decided alike: the
  /// extent may have been compared with a third. Only where the number that changed was left aside,
  /// as when one extent of a shape is taken, has it decided nothing.
  func difference(from other: Decisions) -> GraphError? {
    let changes = { (id: Graph.ValueID?) in id.map { values[$0] != other.values[$0] } ?? false }
    // Values keep their numbers up to the first branch that another extent decides otherwise.
    for (place, condition) in conditions.enumerated()
    where place >= other.conditions.count || condition != other.conditions[place]
      || changes(condition)
    { return Self.fault(deciding[place]) }
    let decidesNothing =
      nodes.map(\.name) == other.nodes.map(\.name)
      && nodes.allSatisfy { node in
        // Of what these read, the shape alone counts, and what they make of it is compared.
        if Self.measures.contains(node.operation) { return true }
        let changed = node.inputs.map(changes)
        return !changed.contains(true) || node.outputs.contains(where: changes)
          || Self.selections.contains(node.operation) && !changed.dropFirst().contains(true)
      }
    return decidesNothing ? nil : deciding.last.map(Self.fault)
  }

  private static func fault(_ node: String) -> GraphError {
    GraphError(.unsupportedVariant, "its condition follows the extent", node: node)
  }

  /// Operators that look at the shape of what they read.
  private static let measures: Set<String> = ["Shape", "Size"]

  /// Operators that copy elements of their first input and look at none.
  private static let selections: Set<String> = [
    "Gather", "GatherElements", "GatherND", "Identity", "Reshape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
  ]
}
