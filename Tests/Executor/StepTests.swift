import EspalierExecutor
import EspalierModelFile
import Testing

@Suite struct StepTests {
  static let sets = InstructionSet.allCases.filter { $0.isAvailable }

  @Test(arguments: StepCase.all, sets)
  func givesWhatTheStepMeans(_ step: StepCase, _ set: InstructionSet) throws {
    let outputs = try run(
      step.model.description, step.inputs, like: step.outputs, instructionSet: set)
    for (found, expected) in zip(outputs, step.outputs) {
      #expect(expected.agrees(with: found), "found \(found), expected \(expected)")
    }
  }

  @Test(arguments: StepCase.all)
  func givesTheSameOnThreeThreads(_ step: StepCase) throws {
    let one = try run(step.model.description, step.inputs, like: step.outputs)
    let three = try run(step.model.description, step.inputs, like: step.outputs, threads: 3)
    #expect(one == three)
  }

  @Test func everyKindHasACase() {
    #expect(Set(StepCase.all.flatMap(\.kinds)) == Set(StepKind.allCases))
  }

  @Test func runsOverAndOver() throws {
    let step = StepCase.contractions[0]
    let file = try step.model.description.bytes()
    let model = try Model(copying: file.span)
    var session = try Session(model)
    for _ in 0..<3 {
      for (position, input) in step.inputs.enumerated() {
        session.set(position, input.bytes)
      }
      try session.run()
      let found = unsafe session.withOutput(0) { unsafe step.outputs[0].read($0) }
      #expect(step.outputs[0].agrees(with: found))
    }
  }

  @Test func runsOneInputIntoOneOutput() throws {
    let file = try StepCase.elementwise[0].model.description.bytes()
    let model = try Model(copying: file.span)
    var session = try Session(model)
    let input: [Float] = [-3, 4, 5]
    var output: [Float] = [9, 9, 9]
    var span = output.mutableSpan
    try session.run(input.span, into: &span)
    #expect(output == [0, 4, 5])
  }

  @Test func sessionsOutliveTheirModel() throws {
    var session = try session(of: StepCase.contractions[4])
    session.set(0, Values.floats([1, 2, 3, 4]).bytes)
    try session.run()
    let found = unsafe session.withOutput(0) { unsafe Values.floats([]).read($0) }
    #expect(found == .floats([1.5, 6, 3.5, 14]))
  }

  private func session(of step: StepCase) throws -> Session {
    let file = try step.model.description.bytes()
    let model = try Model(copying: file.span)
    return try Session(model)
  }

  @Test func profileNamesEveryStep() throws {
    let file = try StepCase.movement[1].model.description.bytes()
    let model = try Model(copying: file.span)
    var session = try Session(model)
    var nanoseconds = [UInt64](repeating: 0, count: session.stepCount)
    session.set(0, Values.floats([1, 2]).bytes)
    try session.run(profile: &nanoseconds)
    #expect(nanoseconds.count == 2)
    #expect(session.kernel(ofStep: 0) == "fill")
    #expect(session.kernel(ofStep: 1) == "copy")
    #expect(model.step(1).name == "n1")
  }

  @Test(arguments: [Int64(3), -4, Int64.max, Int64.min])
  func indexOutsideItsAxisIsAFault(_ index: Int64) throws {
    let step = StepCase.indexing[0]
    #expect(throws: RunError.self) {
      try run(
        step.model.description, [step.inputs[0], .int64([index, 0])], like: step.outputs)
    }
  }

  @Test func integerDivisionByZeroIsAFault() throws {
    var model = TinyModel()
    let a = model.input([2], .i32)
    let b = model.input([2], .i32)
    let y = model.output([2], .i32)
    model.step(.binary, [a, b], [y], [4])
    let description = model.description
    #expect(throws: RunError.self) {
      try run(description, [.int32([1, 2]), .int32([1, 0])], like: [.int32([])])
    }
  }

  @Test func emptyTensorsPassThrough() throws {
    var model = TinyModel()
    let x = model.input([0, 3])
    let y = model.output([0, 3])
    model.step(.unary, [x], [y], [1], floats: [0, 0])
    let outputs = try run(model.description, [.floats([])], like: [.floats([1])])
    #expect(outputs == [.floats([])])
  }

  @Test func scalarsHaveNoAxes() throws {
    var model = TinyModel()
    let x = model.input([])
    let sum = model.tensor([])
    let reduced = model.tensor([])
    let y = model.output([])
    model.step(.binary, [x, x], [sum], [1])
    model.step(.reduce, [sum], [reduced], [1, 0])
    model.step(.copy, [reduced], [y], [0, 0, 0])
    let outputs = try run(model.description, [.floats([21])], like: [.floats([])])
    #expect(outputs == [.floats([42])])
  }

  @Test func absentInstructionSetIsRefused() throws {
    let file = try StepCase.elementwise[0].model.description.bytes()
    let model = try Model(copying: file.span)
    for set in InstructionSet.allCases where !set.isAvailable {
      do throws(ExecutorError) {
        _ = try Session(model, instructionSet: set)
        Issue.record("\(set) was accepted")
      } catch {
        #expect(error.exitCode == 69)
      }
    }
  }
}
