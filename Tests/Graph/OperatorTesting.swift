import EspalierGraph

/// Runs one operator on values: attributes, shape rule and evaluation, checked against each other.
func run(
  _ kind: OperatorKind, _ inputs: [Tensor?], opset: Int = 17, outputs: Int = 1,
  _ attributes: [String: Attribute] = [:]
) throws -> [Tensor] {
  let node = NodeContext(
    attributes: attributes, opset: opset, inputs: inputs.map { $0 != nil }, outputCount: outputs)
  let operation = try kind.definition.init(node)
  let types = try operation.infer(inputs.map { $0.map { OperatorInput($0) } })
  let results = try operation.evaluate(inputs)
  guard types == results.map(\.type) else { throw Disagreement(types, results.map(\.type)) }
  return results
}

/// The shape rule promised other types than the evaluation gave.
struct Disagreement: Error, CustomStringConvertible {
  var description: String

  init(_ promised: [TensorType], _ given: [TensorType]) {
    description = "the shape rule promised \(promised), the evaluation gave \(given)"
  }
}

/// The code of the error that running an operator throws; `nil` where it succeeds.
func failure(
  _ kind: OperatorKind, _ inputs: [Tensor?], opset: Int = 17, outputs: Int = 1,
  _ attributes: [String: Attribute] = [:]
) -> GraphError.Code? {
  do {
    _ = try run(kind, inputs, opset: opset, outputs: outputs, attributes)
    return nil
  } catch {
    return (error as? GraphError)?.code
  }
}

/// Whether two lists of numbers agree within a rounding of single precision.
func near(_ a: [Float], _ b: [Float], within tolerance: Float = 1e-5) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// The numbers 0, 1, 2, … under a shape.
func ramp(_ shape: [Int], from start: Float = 0) -> Tensor {
  Tensor((0..<shape.reduce(1, *)).map { start + Float($0) }, shape: shape)
}

/// A tensor of ones.
func ones(_ shape: [Int]) -> Tensor {
  Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape)
}
