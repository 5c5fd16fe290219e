import EspalierModelFile
import Testing

@testable import EspalierModelFile

/// The check of shared memory against a plain simulation, byte by byte, of what each step finds.
@Suite struct LifeTests {
  /// A random chain of steps over a few places in a small arena; good or bad.
  private func plan(_ random: inout SeededGenerator) -> ModelDescription {
    var model = ModelDescription()
    let tensorCount = Int.random(in: 2...9, using: &random)
    for index in 0..<tensorCount {
      // 16, 32 or 48 floats: 1, 2 or 3 units of 64 bytes.
      let dims = [16 * Int.random(in: 1...3, using: &random)]
      let roots = model.tensors.indices.filter {
        if case .arena = model.tensors[$0].placement { true } else { false }
      }
      if index > 1, Int.random(in: 0..<5, using: &random) == 0 {
        let root = roots.randomElement(using: &random)!
        let room = model.tensors[root].dims[0] / 16
        let offset = Int.random(in: 0..<room, using: &random)
        model.tensors.append(
          Samples.tensor("view", [16 * (room - offset)], .view(of: root, offset: offset * 64)))
      } else {
        let place = TensorPlacement.arena(offset: 64 * Int.random(in: 0...11, using: &random))
        model.tensors.append(Samples.tensor("tensor", dims, place))
      }
    }
    model.inputs = [0]
    let kinds: [StepKind] = [.unary, .unary, .binary, .binary, .matrixProduct, .scatterND, .topK]
    // Mostly what a step reads was written, else hardly any plan would be good.
    var written = [0]
    for _ in 0..<Int.random(in: 1...7, using: &random) {
      let kind = kinds.randomElement(using: &random)!
      let inputs = (0..<kind.slots.inputs).map { _ in
        Int.random(in: 0..<12, using: &random) == 0
          ? Int.random(in: 0..<tensorCount, using: &random) : written.randomElement(using: &random)!
      }
      let outputs = (0..<kind.slots.requiredOutputs).map { _ in
        Int.random(in: 0..<tensorCount, using: &random)
      }
      written = written.suffix(2) + outputs
      model.steps.append(StepDescription(kind: kind, inputs: inputs, outputs: outputs))
    }
    model.outputs = [written.randomElement(using: &random)!]
    return model
  }

  private func units(_ model: ModelDescription, _ tensor: Int) -> Range<Int> {
    let count = model.tensors[tensor].dims[0] / 16
    switch model.tensors[tensor].placement {
    case .arena(let offset): return offset / 64..<offset / 64 + count
    case .view(let root, let offset):
      let start = units(model, root).lowerBound + offset / 64
      return start..<start + count
    case .constant: return 0..<0
    }
  }

  private func root(_ model: ModelDescription, _ tensor: Int) -> Int {
    if case .view(let root, _) = model.tensors[tensor].placement { root } else { tensor }
  }

  /// Whether every step finds in its inputs what was written there, and destroys nothing it reads.
  private func runsRight(_ model: ModelDescription) -> Bool {
    var owner = [Int?](repeating: nil, count: 16)
    var written: Set<Int> = []
    /// Bytes of a storage that another has overwritten are gone; those never written are just unset.
    func isIntact(_ tensor: Int) -> Bool {
      let root = root(model, tensor)
      return written.contains(root)
        && units(model, tensor).allSatisfy { owner[$0] == root || lost[root]?.contains($0) != true }
    }
    var lost: [Int: Set<Int>] = [:]
    func write(_ tensor: Int) {
      let root = root(model, tensor)
      written.insert(root)
      for unit in units(model, tensor) {
        if let former = owner[unit], former != root { lost[former, default: []].insert(unit) }
        owner[unit] = root
        lost[root]?.remove(unit)
      }
    }
    write(model.inputs[0])
    for step in model.steps {
      guard step.inputs.allSatisfy(isIntact) else { return false }
      for (position, output) in step.outputs.enumerated() {
        guard root(model, output) != model.inputs[0] else { return false }
        let bytes = units(model, output)
        for other in step.outputs[(position + 1)...] where bytes.overlaps(units(model, other)) {
          return false
        }
        for (slot, input) in step.inputs.enumerated() where bytes.overlaps(units(model, input)) {
          let isInPlace =
            position == 0 && step.kind.mayWriteInPlace(over: slot)
            && bytes == units(model, input) && root(model, input) != root(model, output)
          guard isInPlace else { return false }
        }
      }
      for output in step.outputs { write(output) }
    }
    return model.outputs.allSatisfy(isIntact)
  }

  @Test func whatIsAcceptedRunsRight() throws {
    let seed: UInt64 = 5
    var random = SeededGenerator(seed: seed)
    var accepted = 0
    var refusedThoughRight = 0
    var right = 0
    for number in 0..<100_000 {
      let model = plan(&random)
      let error = refusal(of: model)
      let runsRight = runsRight(model)
      if error == nil {
        accepted += 1
        #expect(runsRight, "plan \(number) of seed \(seed)")
      }
      if runsRight {
        right += 1
        refusedThoughRight += error == nil ? 0 : 1
      }
    }
    // The check is stricter than the simulation only where a storage is used again after others had
    // some of its bytes.
    #expect(accepted > 5_000)
    #expect(refusedThoughRight * 20 < right, "\(refusedThoughRight) of \(right)")
  }

  @Test func manyTensorsInOneChain() throws {
    // Each step reads the last two; three places suffice. One more of the same fails.
    var model = ModelDescription()
    let count = 20_000
    for index in 0..<count {
      let place = TensorPlacement.arena(offset: index % 3 * 64)
      model.tensors.append(Samples.tensor("t", [16], place))
      guard index >= 2 else { continue }
      model.steps.append(
        StepDescription(kind: .matrixProduct, inputs: [index - 1, index - 2], outputs: [index]))
    }
    model.inputs = [0, 1]
    model.outputs = [count - 1]
    #expect(refusal(of: model) == nil)
    model.steps[count / 2].inputs[0] -= 2
    #expect(refusal(of: model)?.code == .overlap)
  }

  @Test func neighboursInARankSet() {
    var random = SeededGenerator(seed: 6)
    for bound in [1, 2, 63, 64, 65, 4095, 4096, 4097, 300_000] {
      var set = RankSet(bound: bound)
      var reference: Set<Int> = []
      for _ in 0..<300 {
        let number = Int.random(in: 0..<bound, using: &random)
        if Bool.random(using: &random) {
          set.insert(number)
          reference.insert(number)
        } else {
          let former = reference.randomElement(using: &random) ?? number
          set.remove(former)
          reference.remove(former)
        }
        let from = Int.random(in: 0..<bound, using: &random)
        #expect(set.last(upTo: from) == reference.filter { $0 <= from }.max())
        #expect(set.first(above: from) == reference.filter { $0 > from }.min())
      }
    }
  }
}
