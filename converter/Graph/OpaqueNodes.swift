/// Decides, while a graph for rewriting is given types, which of its nodes are opaque.
struct OpaqueNodes {
  /// For each value that an opaque node makes, the node where knowledge ends.
  private var origins: [Graph.ValueID: String] = [:]
  /// Values whose types follow from what the file declares of an opaque node's outputs.
  private var assumed: Set<Graph.ValueID> = []
  /// What the inputs' types say about symbols.
  private var symbols: [String: Int] = [:]

  /// - Parameter types: Those of the graph's inputs at least.
  init(in graph: Graph, _ types: [TensorType?]) {
    for input in graph.inputs {
      let extents = types[input]?.shape ?? []
      for case (.symbol(let symbol), let extent) in zip(graph.values[input].shape ?? [], extents) {
        symbols[symbol] = extent
      }
    }
  }

  /// A node that cannot be typed; `nil` where the file is wrong, rather than knowledge lacking.
  ///
  /// Behind a declared type, nothing shows which of the two is wrong.
  func opaque(_ node: Graph.Node, _ error: GraphError) -> OpaqueOperator? {
    let isAssumed = node.inputs.contains { $0.map(assumed.contains) ?? false }
    guard error.isLackOfKnowledge || isAssumed else { return nil }
    return OpaqueOperator(cause: error.message, origin: node.name)
  }

  /// A node that reads a value without a type.
  func opaque(_ node: Graph.Node, reading value: Graph.ValueID, in graph: Graph) -> OpaqueOperator {
    let name = graph.values[value].name
    guard let origin = origins[value] else {
      return OpaqueOperator(
        cause: "reads \"\(name)\", which is no tensor of numbers", origin: node.name)
    }
    return OpaqueOperator(
      cause: "the shape of \"\(name)\" is not known behind \"\(origin)\"", origin: origin)
  }

  /// Notes an opaque node's outputs.
  /// - Returns: for each, the type that the file declares; `nil` where that is not complete.
  /// - Throws: `GraphError` for declared extents that are not possible.
  mutating func note(
    _ node: Graph.Node, _ operation: OpaqueOperator, in graph: Graph
  ) throws(GraphError) -> [TensorType?] {
    var types: [TensorType?] = []
    for output in node.outputs {
      guard let output else {
        types.append(nil)
        continue
      }
      origins[output] = operation.origin
      let type = try graph.values[output].declaredType(symbols)
      if type != nil { assumed.insert(output) }
      types.append(type)
    }
    return types
  }

  /// Notes a node whose types were inferred.
  mutating func noteKnown(_ node: Graph.Node) {
    guard !assumed.isEmpty, node.inputs.contains(where: { $0.map(assumed.contains) ?? false })
    else { return }
    assumed.formUnion(node.outputs.compactMap { $0 })
  }
}

extension Graph.Value {
  /// The type that the file declares, where every extent is a number or a symbol that stands for one.
  /// - Throws: `GraphError` with code `.shapeTooLarge`.
  fileprivate func declaredType(_ symbols: [String: Int]) throws(GraphError) -> TensorType? {
    guard let elementType, let shape else { return nil }
    var extents: [Int] = []
    for dimension in shape {
      switch dimension {
      case .fixed(let extent): extents.append(extent)
      case .symbol(let symbol):
        guard let extent = symbols[symbol] else { return nil }
        extents.append(extent)
      case .unknown: return nil
      }
    }
    return try TensorType(elementType, extents).checked()
  }
}
