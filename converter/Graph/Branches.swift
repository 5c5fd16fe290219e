/// Replaces an If whose condition is known by the nodes of its branch.
struct Branches {
  static let then = "then_branch"
  static let otherwise = "else_branch"

  /// Names of values and of nodes; filled when there is a first branch to take.
  private var valueNames: UniqueNames?
  private var nodeNames = UniqueNames()

  /// Adds the values of the branch to a graph.
  /// - Parameter condition: The value of the node's input.
  /// - Returns: The branch's nodes in topological order, which write the node's outputs.
  /// - Throws: `GraphProblems` for a condition that is no single Boolean, and a branch that cannot be read,
  ///   reads what is not there or has another number of outputs.
  mutating func take(
    _ node: Graph.Node, _ condition: Tensor, in graph: inout Graph
  ) throws(GraphProblems) -> [Graph.Node] {
    guard condition.elementType == .bool, condition.count == 1 else {
      throw Self.fault(
        .badType, "the condition is \(condition.type) and not a single Boolean", node)
    }
    let name = condition.integers[0] != 0 ? Self.then : Self.otherwise
    var branch = try node.subgraphs[name]!.read()
    guard branch.inputs.isEmpty, branch.outputs.count == node.outputs.count else {
      throw Self.fault(
        .badArity,
        "\(name) has \(branch.inputs.count) inputs and \(branch.outputs.count) outputs where the node has "
          + "\(node.outputs.count) outputs", node)
    }
    branch.removeDeadNodes()
    reserveNames(of: graph)
    var places = try outerPlaces(of: branch, name, node, in: graph)
    let copied = placeOutputs(of: branch, node, &places)
    addValues(of: branch, to: &graph, &places)
    var nodes = branch.nodes.map { placed($0, of: branch, at: places, graph) }
    for (source, target) in copied {
      nodes.append(
        Graph.Node(
          name: nodeNames.unused("\(node.name)_output"), operation: "Identity",
          inputs: [places[source]], outputs: [target]))
    }
    return nodes
  }

  private static func fault(
    _ code: GraphError.Code, _ message: String, _ node: Graph.Node
  ) -> GraphProblems { GraphProblems([GraphError(code, message, node: node.name)]) }

  private mutating func reserveNames(of graph: Graph) {
    if valueNames != nil { return }
    var names = UniqueNames()
    for value in graph.values { names.reserve(value.name) }
    for node in graph.nodes { nodeNames.reserve(node.name) }
    valueNames = names
  }

  /// Where the values stand that the branch reads from outside.
  private func outerPlaces(
    of branch: Graph, _ name: String, _ node: Graph.Node, in graph: Graph
  ) throws(GraphProblems) -> [Graph.ValueID: Graph.ValueID] {
    var known: [String: Graph.ValueID] = [:]
    for capture in node.captures {
      known[node.captureNames[capture] ?? graph.values[capture].name] = capture
    }
    var places: [Graph.ValueID: Graph.ValueID] = [:]
    for outer in branch.outerValues {
      let wanted = branch.values[outer].name
      guard let place = known[wanted] else {
        throw Self.fault(
          .danglingInput, "\(name) reads \"\(wanted)\", which nothing provides", node)
      }
      places[outer] = place
    }
    return places
  }

  /// Lets the branch's nodes write the node's outputs themselves where they can.
  /// - Returns: Outputs that must be copied: values from outside, constants, and what stands there twice
  ///   or is known by name to a graph inside the branch.
  private func placeOutputs(
    of branch: Graph, _ node: Graph.Node, _ places: inout [Graph.ValueID: Graph.ValueID]
  ) -> [(source: Graph.ValueID, target: Graph.ValueID)] {
    var copied: [(source: Graph.ValueID, target: Graph.ValueID)] = []
    let captured = Set(branch.nodes.flatMap(\.captures))
    for (source, target) in zip(branch.outputs, node.outputs) {
      guard let target else { continue }
      let isFree = places[source] == nil && branch.values[source].constant == nil
      if isFree, !captured.contains(source) {
        places[source] = target
      } else {
        copied.append((source, target))
      }
    }
    return copied
  }

  private mutating func addValues(
    of branch: Graph, to graph: inout Graph, _ places: inout [Graph.ValueID: Graph.ValueID]
  ) {
    var used = Set(branch.outputs)
    for node in branch.nodes {
      used.formUnion((node.dependencies + node.outputs).compactMap { $0 })
    }
    for id in used.sorted() where places[id] == nil {
      var value = branch.values[id]
      value.name = valueNames!.unused(value.name)
      places[id] = graph.add(value)
    }
  }

  private mutating func placed(
    _ node: Graph.Node, of branch: Graph, at places: [Graph.ValueID: Graph.ValueID], _ graph: Graph
  ) -> Graph.Node {
    var result = node
    result.name = nodeNames.unused(node.name)
    result.inputs = node.inputs.map { $0.map { places[$0]! } }
    result.outputs = node.outputs.map { $0.map { places[$0]! } }
    result.captures = node.captures.map { places[$0]! }
    result.captureNames = [:]
    for capture in node.captures {
      let name = node.captureNames[capture] ?? branch.values[capture].name
      if graph.values[places[capture]!].name != name {
        result.captureNames[places[capture]!] = name
      }
    }
    return result
  }
}
