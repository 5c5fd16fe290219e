import EspalierModelFile
import Testing

/// Headers that somebody made up: changed at random, with checksums made right again.
@Suite struct HostileTests {
  /// Which gate let go of each file.
  private struct Tally {
    var structure = 0
    var meaning = 0
    var accepted = 0
  }

  private func samples() throws -> [FileBytes] {
    let matrix = Samples.sparse(rows: 18, channels: 16, taps: 1, shared: 2)
    let models =
      [Samples.small(), ModelDescription()]
      + WeightPacking.allCases.filter(\.isForVectors).map {
        Samples.linear(
          Packer(matrix).packed($0, PackingChoice(.unstructured, panelHeight: 16)))
      }
      + [
        Packer(matrix).dense(height: 8),
        Packer(matrix, groups: 3).panels(
          height: 2, perList: 2, encoding: .vectorwise, pattern: [2, 4, 4]),
        Packer(matrix, groups: 2).patternGroups(block: 5, encoding: .unstructured, pattern: []),
        Packer(matrix, groups: 2).rowPairs(
          block: 5, band: 2, encoding: .unstructured, pattern: []),
        Packer(matrix).depthwise(),
        Packer(Samples.sparse(rows: 9, channels: 2, taps: 9, shared: 1)).winograd(tile: 2),
      ].map(Samples.linear)
    return try models.map { FileBytes(try $0.bytes()) }
  }

  /// Opens a file as a runtime would, and reads all that can be read from it.
  private func load(_ file: FileBytes, _ tally: inout Tally) {
    var isOpen = false
    var sum: UInt64 = 0
    do throws(ModelFileError) {
      var limits = ModelFileLimits()
      limits.tensorBytes = 1 << 20
      limits.arenaBytes = 1 << 20
      try VerifiedModel.withCopy(of: file.bytes, limits: limits) { model throws(ModelFileError) in
        isOpen = true
        touch(model, &sum)
        try model.checkSemantics()
        touchValues(model, &sum)
      }
      tally.accepted += 1
    } catch {
      if isOpen { tally.meaning += 1 } else { tally.structure += 1 }
      #expect(!"\(error)".isEmpty)
    }
  }

  /// Everything that is readable after gate 2.
  private func touch(_ model: VerifiedModel, _ sum: inout UInt64) {
    sum &+= UInt64(model.producer.description.utf8.count + model.source.utf8.count)
    for index in 0..<model.tensorCount {
      let tensor = model.tensor(index)
      sum &+= UInt64(truncatingIfNeeded: tensor.byteCount &+ tensor.extents.count)
      sum &+= UInt64(tensor.name.description.utf8.count) &+ tensor.offset
    }
    for index in 0..<model.stepCount {
      let step = model.step(index)
      for number in step.inputs { sum &+= UInt64(truncatingIfNeeded: number) }
      for number in step.outputs { sum &+= UInt64(truncatingIfNeeded: number) }
      for number in step.integers { sum &+= UInt64(truncatingIfNeeded: number) }
      for number in step.floats { sum &+= UInt64(number.bitPattern) }
      sum &+= UInt64(step.name.description.utf8.count + step.operation.description.utf8.count)
    }
    for index in 0..<model.weightCount {
      let weight = model.weight(index)
      sum &+= UInt64(weight.countCount + weight.columnCount + weight.streamCount)
    }
  }

  /// Everything that is readable after gate 3.
  private func touchValues(_ model: VerifiedModel, _ sum: inout UInt64) {
    for index in 0..<model.tensorCount where model.tensor(index).isConstant {
      let bytes = unsafe model.bytes(ofConstant: model.tensor(index))
      sum = unsafe bytes.reduce(sum) { $0 &+ UInt64($1) }
    }
    for index in 0..<model.weightCount {
      let values = unsafe model.values(of: model.weight(index))
      sum = unsafe values.reduce(sum) { $0 &+ UInt64($1) }
    }
  }

  @Test func anyNumberInTheHeader() throws {
    var tally = Tally()
    // Each aligned 32-bit word in turn becomes each of these.
    let edges: [UInt32] = [0, 1, 2, 4, 0x7F, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, .max]
    for sample in try samples() {
      for word in sample.header.lowerBound / 4..<sample.header.upperBound / 4 {
        for edge in edges {
          var file = sample
          file.set(edge, at: word * 4)
          file.seal()
          load(file, &tally)
        }
      }
    }
    #expect(tally.structure > 500 && tally.meaning > 500 && tally.accepted > 500)
  }

  @Test func someBytesAtRandom() throws {
    let seed: UInt64 = 7
    var random = SeededGenerator(seed: seed)
    var tally = Tally()
    let samples = try samples()
    for _ in 0..<60_000 {
      var file = samples.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let position = Int.random(in: file.header, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: file.bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: file.bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: file.bytes[position] = file.bytes[Int.random(in: file.header, using: &random)]
        default:
          // A table or vector that begins elsewhere.
          let word = Int.random(in: 16..<file.header.upperBound / 4, using: &random) * 4
          let step = UInt32(Int.random(in: 0...64, using: &random) * 4)
          file.set(file.number(at: word, as: UInt32.self) &+ step &- 128, at: word)
        }
      }
      file.seal()
      load(file, &tally)
    }
    #expect(tally.structure > 500 && tally.meaning > 500 && tally.accepted > 500, "\(tally)")
  }

  @Test func tooLongForItsHeader() throws {
    // Two vectors of a header may overlap, so that each is as long as the header: the sum is bounded.
    var model = ModelDescription()
    // Each with an integer of its own: one vector would be written once.
    for number in 0..<200 {
      model.steps.append(
        StepDescription(kind: .fill, inputs: [], outputs: [0], integers: [Int64(number)]))
    }
    model.steps[0].integers = [Int64](repeating: 0x0101_0101, count: 2000)
    var file = FileBytes(try model.bytes())
    // Every step but the first that has one integer gets as many as the file holds behind it.
    var lengthened = 0
    for word in file.header.lowerBound / 4..<file.header.upperBound / 4
    where word % 2 == 1 && file.number(at: word * 4, as: UInt32.self) == 1
      && file.number(at: word * 4 + 4, as: UInt64.self) < 200
    {
      file.set(UInt32((file.header.upperBound - word * 4 - 8) / 8), at: word * 4)
      lengthened += 1
    }
    file.seal()
    #expect(lengthened > 100)
    #expect(refusal(of: file.bytes)?.code == .badStructure)
  }
}
