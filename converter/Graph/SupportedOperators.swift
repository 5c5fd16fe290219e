extension Graph {
  /// Every node whose operator, or whose attributes, we do not support; judged without shapes, so that
  /// an If may be one that shapes decide, and a composite operator one that its shapes allow.
  public func unsupportedOperators() -> [GraphError] {
    unsupportedOperators { !$0.isReplaceable }
  }

  /// As `unsupportedOperators`, of some nodes.
  func unsupportedOperators(among isChosen: (Node) -> Bool) -> [GraphError] {
    nodes.filter(isChosen).compactMap { node in
      do throws(GraphError) {
        _ = try node.makeOperator(opset: opset)
        return nil
      } catch {
        return error
      }
    }
  }
}

extension Graph.Node {
  /// The node's operator with its attributes checked.
  /// - Throws: `GraphError` with code `.unsupportedOperator`, or what the attributes' fault is.
  public func makeOperator(opset: Int) throws(GraphError) -> any Operator {
    guard domain.isEmpty else {
      throw GraphError(
        .unsupportedOperator, "operator \(operation) of domain \"\(domain)\" is not supported",
        node: name)
    }
    guard let kind = OperatorKind(rawValue: operation) else {
      let hint =
        isConditional
        ? " where its condition is known only at run time; if an input decides it, give that with "
          + "--input-value NAME=VALUE"
        : controlFlow.contains(operation)
          ? "; control flow is not supported, export the model without it" : ""
      throw GraphError(
        .unsupportedOperator, "operator \(operation) is not supported\(hint)", node: name)
    }
    do throws(GraphError) {
      try checkAttributes(of: kind)
      return try kind.definition.init(context(opset: opset))
    } catch {
      throw error.at(name)
    }
  }
}

extension Graph.Node {
  /// Refuses what a later opset may have added: not to read an attribute is to compute something else.
  private func checkAttributes(of kind: OperatorKind) throws(GraphError) {
    let known = knownAttributes[kind] ?? []
    // ONNX leaves names that begin so to programs' own use.
    guard let name = attributes.keys.filter({ !known.contains($0) && !$0.hasPrefix("__") }).min()
    else { return }
    throw GraphError(
      .badAttribute,
      "attribute \"\(name)\" is none of \(operation) in any opset up to 28; export the model for "
        + "such an opset, or take the attribute out")
  }
}

extension Graph {
  /// What of the graph's operators is not supported whatever the shapes are, a problem for each node that an
  /// output needs.
  package func unsupportedNodes() -> [GraphError] {
    var living = self
    living.removeDeadNodes()
    return living.unsupportedOperators()
  }
}

/// Operators that run subgraphs.
private let controlFlow: Set<String> = ["If", "Loop", "Scan", "SequenceMap"]
