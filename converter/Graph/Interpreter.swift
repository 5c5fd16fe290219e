/// Runs a graph node by node with the operators' own evaluations: slow, plain, the reference.
public struct Interpreter: Sendable {
  private let specialised: Specialised
  /// For each node, the values that no later node reads.
  private let expiring: [[Graph.ValueID]]
  /// Bytes that values computed on the way may occupy at one time.
  private let byteLimit: Int

  /// - Parameter byteLimit: Bytes that values may occupy at one time, beside constants: a small file
  ///   may describe a large computation.
  public init(_ specialised: Specialised, byteLimit: Int = 8 << 30) {
    self.specialised = specialised
    self.byteLimit = byteLimit
    var seen = Set(specialised.graph.outputs)
    var expiring: [[Graph.ValueID]] = []
    for node in specialised.graph.nodes.reversed() {
      expiring.append(
        (node.inputs + node.outputs).compactMap { $0 }.filter { seen.insert($0).inserted })
    }
    self.expiring = expiring.reversed()
  }

  /// The graph's outputs by name.
  /// - Parameters:
  ///   - inputs: One tensor for each input of the specialised graph, by name.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  ///   - observe: Called with every value as soon as it is there: its number, and the node that made it.
  /// - Throws: `GraphError` for a missing, superfluous or ill-shaped input, and for what only values
  ///   show, such as an index out of range.
  public func run(
    _ inputs: [String: Tensor], progress: ((Double) -> Void)? = nil,
    observe: ((Graph.ValueID, Graph.Node, Tensor) -> Void)? = nil
  ) throws(GraphError) -> [String: Tensor] {
    let graph = specialised.graph
    var values = specialised.constants
    let names = graph.inputs.map { graph.values[$0].name }
    for name in inputs.keys.sorted() where !names.contains(name) {
      throw GraphError(.badInput, "the model has no input \"\(name)\"; it has \(quoted(names))")
    }
    for id in graph.inputs {
      let name = graph.values[id].name
      guard let tensor = inputs[name] else {
        throw GraphError(.badInput, "no value is given", node: "input \"\(name)\"")
      }
      guard tensor.type == specialised.type(of: id) else {
        throw GraphError(
          .badInput, "the value is \(tensor.type) but the model takes \(specialised.type(of: id))",
          node: "input \"\(name)\"")
      }
      values[id] = tensor
    }
    try checkSize()
    // Multiplications are what takes the time; every node counts a little.
    let work = graph.nodes.indices.map { 1e4 + Double(specialised.multiplyAccumulates(ofNode: $0)) }
    let total = work.reduce(0, +)
    var done = 0.0
    for (index, node) in graph.nodes.enumerated() {
      do throws(GraphError) {
        try evaluate(node, specialised.operators[index], &values)
      } catch {
        throw error.at(node.name)
      }
      if let observe {
        for case let id? in node.outputs { values[id].map { observe(id, node, $0) } }
      }
      for id in expiring[index] { values[id] = nil }
      done += work[index]
      progress?(done / total)
    }
    var outputs: [String: Tensor] = [:]
    for id in graph.outputs { outputs[graph.values[id].name] = values[id] }
    return outputs
  }

  /// Adds up what is alive at each step before anything is computed.
  private func checkSize() throws(GraphError) {
    func bytes(_ id: Graph.ValueID) -> Int {
      specialised.constants[id] == nil ? specialised.type(of: id).storedByteCount : 0
    }
    var alive = specialised.graph.inputs.reduce(0) { $0 + bytes($1) }
    for (index, node) in specialised.graph.nodes.enumerated() {
      alive += node.outputs.reduce(0) { $0 + ($1.map(bytes) ?? 0) }
      guard alive <= byteLimit else {
        throw GraphError(
          .shapeTooLarge, "values of \(alive >> 20) MiB exceed the limit of \(byteLimit >> 20) MiB",
          node: node.name)
      }
      for id in expiring[index] { alive -= bytes(id) }
    }
  }

  private func evaluate(
    _ node: Graph.Node, _ operation: any Operator, _ values: inout [Tensor?]
  ) throws(GraphError) {
    let results = try operation.evaluate(node.inputs.map { $0.flatMap { values[$0] } })
    for case (let id?, let result) in zip(node.outputs, results) {
      guard result.type == specialised.types[id] else {
        throw GraphError(
          .badShape, "evaluated to \(result.type) where \(specialised.type(of: id)) was inferred")
      }
      values[id] = result
    }
  }
}
