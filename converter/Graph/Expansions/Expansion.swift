/// How a composite operator, one that stands for several of ONNX's, is replaced by plain nodes that compute
/// the same.
struct Expansion: Sendable {
  /// When a node is replaced.
  enum Use: Sendable {
    /// Whatever the graph is for, as soon as enough is known of its inputs.
    case always
    /// To be evaluated or lowered. A graph to be rewritten keeps the node: quantised weights stay so.
    case execution
  }

  /// What is about to happen to the graph.
  enum Stage: Sendable {
    /// It has just been read: of values that are no constants, only what the file declares is known.
    case reading
    case rewriting
    case execution
  }

  let use: Use
  /// Whether only its types tell what it becomes, so that reading leaves it alone.
  var needsTypes = false
  /// Makes the nodes and gives the node's outputs to them.
  let expand: @Sendable (inout ExpansionBuilder) throws(GraphError) -> Void

  static func always(
    needsTypes: Bool = false,
    _ expand: @escaping @Sendable (inout ExpansionBuilder) throws(GraphError) -> Void
  ) -> Expansion { Expansion(use: .always, needsTypes: needsTypes, expand: expand) }

  static func execution(
    _ expand: @escaping @Sendable (inout ExpansionBuilder) throws(GraphError) -> Void
  ) -> Expansion { Expansion(use: .execution, needsTypes: true, expand: expand) }

  /// The expansion of a node at a stage; nil where it stays.
  static func of(_ node: Graph.Node, at stage: Stage) -> Expansion? {
    guard let expansion = table[node.qualifiedOperation] else { return nil }
    switch stage {
    case .reading: return expansion.use == .always && !expansion.needsTypes ? expansion : nil
    case .rewriting: return expansion.use == .always ? expansion : nil
    case .execution: return expansion
    }
  }

  /// Every composite operator, by its name behind its domain.
  fileprivate static let table: [String: Expansion] = {
    var table: [String: Expansion] = [:]
    for family in [
      fusedProducts, fusedActivations, skipNormalisations, fusedAttention, compressedProducts,
      quantisedRecurrences, dynamicQuantisation, integerProducts, quantisedProducts,
      quantisedFunctions,
    ] {
      table.merge(family) { _, _ in preconditionFailure("an operator has two expansions") }
    }
    return table
  }()
}

extension Graph {
  /// The composite operators that become plain ones, by their names behind their domains.
  package static var compositeOperators: Set<String> { Set(Expansion.table.keys) }
}

extension Graph.Node {
  /// Whether the node may be replaced by plain ones once types and constants are known.
  var isReplaceable: Bool {
    isConditional || isLoop || Expansion.of(self, at: .execution) != nil
  }
}

extension Graph {
  /// Replaces the composite nodes of which the file tells enough, so that whatever looks at the graph sees
  /// plain nodes with their weights. What cannot be replaced yet stays.
  public mutating func expandComposites() {
    guard nodes.contains(where: { Expansion.of($0, at: .reading) != nil }) else { return }
    var names = GraphNames(of: self)
    var result: [Node] = []
    var replaced: Set<ValueID> = []
    // A mask is an input in another type, whose shape few files declare.
    var sources: [ValueID: ValueID] = [:]
    for node in nodes where ["Cast", "Identity"].contains(node.operation) && node.domain.isEmpty {
      if let input = node.inputs.first ?? nil, let output = node.outputs.first ?? nil {
        sources[output] = sources[input] ?? input
      }
    }
    for node in nodes {
      guard let expansion = Expansion.of(node, at: .reading) else {
        result.append(node)
        continue
      }
      var builder = ExpansionBuilder(
        node, opset: opset, stage: .reading,
        inputs: node.inputs.map { $0.map { declared($0, shapedAs: sources[$0]) } },
        firstValue: values.count, names: names)
      names = GraphNames()
      defer { names = builder.takeNames() }
      do throws(GraphError) {
        try expansion.expand(&builder)
      } catch {
        // Said once types are known.
        result.append(node)
        continue
      }
      values += builder.values
      result += builder.finished()
      replaced.formUnion(node.inputs.compactMap { $0 })
    }
    nodes = result
    dropUnread(replaced)
  }

  /// What the file tells of a value, or of another one of its shape.
  private func declared(_ id: ValueID, shapedAs source: ValueID?) -> ExpansionBuilder.Known {
    let value = values[id]
    let shape =
      value.constant?.shape.map { Dimension.fixed($0) } ?? value.shape
      ?? source.flatMap { values[$0].shape }
    let extents = shape?.compactMap { if case .fixed(let extent) = $0 { extent } else { nil } }
    return ExpansionBuilder.Known(
      elementType: value.constant?.elementType ?? value.elementType, rank: shape?.count,
      shape: extents?.count == shape?.count ? extents : nil, constant: value.constant)
  }

  /// Forgets constants among some values that nothing reads any more.
  private mutating func dropUnread(_ candidates: Set<ValueID>) {
    var read = Set(inputs + outputs)
    for node in nodes { read.formUnion(node.dependencies.compactMap { $0 }) }
    for id in candidates where values[id].constant != nil && !read.contains(id) {
      values[id] = Value(name: values[id].name)
    }
  }
}
