/// A node that is carried as it is and never evaluated: an operator from elsewhere, control flow, one
/// whose outputs' shapes depend on data, or one behind those.
///
/// Its outputs have the types that the file declares in full, else none; every axis it touches is held.
public struct OpaqueOperator: Operator {
  /// What of the node is not known.
  public let cause: String
  /// The node where knowledge ends: this one, or one before it.
  public let origin: String

  init(cause: String, origin: String) { (self.cause, self.origin) = (cause, origin) }

  public init(_ node: NodeContext) throws(GraphError) {
    throw GraphError(.unsupportedOperator, "an opaque node is made of its cause")
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    throw GraphError(.unsupportedOperator, cause)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    throw GraphError(.unsupportedOperator, "the node cannot be evaluated: \(cause)")
  }
}

/// A node that rewriting carries as it is, with everything that it touches held.
public struct OpaqueNode: Sendable, Hashable, Encodable, CustomStringConvertible {
  public var node: String
  /// ONNX's name of the operator, with its domain where that is not ONNX's own.
  public var operation: String
  public var cause: String
  /// Nodes behind it that are held as well, since the shape of what they read is not known.
  public var followers: [String] = []

  private enum CodingKeys: String, CodingKey {
    case node, cause, followers
    case operation = "operator"
  }

  public var description: String { Self.sentence([self]) }

  /// A sentence for each cause, however many nodes have it.
  public static func sentences(_ nodes: [OpaqueNode]) -> [String] {
    var causes: [(key: String, nodes: [OpaqueNode])] = []
    for node in nodes {
      let key = node.operation + GraphError.withoutNumbers(node.cause)
      if let place = causes.firstIndex(where: { $0.key == key }) {
        causes[place].nodes.append(node)
      } else {
        causes.append((key, [node]))
      }
    }
    return causes.map { sentence($0.nodes) }
  }

  /// - Parameter nodes: At least one, all of one cause.
  private static func sentence(_ nodes: [OpaqueNode]) -> String {
    let first = nodes[0]
    let others = nodes.count == 1 ? " is" : " and \(nodes.count - 1) more are"
    let followers = nodes.reduce(0) { $0 + $1.followers.count }
    let rest = followers == 1 ? "is 1 node" : "are \(followers) nodes"
    let behind = followers == 0 ? "" : "; so \(rest) behind \(nodes.count == 1 ? "it" : "them")"
    return "\"\(first.node)\" (\(first.operation))\(others) held: \(first.cause)\(behind)"
  }
}

extension Specialised {
  /// The opaque nodes with a cause of their own, in order; the others are their followers.
  public var opaqueNodes: [OpaqueNode] {
    var result: [OpaqueNode] = []
    var places: [String: Int] = [:]
    for (node, operation) in zip(graph.nodes, operators) {
      guard let opaque = operation as? OpaqueOperator else { continue }
      if let place = places[opaque.origin] {
        result[place].followers.append(node.name)
      } else {
        places[opaque.origin] = result.count
        result.append(
          OpaqueNode(node: node.name, operation: node.qualifiedOperation, cause: opaque.cause))
      }
    }
    return result
  }

  /// Those of `opaqueNodes` that something known computes with: what is behind them cannot be
  /// evaluated without them.
  public var opaqueNodesWithin: [OpaqueNode] {
    var origins: [Graph.ValueID: String] = [:]
    var crossed: Set<String> = []
    for (node, operation) in zip(graph.nodes, operators) {
      if let opaque = operation as? OpaqueOperator {
        for case let output? in node.outputs { origins[output] = opaque.origin }
      } else {
        crossed.formUnion(node.inputs.compactMap { $0.flatMap { origins[$0] } })
      }
    }
    return opaqueNodes.filter { crossed.contains($0.node) }
  }
}

extension Graph.Node {
  /// ONNX's name of the operator, with its domain where that is not ONNX's own.
  public var qualifiedOperation: String { domain.isEmpty ? operation : "\(domain).\(operation)" }
}

extension Graph {
  /// Nodes whose operators or variants are not known, whatever the shapes are.
  public func opaqueNodes() -> [OpaqueNode] {
    let causes = Dictionary(
      unsupportedOperators { !$0.isConditional && Expansion.of($0, at: .rewriting) == nil }
        .filter(\.isLackOfKnowledge).map { ($0.node, $0.message) },
      uniquingKeysWith: { first, _ in first })
    return nodes.compactMap { node in
      causes[node.name].map {
        OpaqueNode(node: node.name, operation: node.qualifiedOperation, cause: $0)
      }
    }
  }
}

extension GraphError {
  /// Whether the error says that something is not known or not supported, rather than wrong.
  var isLackOfKnowledge: Bool {
    switch code {
    case .unsupportedOperator, .unsupportedVariant, .needsConstant, .symbolicShape, .foldingBudget,
      .badType:
      true
    default: false
    }
  }
}
