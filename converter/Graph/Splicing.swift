/// Copies graphs that stand inside nodes among the nodes of the graph around them.
struct Splicing {
  /// Nodes that may be made: a small file may ask for a loop of any length.
  static let maximumNodes = 1 << 16

  /// Filled when something is first copied.
  private var names: GraphNames?
  private var nodeCount = 0

  /// Names in use, lent to who makes nodes of his own.
  mutating func withNames<Result>(
    of graph: Graph, _ body: (inout GraphNames) throws(GraphError) -> Result
  ) throws(GraphError) -> Result {
    if names == nil { names = GraphNames(of: graph) }
    return try body(&names!)
  }

  /// A new value of the graph around.
  mutating func addValue(_ name: String, to graph: inout Graph, constant: Tensor? = nil)
    -> Graph.ValueID
  {
    if names == nil { names = GraphNames(of: graph) }
    var value = Graph.Value(name: names!.values.unused(name))
    value.constant = constant
    return graph.add(value)
  }

  /// A new node of the graph around.
  mutating func node(
    _ name: String, _ operation: String, _ inputs: [Graph.ValueID?], _ output: Graph.ValueID,
    _ attributes: [String: Attribute] = [:], in graph: Graph
  ) -> Graph.Node {
    if names == nil { names = GraphNames(of: graph) }
    return Graph.Node(
      name: names!.nodes.unused(name), operation: operation, inputs: inputs, outputs: [output],
      attributes: attributes)
  }

  /// Notes that nodes are about to be made.
  /// - Throws: `GraphProblems` with code `.foldingBudget` where there are too many.
  mutating func count(_ more: Int, of node: Graph.Node) throws(GraphProblems) {
    nodeCount += more
    guard nodeCount <= Self.maximumNodes else {
      throw Self.fault(
        .foldingBudget,
        "\(node.operation) becomes the nodes of all its steps, and those would be more than "
          + "\(Self.maximumNodes); give a shorter sequence with --input-shape", node)
    }
  }

  /// A copy of a graph inside a node.
  /// - Parameters:
  ///   - name: The attribute that holds it, for messages.
  ///   - places: Where the values stand that are outside already: of the graph's inputs, and, so that they
  ///     are held once however often it is copied, of its constants, which are added.
  ///   - targets: What its outputs are called outside; nil for those that nobody reads.
  /// - Returns: Its nodes in topological order, which write the targets.
  /// - Throws: `GraphProblems` where it reads what is not there.
  mutating func copy(
    _ inner: Graph, _ name: String, of node: Graph.Node, into graph: inout Graph,
    places known: inout [Graph.ValueID: Graph.ValueID], to targets: [Graph.ValueID?]
  ) throws(GraphProblems) -> [Graph.Node] {
    // Outputs count too: a loop whose steps do nothing may still be endless.
    try count(inner.nodes.count + inner.outputs.count, of: node)
    if names == nil { names = GraphNames(of: graph) }
    var places = known.merging(try outerPlaces(of: inner, name, node, in: graph)) { one, _ in one }
    let copied = placeOutputs(of: inner, targets, &places)
    addValues(of: inner, to: &graph, &places, &known)
    var nodes = inner.nodes.map { placed($0, of: inner, at: places, graph) }
    for (source, target) in copied {
      nodes.append(
        self.node("\(node.name)_output", "Identity", [places[source]], target, in: graph))
    }
    return nodes
  }

  static func fault(
    _ code: GraphError.Code, _ message: String, _ node: Graph.Node
  ) -> GraphProblems { GraphProblems([GraphError(code, message, node: node.name)]) }

  /// Where the values stand that the graph reads from outside.
  private func outerPlaces(
    of inner: Graph, _ name: String, _ node: Graph.Node, in graph: Graph
  ) throws(GraphProblems) -> [Graph.ValueID: Graph.ValueID] {
    var known: [String: Graph.ValueID] = [:]
    for capture in node.captures {
      known[node.captureNames[capture] ?? graph.values[capture].name] = capture
    }
    var places: [Graph.ValueID: Graph.ValueID] = [:]
    for outer in inner.outerValues {
      let wanted = inner.values[outer].name
      guard let place = known[wanted] else {
        throw Self.fault(
          .danglingInput, "\(name) reads \"\(wanted)\", which nothing provides", node)
      }
      places[outer] = place
    }
    return places
  }

  /// Lets the copied nodes write the targets themselves where they can.
  /// - Returns: Outputs that must be copied: values from outside, constants, and what stands there twice
  ///   or is known by name to a graph further inside.
  private func placeOutputs(
    of inner: Graph, _ targets: [Graph.ValueID?], _ places: inout [Graph.ValueID: Graph.ValueID]
  ) -> [(source: Graph.ValueID, target: Graph.ValueID)] {
    var copied: [(source: Graph.ValueID, target: Graph.ValueID)] = []
    let captured = Set(inner.nodes.flatMap(\.captures))
    for (source, target) in zip(inner.outputs, targets) {
      guard let target else { continue }
      let isFree = places[source] == nil && inner.values[source].constant == nil
      if isFree, !captured.contains(source) {
        places[source] = target
      } else {
        copied.append((source, target))
      }
    }
    return copied
  }

  private mutating func addValues(
    of inner: Graph, to graph: inout Graph, _ places: inout [Graph.ValueID: Graph.ValueID],
    _ shared: inout [Graph.ValueID: Graph.ValueID]
  ) {
    var used = Set(inner.outputs)
    for node in inner.nodes {
      used.formUnion((node.dependencies + node.outputs).compactMap { $0 })
    }
    for id in used.sorted() where places[id] == nil {
      var value = inner.values[id]
      value.name = names!.values.unused(value.name)
      places[id] = graph.add(value)
      if value.constant != nil { shared[id] = places[id] }
    }
  }

  private mutating func placed(
    _ node: Graph.Node, of inner: Graph, at places: [Graph.ValueID: Graph.ValueID], _ graph: Graph
  ) -> Graph.Node {
    var result = node
    result.name = names!.nodes.unused(node.name)
    result.inputs = node.inputs.map { $0.map { places[$0]! } }
    result.outputs = node.outputs.map { $0.map { places[$0]! } }
    result.captures = node.captures.map { places[$0]! }
    result.captureNames = [:]
    for capture in node.captures {
      let name = node.captureNames[capture] ?? inner.values[capture].name
      if graph.values[places[capture]!].name != name {
        result.captureNames[places[capture]!] = name
      }
    }
    return result
  }
}
