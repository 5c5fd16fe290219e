/// Every operator Espalier knows, by ONNX's name; the compiler lists what a new case lacks.
///
/// Cases stand in families, each family's files written together, so that a new one has an obvious place.
public enum OperatorKind: String, CaseIterable, Sendable, Hashable {
  // Elementwise, activations, logic (family A)
  case relu = "Relu"

  // Convolution, pooling, normalisation, matrix products, reductions, recurrent, attention (family B)

  // Data movement, shape, indexing, constants, casting, resizing (family C)

  /// The type that holds the operator's meaning.
  public var definition: any Operator.Type {
    switch self {
    // Family A
    case .relu: Relu.self

    // Family B

    // Family C
    }
  }
}
