import Espalier
import EspalierGraph
import Testing

@Suite struct SessionTests {
  /// Two sessions of one model do not disturb each other, and a session may be used again.
  @Test func sessionsOfOneModelAreApart() throws {
    let packed = try Packed(RandomNetwork.make(seed: 3), seed: 1)
    let other = try Packed(RandomNetwork.make(seed: 3), seed: 2)
    let model = try loadModel(bytes: packed.bytes, name: "test")
    var first = try Session(model)
    var second = try Session(model, threads: 2)
    for _ in 0..<3 {
      set(packed, in: &first)
      set(other, in: &second)
      try first.run()
      try second.run()
      check(packed, first)
      check(other, second)
    }
  }

  @Test func sessionsOutliveTheModel() throws {
    let packed = try Packed(RandomNetwork.make(seed: 5), seed: 1)
    var session = try makeSession(packed)
    set(packed, in: &session)
    try session.run()
    check(packed, session)
  }

  /// Up to more threads than rows; every result is the same, bit by bit.
  @Test func threadsDoNotChangeABit() throws {
    for seed: UInt64 in 11...16 {
      let packed = try Packed(RandomNetwork.make(seed: seed), seed: seed)
      let alone = try packed.results()
      for threads in [2, 3, 5, 16] {
        let together = try packed.results(threads: threads)
        #expect(
          zip(alone, together).allSatisfy { $0.tensor == $1.tensor },
          "seed \(seed), \(threads) threads")
      }
    }
  }

  /// Outputs that are inputs, constants, or one value under two names.
  @Test func outputsOfEveryKind() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    let w = graph.addConstant("w", Tensor([1, 2, 3, 4], shape: [1, 4]))
    let same = graph.addNode("Identity", [x], name: "same")
    let folded = graph.addNode("Neg", [w], name: "folded")
    let sum = graph.addNode("Add", [x, w], name: "sum")
    let again = graph.addNode("Identity", [sum], name: "again")
    let flat = graph.addNode("Flatten", [sum], name: "flat", attributes: ["axis": .integer(0)])
    graph.outputs = [same, folded, sum, again, flat]
    let packed = try Packed(graph, seed: 1)
    let results = try packed.results()
    #expect(results.map(\.name) == ["same", "folded", "sum", "again", "flat"])
    #expect(packed.differences(results).isEmpty, "\(packed.differences(results))")
  }

  /// An input that nothing reads is still an input.
  @Test func unusedInputsStay() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    graph.addInput("unused", TensorType(.int64, [3]))
    graph.outputs = [graph.addNode("Neg", [x], name: "y")]
    let packed = try Packed(graph, seed: 1)
    #expect(try packed.differences(packed.results()).isEmpty)
  }

  private func makeSession(_ packed: Packed) throws -> Session {
    try Session(loadModel(bytes: packed.bytes, name: "test"))
  }

  private func set(_ packed: Packed, in session: inout Session) {
    let values = packed.inputs["x"]!.floats
    session.setInput(0, from: values.span)
  }

  private func check(_ packed: Packed, _ session: borrowing Session) {
    for (position, expected) in packed.expected.enumerated() {
      let values = unsafe session.withOutput(position) { bytes in
        unsafe Array(bytes.bindMemory(to: Float.self))
      }
      let result = Tensor(values, shape: expected.tensor.shape)
      #expect(difference(result, expected.tensor) == nil)
    }
  }
}
