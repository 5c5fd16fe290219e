/// How many tensors a kind of step takes and gives, and which of them may be left out.
public struct StepSlots: Sendable {
  /// Inputs that must be there, from the first on.
  public let requiredInputs: Int
  /// Inputs in all.
  public let inputs: Int
  /// Outputs that must be there, from the first on.
  public let requiredOutputs: Int
  /// Outputs in all.
  public let outputs: Int
  /// Whether the step has a weight.
  public let hasWeight: Bool

  init(_ required: Int, _ inputs: Int, _ requiredOutputs: Int = 1, _ outputs: Int = 1) {
    self.requiredInputs = required
    self.inputs = inputs
    self.requiredOutputs = requiredOutputs
    self.outputs = outputs
    self.hasWeight = false
  }

  init(weightAnd required: Int, _ inputs: Int) {
    self.requiredInputs = required
    self.inputs = inputs
    self.requiredOutputs = 1
    self.outputs = 1
    self.hasWeight = true
  }
}

extension StepKind {
  /// The tensors that this kind takes and gives.
  public var slots: StepSlots {
    switch self {
    case .convolution, .linear: StepSlots(weightAnd: 1, 3)
    case .matrixProduct, .binary, .gather, .gatherElements, .gatherND, .oneHot: StepSlots(2, 2)
    case .unary, .reduce, .softmax, .copy, .cast, .cumulativeSum, .triangle, .localResponse:
      StepSlots(1, 1)
    case .select, .scatterND, .scatterElements, .resample: StepSlots(3, 3)
    case .normalize: StepSlots(1, 3, 1, 3)
    case .pool: StepSlots(1, 1, 1, 2)
    case .fill: StepSlots(0, 0)
    case .topK: StepSlots(1, 1, 2, 2)
    case .contract: StepSlots(1, 4)
    case .attention: StepSlots(3, 5)
    case .recurrent: StepSlots(3, 8, 0, 3)
    case .quantize, .convolutionPlain: StepSlots(2, 3)
    }
  }

  /// Whether output 0 may be written over input `slot`, under the conditions of `model.fbs`.
  public func mayWriteInPlace(over slot: Int) -> Bool {
    switch self {
    case .unary, .softmax, .normalize, .scatterND, .scatterElements, .cast: slot == 0
    case .binary: slot < 2
    case .select: slot < 3
    case .convolution, .linear: slot == 2
    default: false
    }
  }
}
