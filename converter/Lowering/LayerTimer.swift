internal import EspalierGraph
package import EspalierModelFile

/// Times the ways to compute a layer on the device that a model is made for.
///
/// Lowering asks and the facade answers: the converter knows the candidates, the runtime can run them,
/// and neither knows the other.
package protocol LayerTimer {
  /// What the times belong to: processor, instruction set, threads.
  var device: String { get }
  /// Nanoseconds of each candidate; nil for one that the device cannot run.
  mutating func nanoseconds(of layer: TimedLayer) -> [UInt64?]
}

/// One layer with all candidates for its weight, as a device times it.
package struct TimedLayer {
  private let program: Program
  private let choices: [WeightChoice]
  /// What the times depend on, apart from the device: geometry, candidates, how full the weight is.
  package let key: String
  /// Bytes of weights that a run of the network reads between two runs of this layer.
  package let bytesBetweenRuns: Int

  init(
    _ step: Program.Step, of program: Program, _ candidates: WeightCandidates,
    bytesBetweenRuns: Int
  ) {
    self.program = program.repeating(step)
    self.bytesBetweenRuns = bytesBetweenRuns
    choices = candidates.all.map(\.choice)
    let shapes = (step.inputs + step.outputs).map { tensor in
      tensor.map { program.tensors[$0].type.shape.map(String.init).joined(separator: "x") } ?? "-"
    }
    let ways = choices.map { "\($0.name) in \($0.kernelName)" }
    key =
      ["\(step.kind)", step.integers.map(String.init).joined(separator: " ")].joined(separator: " ")
      + " | " + shapes.joined(separator: " ") + " | " + candidates.fingerprint + " | "
      + ways.joined(separator: ", ")
  }

  package var candidateCount: Int { choices.count }

  /// A model that runs the layer twice, each time with a copy of the weight of its own: the first run
  /// brings code and activations into the caches, the second is the one to be timed.
  package func model(ofCandidate number: Int) -> ModelDescription {
    describeRepeated(program, choices[number])
  }
}

extension Program {
  /// A program that takes what the step reads as inputs, and runs the step twice into one output.
  fileprivate func repeating(_ step: Step) -> Program {
    var result = Program()
    var numbers: [TensorID: TensorID] = [:]
    func number(_ tensor: TensorID, _ result: inout Program) -> TensorID {
      if let known = numbers[tensor] { return known }
      result.tensors.append(tensors[tensor])
      result.tensors[result.tensors.count - 1].viewOf = nil
      numbers[tensor] = result.tensors.count - 1
      return result.tensors.count - 1
    }
    var step = step
    step.inputs = step.inputs.map { input in input.map { number($0, &result) } }
    result.inputs = result.tensors.indices.filter { result.tensors[$0].constant == nil }
    step.outputs = step.outputs.map { output in output.map { number($0, &result) } }
    result.outputs = step.outputs.compactMap { $0 }
    result.steps = [step, step]
    return result
  }
}
