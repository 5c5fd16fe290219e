import EspalierModelFile
import Testing

@Suite struct RoundTripTests {
  @Test func everythingComesBack() throws {
    let model = Samples.small()
    try VerifiedModel.withCopy(of: model.bytes()) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.majorVersion == 1 && file.minorVersion == 2)
      #expect(file.features == UInt64(1) << 63 | 0b11)
      #expect(file.producer.string == "espalier tests" && file.source.string == "small.onnx")
      #expect(file.device.string == model.device)
      #expect(Array(file.inputs) == [0] && Array(file.outputs) == [6])
      #expect(file.arenaBytes == 512)
      #expect(file.tensorCount == 8 && file.stepCount == 4 && file.weightCount == 2)
      for (index, tensor) in model.tensors.enumerated() {
        #expect(file.tensor(index).name.string == tensor.name)
        #expect(file.tensor(index).type == tensor.type)
        #expect(file.tensor(index).extents == tensor.dims)
        #expect(file.tensor(index).byteCount == tensor.dims.reduce(4, *))
      }
      #expect(file.tensor(4).viewOf == 3 && file.tensor(4).offset == 192)
      #expect(file.tensor(3).viewOf == nil && file.tensor(3).offset == 192)
      for (index, step) in model.steps.enumerated() { check(file.step(index), step) }
      for (index, weight) in model.weights.enumerated() { check(file, index, weight) }
    }
  }

  private func check(_ step: VerifiedModel.Step, _ expected: StepDescription) {
    #expect(step.kind == expected.kind)
    #expect(step.name.string == expected.name && step.operation.string == expected.operation)
    #expect(step.inputs.map { Int($0) } == expected.inputs)
    #expect(step.outputs.map { Int($0) } == expected.outputs)
    #expect(Array(step.integers) == expected.integers && Array(step.floats) == expected.floats)
    #expect(step.weight == expected.weight)
    #expect(step.multiplyAccumulates == expected.multiplyAccumulates)
  }

  private func check(_ file: VerifiedModel, _ index: Int, _ expected: WeightDescription) {
    let weight = file.weight(index)
    #expect(weight.encoding == expected.encoding && weight.packing == expected.packing)
    #expect(weight.rows == expected.rows && weight.columns == expected.columns)
    #expect(weight.groups == expected.groups && weight.panelHeight == expected.panelHeight)
    #expect(weight.panelsPerList == expected.panelsPerList)
    #expect(weight.columnBlock == expected.columnBlock)
    #expect((0..<3).map { weight.pattern[$0] } == expected.pattern)
    #expect(weight.nonzeroCount == expected.nonzeroCount)
    #expect(weight.reason.string == expected.reason && weight.times == expected.times)
    #expect(weight.element == expected.element)
    #expect(unsafe Array(file.values(of: weight)) == expected.values.array(of: UInt8.self))
    let structure = WeightStructure(for: weight)
    defer { structure.deallocate() }
    #expect(throws: Never.self) { try file.copyStructure(ofWeight: index, to: structure) }
    #expect(unsafe Array(structure.counts) == expected.counts)
    #expect(unsafe Array(structure.columns) == expected.columnLists)
    #expect(unsafe Array(structure.stream) == expected.stream)
  }

  @Test func constantsAreInPlace() throws {
    var model = Samples.small()
    model.constants.append(.int64([.min, -1, .max]))
    model.tensors.append(
      TensorDescription(name: "i", type: .i64, dims: [3], placement: .constant(2)))
    try VerifiedModel.withCopy(of: model.bytes()) { file throws(ModelFileError) in
      try file.checkSemantics()
      let bytes = unsafe file.bytes(ofConstant: file.tensor(8))
      #expect(unsafe Array(bytes.assumingMemoryBound(to: Int64.self)) == [.min, -1, .max])
      #expect(UInt(bitPattern: bytes.baseAddress) % 64 == 0)
    }
  }

  @Test func anEmptyModelIsAFile() throws {
    #expect(refusal(of: ModelDescription()) == nil)
  }

  @Test func theFileIsLaidOutAsSpecified() throws {
    let file = FileBytes(try Samples.small().bytes())
    #expect(file.bytes.prefix(8) == [0x89, 0x45, 0x53, 0x50, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(file.number(at: 24, as: UInt64.self) == UInt64(file.bytes.count))
    #expect(file.values.lowerBound == (file.header.upperBound + 63) / 64 * 64)
    #expect(file.values.count % 64 == 0)
    #expect(file.number(at: 16, as: UInt64.self) >> 63 == 1)
    #expect(file.bytes[68..<72] == [0x45, 0x53, 0x50, 0x4D])
    #expect(file.bytes[file.header.upperBound..<file.values.lowerBound].allSatisfy { $0 == 0 })
  }

  @Test func wideColumnsTake32Bits() throws {
    var row = [Float](repeating: 0, count: 70_000)
    for column in [0, 65_535, 65_536, 69_999] { row[column] = Float(column + 1) }
    let weight = Packer([row]).panels(height: 1, encoding: .unstructured, pattern: [])
    #expect(weight.columnLists == [0, 65_535, 65_536, 69_999])
    #expect(refusal(of: Samples.linear(weight)) == nil)
    try VerifiedModel.withCopy(of: Samples.linear(weight).bytes()) { file throws(ModelFileError) in
      let structure = WeightStructure(for: file.weight(0))
      defer { structure.deallocate() }
      try file.copyStructure(ofWeight: 0, to: structure)
      #expect(unsafe Array(structure.columns) == weight.columnLists)
    }
  }

  @Test func longTextIsCutAtACharacter() throws {
    var model = ModelDescription()
    model.source = String(repeating: "é", count: 600)
    model.producer = "x" + String(repeating: "é", count: 600)
    try VerifiedModel.withCopy(of: model.bytes()) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.source.string == String(repeating: "é", count: 512))
      #expect(file.producer.string == "x" + String(repeating: "é", count: 511))
    }
  }
}
