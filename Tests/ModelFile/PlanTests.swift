import EspalierModelFile
import Testing

/// One fault each in a model that is otherwise good.
@Suite struct PlanTests {
  private func fault(_ change: (inout ModelDescription) -> Void) -> ModelFileError? {
    var model = Samples.small()
    change(&model)
    return refusal(of: model)
  }

  private func expect(
    _ code: ModelFileError.Code, at place: ModelFileError.Place,
    _ location: SourceLocation = #_sourceLocation, _ change: (inout ModelDescription) -> Void
  ) {
    let error = fault(change)
    #expect(error?.code == code, sourceLocation: location)
    #expect(error?.place == place, sourceLocation: location)
  }

  @Test func tensors() {
    expect(.badTensor, at: .tensor(0)) { $0.tensors[0].dims[1] = -4 }
    expect(.badTensor, at: .tensor(0)) { $0.tensors[0].dims = [-1, 0] }
    expect(.overLimit, at: .tensor(7)) { $0.tensors[7].dims = [1 << 40] }
    expect(.overLimit, at: .tensor(7)) { $0.tensors[7].dims = [1 << 31, 1 << 31, 1 << 2] }
    expect(.overLimit, at: .tensor(7)) { $0.tensors[7].dims = [0, 1 << 40] }
    expect(.badPlacement, at: .tensor(7)) { $0.tensors[7].dims = [1 << 20] }
    expect(.badPlacement, at: .tensor(0)) { $0.tensors[0].placement = .arena(offset: 32) }
    // 17 floats reach behind the last constant's 64 bytes, but not behind the values.
    #expect(fault { $0.tensors[7].dims = [17] } == nil)
  }

  @Test func views() {
    expect(.badPlacement, at: .tensor(4)) { $0.tensors[4].dims = [73] }
    expect(.badPlacement, at: .tensor(4)) {
      $0.tensors[4].placement = .view(of: 3, offset: 64)
    }
    #expect(
      fault {
        $0.tensors[4].placement = .view(of: 3, offset: 64)
        $0.tensors[4].dims = [56]
      } == nil)
    expect(.badPlacement, at: .input(0)) {
      $0.tensors[0].placement = .view(of: 3, offset: 0)
    }
  }

  @Test func references() {
    for number in [-1, 8, 100_000] {
      expect(.badReference, at: .input(0)) { $0.inputs = [number] }
      expect(.badReference, at: .output(0)) { $0.outputs = [number] }
    }
    expect(.badReference, at: .input(1)) { $0.inputs = [0, 0] }
    expect(.badReference, at: .output(1)) { $0.outputs = [6, 6] }
    expect(.badPlacement, at: .input(0)) { $0.inputs = [7] }
    expect(.badReference, at: .step(3)) { $0.steps[3].inputs[1] = 8 }
    expect(.badReference, at: .step(2)) { $0.steps[2].inputs[1] = -2 }
    expect(.badStep, at: .step(3)) { $0.steps[3].inputs[1] = -1 }
    expect(.badStep, at: .step(3)) { $0.steps[3].outputs[0] = -1 }
    expect(.badStep, at: .step(3)) { $0.steps[3].outputs = [] }
    expect(.badStep, at: .step(1)) { $0.steps[1].inputs = [1, 1] }
    expect(.badStep, at: .step(3)) { $0.steps[3].outputs[0] = 7 }
    expect(.badReference, at: .step(0)) { $0.steps[0].weight = 2 }
    expect(.badReference, at: .step(0)) { $0.steps[0].weight = -2 }
    expect(.badStep, at: .step(0)) { $0.steps[0].weight = nil }
    expect(.badReference, at: .step(1)) { $0.steps[1].weight = 0 }
  }

  @Test func aKindOfALaterMinorVersion() throws {
    let bytes = try Samples.small().bytes()
    // The kind of the second step, unary (4), stands somewhere; each 4 is tried.
    var refused = 0
    for position in FileBytes(bytes).header where bytes[position] == 4 && bytes[position + 1] == 0 {
      var file = FileBytes(bytes)
      file.set(UInt16(999), at: position)
      file.seal()
      if let error = refusal(of: file.bytes), error.code == .unsupportedStep {
        #expect(error.place == .step(1))
        refused += 1
      }
    }
    #expect(refused == 1)
  }

  @Test func readingWhatIsNotWritten() {
    expect(.notWritten, at: .step(0)) { $0.inputs = [] }
    expect(.notWritten, at: .step(1)) { $0.steps[1].inputs = [5] }
    expect(.notWritten, at: .step(1)) { $0.steps.remove(at: 1) }
    expect(.notWritten, at: .output(0)) { $0.steps.removeLast() }
    expect(.notWritten, at: .step(0)) { $0.steps.swapAt(0, 1) }
  }

  @Test func sharing() {
    // The linear step's output would lie over what it reads.
    expect(.overlap, at: .tensor(5)) { $0.tensors[5].placement = .arena(offset: 256) }
    // The convolution may not be in place.
    expect(.overlap, at: .tensor(1)) {
      $0.tensors[1].placement = .arena(offset: 128)
      $0.tensors[3].placement = .arena(offset: 128)
    }
    // Not the same bytes.
    expect(.overlap, at: .tensor(3)) { $0.tensors[3].placement = .arena(offset: 256) }
    // What is overwritten is an output, or read later.
    expect(.overlap, at: .tensor(3)) { $0.outputs = [6, 1] }
    expect(.overlap, at: .tensor(6)) {
      $0.tensors.append(Samples.tensor("late", [1, 5], .arena(offset: 512)))
      $0.steps.append(StepDescription(kind: .unary, inputs: [5], outputs: [8]))
    }
    expect(.overlap, at: .step(0)) { $0.steps[0].outputs = [0] }
    expect(.overlap, at: .step(1)) {
      $0.steps[1].outputs = [1]
    }
  }

  @Test func aResidualMayBeOverwrittenButNotTheImage() {
    func model(residual: Int) -> ModelDescription {
      var model = Samples.linear(Packer([[1, 0], [0, 1]]).dense(height: 1))
      model.tensors.append(Samples.tensor("r", [1, 2], .arena(offset: 128)))
      model.tensors[1].placement = .arena(offset: residual == 2 ? 128 : 0)
      model.inputs = [0, 2]
      model.steps[0].inputs = [0, -1, residual]
      return model
    }
    #expect(refusal(of: model(residual: 2)) == nil)
    // x is the residual too, and would be overwritten while it is read.
    #expect(refusal(of: model(residual: 0))?.code == .overlap)
  }

  @Test func partsOfOneTensor() {
    // Two halves of one tensor: one is written from the other.
    func model(_ second: Int) -> ModelDescription {
      var model = ModelDescription()
      model.tensors = [
        Samples.tensor("x", [16], .arena(offset: 256)),
        Samples.tensor("whole", [48], .arena(offset: 0)),
        Samples.tensor("first", [16], .view(of: 1, offset: 0)),
        Samples.tensor("second", [16], .view(of: 1, offset: second)),
      ]
      model.steps = [
        StepDescription(kind: .unary, inputs: [0], outputs: [2]),
        StepDescription(kind: .unary, inputs: [2], outputs: [3]),
      ]
      model.inputs = [0]
      model.outputs = [1]
      return model
    }
    #expect(refusal(of: model(64)) == nil)
    #expect(refusal(of: model(128)) == nil)
    #expect(refusal(of: model(0))?.code == .overlap)
  }
}
