/// Replaces, while a graph is given types, nodes that stand for others: branches, loops, composites.
struct Replacing {
  private var splicing = Splicing()
  private var loops = Loops()
  /// Nodes that pick between the branches of an If, by name, and the If.
  private var picking: [String: String] = [:]

  /// What becomes of a node.
  enum Outcome {
    /// It stays.
    case none
    /// Nodes that write its outputs take its place.
    /// - isDecided: Whether they are one branch of several.
    case nodes([Graph.Node], isDecided: Bool)
    /// It would be replaced, but for this.
    case refused(GraphError)
    /// It would be replaced, but an input has no type.
    case untyped
  }

  /// Decides about a node; what is made is added to the graph.
  /// - Throws: `GraphProblems` where a graph inside the node is faulty, or cannot be run.
  mutating func replacement(
    of node: Graph.Node, _ known: Loops.Known, in graph: inout Graph,
    _ purpose: Specialised.Purpose
  ) throws(GraphProblems) -> Outcome {
    if node.isConditional, node.inputs.count == 1, let input = node.inputs[0] {
      if let condition = known.constants[input] {
        let nodes = try Branches.taken(by: condition, of: node, in: &graph, &splicing)
        return .nodes(nodes, isDecided: true)
      }
      guard purpose == .execution else { return .none }
      guard let type = known.types[input] else { return .untyped }
      let both = try Branches.both(type, of: node, in: &graph, &splicing)
      for name in both.picking { picking[name] = node.name }
      return .nodes(both.nodes, isDecided: false)
    }
    if node.isLoop, purpose == .execution {
      return .nodes(try loops.next(node, known, in: &graph, &splicing), isDecided: false)
    }
    let stage: Expansion.Stage = purpose == .execution ? .execution : .rewriting
    guard let expansion = Expansion.of(node, at: stage) else { return .none }
    return try expanded(node, expansion, stage, known, in: &graph)
  }

  private mutating func expanded(
    _ node: Graph.Node, _ expansion: Expansion, _ stage: Expansion.Stage, _ known: Loops.Known,
    in graph: inout Graph
  ) throws(GraphProblems) -> Outcome {
    var inputs: [ExpansionBuilder.Known?] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let type = known.types[input] else { return .untyped }
      guard type.elementType != .string else {
        return .refused(
          GraphError(.badType, "reads text; only numbers are supported", node: node.name))
      }
      inputs.append(
        ExpansionBuilder.Known(
          elementType: type.elementType, rank: type.rank, shape: type.shape,
          constant: known.constants[input]))
    }
    let (opset, firstValue) = (graph.opset, graph.values.count)
    let builder: ExpansionBuilder
    do throws(GraphError) {
      builder = try splicing.withNames(of: graph) { names throws(GraphError) in
        var builder = ExpansionBuilder(
          node, opset: opset, stage: stage, inputs: inputs, firstValue: firstValue, names: names)
        // Else the names would be copied for each node.
        names = GraphNames()
        defer { names = builder.takeNames() }
        try expansion.expand(&builder)
        return builder
      }
    } catch {
      return .refused(error.at(node.name))
    }
    let nodes = builder.finished()
    try splicing.count(nodes.count, of: node)
    graph.values += builder.values
    return .nodes(nodes, isDecided: false)
  }

  /// Checks, where a node picks between two branches, that they give one type.
  /// - Throws: `GraphProblems` that name the If.
  func check(_ node: Graph.Node, _ types: [TensorType?]) throws(GraphProblems) {
    guard let conditional = picking[node.name], let one = node.inputs[1].flatMap({ types[$0] }),
      let other = node.inputs[2].flatMap({ types[$0] }), one != other
    else { return }
    throw GraphProblems([
      GraphError(
        .unsupportedOperator,
        "the branches of this If give \(one) and \(other), and its condition is known only at run time; if "
          + "an input decides it, give that with --input-value NAME=VALUE", node: conditional)
    ])
  }
}
