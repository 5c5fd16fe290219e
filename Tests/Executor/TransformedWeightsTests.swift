import EspalierExecutor
import EspalierModelFile
import Testing

/// What Winograd's transforms make of weights when a model is loaded: how much of it there is, and what
/// it may be.
@Suite struct TransformedWeightsTests {
  /// One row of one channel for tiles of 2 by 2: 8 rows of 16 positions, of 4 bytes each.
  private static let byteCount = 8 * 16 * 4

  private func description() throws -> ModelDescription {
    let sample = try #require(StepCase.contractions.first { $0.name.contains("Winograd") })
    return sample.model.description
  }

  private func transformedBytes(
    _ description: ModelDescription, limit: Int = .max
  ) throws -> Int {
    var limits = ModelFileLimits()
    limits.transformedBytes = UInt64(limit)
    let file = try description.bytes()
    let model = try Model(copying: file.span, limits: limits)
    try model.check()
    return model.transformedBytes
  }

  private func weightBytes(_ description: ModelDescription) throws -> Int {
    let file = try description.bytes()
    let model = try Model(copying: file.span)
    return model.weightBytes
  }

  private func refusal(_ description: ModelDescription, limit: Int) throws -> ModelFileError {
    let error = #expect(throws: ExecutorError.self) {
      try transformedBytes(description, limit: limit)
    }
    guard case .file(let cause) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      throw try #require(error)
    }
    return cause
  }

  @Test func whatStepsRunIsCounted() throws {
    var description = try description()
    #expect(try transformedBytes(description) == Self.byteCount)
    #expect(try weightBytes(description) >= Self.byteCount + 9 * 4)
    // Nobody reads the second; two steps read the first.
    description.weights.append(description.weights[0])
    description.steps.append(description.steps[0])
    #expect(try transformedBytes(description) == Self.byteCount)
    description.steps[1].weight = 1
    #expect(try transformedBytes(description) == 2 * Self.byteCount)
    description.weights[0].packing = .panels
    description.weights[0].panelHeight = 1
    #expect(try transformedBytes(description) == Self.byteCount)
  }

  @Test func moreThanTheLimitIsRefused() throws {
    var description = try description()
    #expect(try transformedBytes(description, limit: Self.byteCount) == Self.byteCount)
    var error = try refusal(description, limit: Self.byteCount - 1)
    #expect(error.code == .overLimit && error.place == .weight(0))
    description.weights.append(description.weights[0])
    description.steps.append(description.steps[0])
    description.steps[1].weight = 1
    error = try refusal(description, limit: 2 * Self.byteCount - 1)
    #expect(error.code == .overLimit && error.place == .weight(1))
  }

  private func output(
    _ model: borrowing Model, _ set: InstructionSet, threads: Int
  ) throws -> [Float] {
    var session = try Session(model, threads: threads, instructionSet: set)
    var output = [Float](repeating: .nan, count: 6)
    try session.run([1, 2, 3, 4, 5, 6], into: &output)
    return output
  }

  /// Sessions of one model, on any instruction set, run on one and the same transform.
  @Test(arguments: InstructionSet.allCases.filter(\.isAvailable))
  func sessionsShareIt(set: InstructionSet) throws {
    let file = try description().bytes()
    let model = try Model(copying: file.span)
    for threads in [1, 2] {
      let output = try output(model, set, threads: threads)
      #expect(output == [0, 2, 4, 0, 8, 10])
    }
  }
}
