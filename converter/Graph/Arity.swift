/// Checks of how many inputs a node has, with one wording for all operators.
public enum Arity {
  /// Exactly `count` inputs, all present.
  public static func exactly(_ count: Int, _ inputs: [OperatorInput?]) throws(GraphError) {
    try between(count, count, inputs)
  }

  /// At least `required` inputs, all present, and at most `limit` in all, the rest optional.
  public static func between(
    _ required: Int, _ limit: Int, _ inputs: [OperatorInput?]
  ) throws(GraphError) {
    guard inputs.count >= required, inputs.count <= limit else {
      throw GraphError(
        .badArity,
        "has \(inputs.count) inputs but takes \(required == limit ? "\(limit)" : "\(required) to \(limit)")"
      )
    }
    for index in 0..<required where inputs[index] == nil {
      throw GraphError(.badArity, "input \(index) is required but left out")
    }
  }
}
