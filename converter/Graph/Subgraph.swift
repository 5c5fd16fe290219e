/// A graph inside a node's attribute, such as a branch of If, read when it is needed.
///
/// Values that it reads and does not make are its surroundings', by name.
public struct Subgraph: Sendable {
  private let reading: @Sendable () throws(GraphProblems) -> Graph

  /// - Parameter read: Makes the graph; may be called more than once.
  public init(_ read: @escaping @Sendable () throws(GraphProblems) -> Graph) { reading = read }

  public init(_ graph: Graph) { self.init { () throws(GraphProblems) in graph } }

  /// The graph, with its nodes in topological order.
  /// - Throws: `GraphProblems` with every fault found in it.
  public func read() throws(GraphProblems) -> Graph { try reading() }
}

extension Graph {
  /// Values that nodes or outputs read and that nothing in this graph provides, ascending.
  public var outerValues: [ValueID] {
    var provided = Set(inputs)
    for node in nodes { for case let output? in node.outputs { provided.insert(output) } }
    var read = Set(outputs)
    for node in nodes { for case let input? in node.dependencies { read.insert(input) } }
    return read.filter { !provided.contains($0) && values[$0].constant == nil }.sorted()
  }

  /// The faults of this graph inside another, which provides what it reads by name.
  public func validateInside() -> [GraphError] {
    var closed = self
    closed.inputs += outerValues
    // A branch may give one value out twice.
    var seen: Set<ValueID> = []
    closed.outputs = outputs.filter { seen.insert($0).inserted }
    return closed.validate()
  }
}

extension Graph.Node {
  /// Whether this is an If whose branches can be read, so that one replaces it once its condition is known.
  package var isConditional: Bool {
    domain.isEmpty && operation == "If" && subgraphs[Branches.then] != nil
      && subgraphs[Branches.otherwise] != nil
  }

  /// Whether this is a Loop or a Scan whose body can be read, so that its steps replace it once it is known
  /// how many there are.
  var isLoop: Bool {
    domain.isEmpty && ["Loop", "Scan"].contains(operation) && subgraphs["body"] != nil
  }
}
