internal import EspalierGraph

extension Graph {
  /// The graph with the weights that Constant nodes hold as initializers: only those are pruned.
  ///
  /// Tensors of numbers with two axes or more; what is smaller is no weight, and stays where it was.
  func withInitializersForConstantNodes() -> Graph {
    var result = self
    let outputs = Set(outputs)
    let captured = Set(nodes.flatMap(\.captures))
    result.nodes.removeAll { node in
      guard node.domain.isEmpty, node.operation == "Constant", node.attributes.count == 1,
        case .tensor(let tensor)? = node.attributes["value"], let value = node.outputs.first ?? nil,
        tensor.elementType.isFloatingPoint, tensor.rank >= 2, !outputs.contains(value),
        // A subgraph reads by name, and would find an initializer as well; but nobody has tried.
        !captured.contains(value)
      else { return false }
      result.values[value].constant = tensor
      return true
    }
    return result
  }
}
