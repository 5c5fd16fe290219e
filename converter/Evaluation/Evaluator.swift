public import EspalierGraph

/// Runs a graph node by node in single precision, much faster than the reference `Interpreter`.
///
/// Operators that take most of the time have a fast path in `Ops`; the others run as the reference
/// does. A walk is in the caller's hands: `start` gives the values of one sample, `compute` computes one
/// node, and constants may be replaced between nodes. A value is released after its last use. Opaque nodes
/// that nothing known is behind are passed over, and what they make has no value.
public struct Evaluator: Sendable {
  public let graph: Specialised
  /// What nodes read that is not computed; a replacement has the type of what it replaces.
  private var constants: [Tensor?]
  private let fast: [(any FastOperator)?]
  /// For each node, whether it is passed over.
  private let isSkipped: [Bool]
  /// For each node, the values that no later node reads.
  private let expiring: [[Graph.ValueID]]

  /// What is known of one sample on its way through the graph.
  public struct Values: Sendable {
    fileprivate var tensors: [Tensor?]

    /// A computed value that a later node reads, or an output; `nil` once released.
    public subscript(id: Graph.ValueID) -> Tensor? {
      get { tensors[id] }
      set { tensors[id] = newValue }
    }
  }

  public init(_ graph: Specialised) {
    self.graph = graph
    constants = graph.constants
    fast = graph.operators.map { fastOperator($0) }
    let needed = Set(
      zip(graph.graph.nodes, graph.operators).filter { !($0.1 is OpaqueOperator) }
        .flatMap { $0.0.inputs.compactMap { $0 } })
    isSkipped = zip(graph.graph.nodes, graph.operators).map { node, operation in
      operation is OpaqueOperator && !node.outputs.contains { $0.map(needed.contains) ?? false }
    }
    var seen = Set(graph.graph.outputs)
    var expiring: [[Graph.ValueID]] = []
    for node in graph.graph.nodes.reversed() {
      expiring.append(
        (node.inputs + node.outputs).compactMap { $0 }.filter { seen.insert($0).inserted })
    }
    self.expiring = expiring.reversed()
  }

  public var nodes: [Graph.Node] { graph.graph.nodes }

  /// A constant as nodes read it; `nil` for what is computed.
  public func constant(_ id: Graph.ValueID) -> Tensor? { constants[id] }

  /// Gives a constant another value for the nodes that follow.
  /// - Precondition: the value is a constant of the graph, and of this type.
  public mutating func replaceConstant(_ id: Graph.ValueID, by tensor: Tensor) {
    precondition(constants[id]?.type == tensor.type, "a constant keeps its type")
    constants[id] = tensor
  }

  /// A sample before the first node.
  /// - Parameter inputs: One tensor for each input of the specialised graph, by name.
  /// - Throws: `GraphError` for a missing, superfluous or ill-shaped input.
  public func start(_ inputs: [String: Tensor]) throws(GraphError) -> Values {
    var values = Values(tensors: [Tensor?](repeating: nil, count: constants.count))
    let names = graph.graph.inputs.map { graph.graph.values[$0].name }
    for name in inputs.keys.sorted() where !names.contains(name) {
      throw GraphError(
        .badInput, "the model has no input \"\(name)\"; it has \(names.joined(separator: ", "))")
    }
    for (id, name) in zip(graph.graph.inputs, names) {
      // What only opaque nodes can read is left out.
      guard let type = graph.types[id] else { continue }
      guard let tensor = inputs[name] else {
        throw GraphError(.badInput, "no value is given", node: "input \"\(name)\"")
      }
      guard tensor.type == type else {
        throw GraphError(
          .badInput, "the value is \(tensor.type) but the model takes \(type)",
          node: "input \"\(name)\"")
      }
      values.tensors[id] = tensor
    }
    return values
  }

  /// What a node reads: computed values and constants.
  public func inputs(ofNode index: Int, _ values: Values) -> [Tensor?] {
    nodes[index].inputs.map { $0.flatMap { values.tensors[$0] ?? constants[$0] } }
  }

  /// Computes one node and releases what nothing later reads.
  /// - Precondition: the nodes before it have been computed.
  /// - Throws: `GraphError` for what only values show, such as an index out of range.
  public func compute(_ index: Int, _ values: inout Values) throws(GraphError) {
    let node = nodes[index]
    let inputs = inputs(ofNode: index, values)
    let results: [Tensor]
    if isSkipped[index] {
      for id in expiring[index] { values.tensors[id] = nil }
      return
    }
    do throws(GraphError) {
      results = try compute(index, node, inputs)
    } catch {
      throw error.at(node.name)
    }
    for case (let id?, let result) in zip(node.outputs, results) { values.tensors[id] = result }
    for id in expiring[index] { values.tensors[id] = nil }
  }

  /// Computes one node of several samples, on several threads.
  ///
  /// What a sample gives does not depend on the others, nor on the number of threads.
  /// - Throws: the first sample that fails, with what is wrong.
  public func compute(_ index: Int, all samples: inout [Values]) throws(SampleError) {
    let errors = unsafe samples.withUnsafeMutableBufferPointer { samples in
      // Each piece of work has a sample of its own.
      nonisolated(unsafe) let samples = unsafe samples
      return unsafe Threads.map(samples.count) { sample -> GraphError? in
        do throws(GraphError) {
          unsafe try compute(index, &samples[sample])
          return nil
        } catch {
          return error
        }
      }
    }
    for case (let sample, let error?) in errors.enumerated() {
      throw SampleError(sample: sample, error: error)
    }
  }

  /// One of several samples that a node cannot be computed of.
  public struct SampleError: Error {
    public let sample: Int
    public let error: GraphError
  }

  /// The graph's outputs by name.
  public func run(_ inputs: [String: Tensor]) throws(GraphError) -> [String: Tensor] {
    var values = try start(inputs)
    for index in nodes.indices { try compute(index, &values) }
    return outputs(values)
  }

  /// The graph's outputs by name, once the last node is computed.
  public func outputs(_ values: Values) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for id in graph.graph.outputs {
      result[graph.graph.values[id].name] = values.tensors[id] ?? constants[id]
    }
    return result
  }

  /// The most bytes that one sample's computed values occupy between two nodes or during one.
  public var peakByteCount: Int {
    func bytes(_ id: Graph.ValueID) -> Int {
      constants[id] == nil ? (graph.types[id]?.count ?? 0) * 4 : 0
    }
    var alive = graph.graph.inputs.reduce(0) { $0 + bytes($1) }
    var peak = alive
    for (index, node) in nodes.enumerated() {
      alive += node.outputs.reduce(0) { $0 + ($1.map(bytes) ?? 0) }
      peak = max(peak, alive)
      for id in expiring[index] { alive -= bytes(id) }
    }
    return peak
  }

  private func compute(
    _ index: Int, _ node: Graph.Node, _ inputs: [Tensor?]
  ) throws(GraphError) -> [Tensor] {
    let types = node.outputs.map { $0.flatMap { graph.types[$0] } }
    // Fast paths serve the first output alone; further ones are rare.
    if let fast = fast[index], let type = types.first ?? nil,
      !types.dropFirst().contains(where: { $0 != nil }),
      let result = try fast.compute(inputs, type)
    {
      return [result]
    }
    let results = try graph.operators[index].evaluate(inputs)
    for (type, result) in zip(types, results) {
      guard let type, result.type != type else { continue }
      throw GraphError(.badShape, "evaluated to \(result.type) where \(type) was inferred")
    }
    return results
  }
}
