import EspalierModelFile
import Testing

@Suite struct RoundTripTests {
  @Test func smoke() throws {
    var m = ModelDescription()
    m.producer = "p"
    m.tensors = [
      TensorDescription(name: "x", type: .f32, dims: [1, 3], placement: .arena(offset: 0)),
      TensorDescription(name: "y", type: .f32, dims: [1, 3], placement: .arena(offset: 64)),
      TensorDescription(name: "c", type: .i64, dims: [2], placement: .constant(0)),
    ]
    m.constants = [.int64([5, 6])]
    m.steps = [
      StepDescription(
        kind: .unary, name: "n", operation: "Relu", inputs: [0], outputs: [1], integers: [1],
        floats: [0, 0])
    ]
    m.inputs = [0]
    m.outputs = [1]
    let bytes = try m.bytes()
    try VerifiedModel.withCopy(of: bytes) { v throws(ModelFileError) in
      try v.checkSemantics()
      #expect(v.tensorCount == 3)
      #expect(v.tensor(1).extents == [1, 3])
      #expect(v.tensor(1).offset == 64)
      #expect(v.tensor(2).name.string == "c")
      #expect(
        unsafe v.bytes(ofConstant: v.tensor(2)).loadUnaligned(fromByteOffset: 8, as: Int64.self)
          == 6)
      #expect(v.step(0).kind == .unary)
      #expect(v.arenaBytes == 128)
    }
  }
}
