import EspalierGraph

/// Runs one operator as the interpreter does: attributes, then types, then values.
///
/// Also checks that the values have the types that were inferred, for every operator tested.
func evaluating(
  _ kind: OperatorKind, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:],
  opset: Int = 20, outputs: Int = 1
) throws -> [Tensor] {
  let node = NodeContext(
    attributes: attributes, opset: opset, inputs: inputs.map { $0 != nil }, outputCount: outputs)
  let meaning = try kind.definition.init(node)
  let types = try meaning.infer(inputs.map { $0.map { OperatorInput($0) } })
  let results = try meaning.evaluate(inputs)
  guard results.map(\.type) == types else {
    throw GraphError(.badShape, "\(kind) inferred \(types) but made \(results.map(\.type))")
  }
  return results
}

/// The code of the error that running an operator throws; nil where it succeeds.
func errorCode(
  _ kind: OperatorKind, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:],
  opset: Int = 20, outputs: Int = 1
) -> GraphError.Code? {
  do {
    _ = try evaluating(kind, inputs, attributes, opset: opset, outputs: outputs)
    return nil
  } catch {
    return (error as? GraphError)?.code
  }
}

/// Whether two lists of numbers agree within one part in a million; NaN agrees with NaN.
func agree(_ found: [Float], _ wanted: [Float]) -> Bool {
  found.count == wanted.count
    && zip(found, wanted).allSatisfy {
      $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= 1e-6 * max(1, abs($1))
    }
}

/// A one-dimensional float32 tensor.
func vector(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count]) }
