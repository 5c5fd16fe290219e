/// A node that is carried and never evaluated: control flow, or an operator from elsewhere.
///
/// Its outputs have the types that the file declares; every axis it touches is frozen.
struct UnknownOperator: Operator {
  private let outputs: [TensorType]

  /// - Throws: `GraphError` with code `.unsupportedOperator` where a type is not declared.
  init(_ node: Graph.Node, in graph: Graph) throws(GraphError) {
    var outputs: [TensorType] = []
    for output in node.outputs {
      guard let output else {
        outputs.append(TensorType(.float32, []))
        continue
      }
      let value = graph.values[output]
      let shape = value.shape?.map { dimension in
        if case .fixed(let extent) = dimension { extent } else { -1 }
      }
      guard let type = value.elementType, let shape, !shape.contains(-1) else {
        throw GraphError(
          .unsupportedOperator,
          "\(node.operation) is not known, and the file does not say the shape of its output "
            + "\"\(value.name)\"; run ONNX shape inference on the file first", node: node.name)
      }
      outputs.append(try TensorType(type, shape).checked())
    }
    self.outputs = outputs
  }

  init(_ node: NodeContext) throws(GraphError) {
    preconditionFailure("made from the graph, which declares its outputs")
  }

  func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] { outputs }

  func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    throw GraphError(.unsupportedOperator, "the operator is not known, so it cannot be evaluated")
  }
}
