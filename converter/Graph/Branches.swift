/// The branches of an If: one replaces it where the condition is known, both where only a run tells.
enum Branches {
  static let then = "then_branch"
  static let otherwise = "else_branch"

  /// The nodes of the branch that a known condition takes, which write the node's outputs.
  /// - Throws: `GraphProblems` for a condition that is no single Boolean, and a branch that cannot be read,
  ///   reads what is not there or has another number of outputs.
  static func taken(
    by condition: Tensor, of node: Graph.Node, in graph: inout Graph, _ splicing: inout Splicing
  ) throws(GraphProblems) -> [Graph.Node] {
    try check(condition.type, node)
    let name = condition.integers[0] != 0 ? then : otherwise
    return try nodes(of: name, node, to: node.outputs, in: &graph, &splicing)
  }

  /// The nodes of both branches, and a Where for each output that picks by the condition.
  ///
  /// Where hands on what it picks as it is, so that a NaN in the branch not taken does no harm.
  /// - Parameter type: The condition's.
  /// - Returns: The nodes, and the names of those that pick: the types they pick from must be one.
  static func both(
    _ type: TensorType, of node: Graph.Node, in graph: inout Graph, _ splicing: inout Splicing
  ) throws(GraphProblems) -> (nodes: [Graph.Node], picking: [String]) {
    try check(type, node)
    var result: [Graph.Node] = []
    var condition = node.inputs[0]!
    if type.rank > 0 {
      // A condition of one axis would give its axis to what has none.
      let scalar = splicing.addValue("\(node.name)_condition", to: &graph)
      let shape = splicing.addValue(
        "\(node.name)_shape", to: &graph, constant: Tensor(integers: []))
      result.append(
        splicing.node(
          "\(node.name)_condition", "Reshape", [condition, shape], scalar, in: graph))
      condition = scalar
    }
    var sides: [[Graph.ValueID?]] = []
    for name in [then, otherwise] {
      let targets = node.outputs.map { output in
        output.map { splicing.addValue("\(graph.values[$0].name)_\(name)", to: &graph) }
      }
      result += try nodes(of: name, node, to: targets, in: &graph, &splicing)
      sides.append(targets)
    }
    var picking: [String] = []
    for (place, output) in node.outputs.enumerated() {
      guard let output else { continue }
      let pick = splicing.node(
        node.name, "Where", [condition, sides[0][place], sides[1][place]], output, in: graph)
      picking.append(pick.name)
      result.append(pick)
    }
    return (result, picking)
  }

  private static func check(
    _ type: TensorType, _ node: Graph.Node
  ) throws(GraphProblems) {
    guard type.elementType == .bool, type.count == 1 else {
      throw Splicing.fault(.badType, "the condition is \(type) and not a single Boolean", node)
    }
  }

  private static func nodes(
    of name: String, _ node: Graph.Node, to targets: [Graph.ValueID?], in graph: inout Graph,
    _ splicing: inout Splicing
  ) throws(GraphProblems) -> [Graph.Node] {
    var branch = try node.subgraphs[name]!.read()
    guard branch.inputs.isEmpty, branch.outputs.count == node.outputs.count else {
      throw Splicing.fault(
        .badArity,
        "\(name) has \(branch.inputs.count) inputs and \(branch.outputs.count) outputs where the node has "
          + "\(node.outputs.count) outputs", node)
    }
    branch.removeDeadNodes()
    var places: [Graph.ValueID: Graph.ValueID] = [:]
    return try splicing.copy(
      branch, name, of: node, into: &graph, places: &places, to: targets)
  }
}
