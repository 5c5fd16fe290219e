import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct RecurrentTests {
  /// Random inputs of a recurrent operator, all of them present.
  private func inputs(_ kind: OperatorKind, directions: Int, _ random: inout Seeded) -> [Tensor?] {
    let (steps, batch, features, hidden) = (3, 2, 4, 5)
    let gates = kind == .lstm ? 4 : kind == .gru ? 3 : 1
    var result: [Tensor?] = [
      random.tensor([steps, batch, features]),
      random.tensor([directions, gates * hidden, features]),
      random.tensor([directions, gates * hidden, hidden]),
      random.tensor([directions, 2 * gates * hidden]),
      Tensor(elementType: .int32, shape: [batch], integers: [3, 2]),
      random.tensor([directions, batch, hidden]),
    ]
    if kind == .lstm {
      result += [
        random.tensor([directions, batch, hidden]), random.tensor([directions, 3 * hidden]),
      ]
    }
    return result
  }

  @Test func `a simple cell adds input and state`() throws {
    // h = relu(2 x + h' + 1), from h = 0.
    let y = try evaluating(
      .rnn,
      [
        Tensor([1, 2], shape: [2, 1, 1]), Tensor([2], shape: [1, 1, 1]), ones([1, 1, 1]),
        Tensor([1, 0], shape: [1, 2]),
      ], ["activations": .strings([Array("Relu".utf8)])], outputs: 2)
    #expect(y[0] == Tensor([3, 8], shape: [2, 1, 1, 1]))
    #expect(y[1] == Tensor([8], shape: [1, 1, 1]))
  }

  @Test func `a gated unit keeps its state while the update gate is open`() throws {
    // A bias of 100 saturates the update gate; the initial state stays.
    let y = try evaluating(
      .gru,
      [
        ones([4, 1, 1]), ones([1, 3, 1]), ones([1, 3, 1]),
        Tensor([100, 0, 0, 0, 0, 0], shape: [1, 6]), nil, Tensor([0.25], shape: [1, 1, 1]),
      ], outputs: 2)
    #expect(y[1].floats == [0.25])
  }

  @Test func `the reset gate applies before or after the recurrence`() throws {
    let values: [Tensor?] = [
      Tensor([0], shape: [1, 1, 1]), Tensor([0, 0, 0], shape: [1, 3, 1]),
      Tensor([0, 0, 1], shape: [1, 3, 1]), Tensor([0, 0, 0, 0, 0, 0.5], shape: [1, 6]), nil,
      Tensor([1], shape: [1, 1, 1]),
    ]
    // Both gates are 1/2: n = tanh(1/2 * 1 + 1/2) before, tanh(1/2 * (1 + 1/2)) after.
    let before = try evaluating(.gru, values)[0].floats
    let after = try evaluating(.gru, values, ["linear_before_reset": .integer(1)])[0].floats
    #expect(agree(before, [0.5 * 0.76159416 + 0.5]))
    #expect(agree(after, [0.5 * 0.63514895 + 0.5]))
  }

  @Test func `a memory cell computes its gates in the order i o f c`() throws {
    // Saturated gates: admit and emit open, forget shut; the cell takes tanh(x).
    let bias = Tensor([100, 100, -100, 0, 0, 0, 0, 0], shape: [1, 8])
    let y = try evaluating(
      .lstm,
      [
        Tensor([0.5], shape: [1, 1, 1]), Tensor([0, 0, 0, 1], shape: [1, 4, 1]),
        Tensor([0, 0, 0, 0], shape: [1, 4, 1]), bias, nil, nil, Tensor([9], shape: [1, 1, 1]),
      ], outputs: 3)
    #expect(agree(y[2].floats, [0.46211716]))
    #expect(agree(y[1].floats, [0.43180817]))
    let coupled = try evaluating(
      .lstm,
      [
        Tensor([0.5], shape: [1, 1, 1]), Tensor([0, 0, 0, 1], shape: [1, 4, 1]),
        Tensor([0, 0, 0, 0], shape: [1, 4, 1]),
        Tensor([0, 100, 77, 0, 0, 0, 0, 0], shape: [1, 8]), nil, nil,
        Tensor([1], shape: [1, 1, 1]),
      ], ["input_forget": .integer(1)], outputs: 3)
    #expect(agree(coupled[2].floats, [0.5 + 0.5 * 0.46211716]))
  }

  @Test(arguments: [OperatorKind.rnn, .gru, .lstm])
  func `both directions are a forward and a reverse pass side by side`(kind: OperatorKind) throws {
    var random = Seeded(seed: 41)
    let both = inputs(kind, directions: 2, &random)
    let outputs = kind == .lstm ? 3 : 2
    let result = try evaluating(
      kind, both, ["direction": .string(Array("bidirectional".utf8))], outputs: outputs)
    for (direction, name) in ["forward", "reverse"].enumerated() {
      var single = both
      for index in [1, 2, 3, 5, 6, 7] where index < both.count {
        let tensor = both[index]!
        let part = tensor.count / 2
        single[index] = tensor.gathering(
          Array(direction * part..<(direction + 1) * part), shape: [1] + tensor.shape.dropFirst())
      }
      let alone = try evaluating(
        kind, single, ["direction": .string(Array(name.utf8))], outputs: outputs)
      // [steps, directions, batch, hidden]: the direction's planes of ten numbers.
      var plane: [Float] = []
      for step in 0..<3 {
        let start = (step * 2 + direction) * 10
        plane += result[0].floats[start..<start + 10]
      }
      #expect(plane == alone[0].floats, "seed 41")
      #expect(Array(result[1].floats[direction * 10..<direction * 10 + 10]) == alone[1].floats)
    }
  }

  @Test(arguments: [OperatorKind.rnn, .gru, .lstm])
  func `the batch may come first`(kind: OperatorKind) throws {
    var random = Seeded(seed: 42)
    let timeFirst = inputs(kind, directions: 1, &random)
    func swapped(_ tensor: Tensor) -> Tensor {
      // Exchanges the first two axes.
      let (a, b) = (tensor.shape[0], tensor.shape[1])
      let rest = tensor.count / (a * b)
      var positions: [Int] = []
      for j in 0..<b {
        for i in 0..<a { positions += (i * b + j) * rest..<(i * b + j + 1) * rest }
      }
      return tensor.gathering(positions, shape: [b, a] + tensor.shape.dropFirst(2))
    }
    var batchFirst = timeFirst
    for index in [0, 5, 6] where index < batchFirst.count {
      batchFirst[index] = swapped(timeFirst[index]!)
    }
    let plain = try evaluating(kind, timeFirst, outputs: 2)
    let other = try evaluating(kind, batchFirst, ["layout": .integer(1)], outputs: 2)
    #expect(other[0].shape == [2, 3, 1, 5])
    // [steps, 1, batch, hidden] with the direction dropped is [steps, batch, hidden].
    #expect(swapped(plain[0].reshaped([3, 2, 5])).floats == other[0].floats, "seed 42")
    #expect(swapped(plain[1]).floats == other[1].floats, "seed 42")
  }

  @Test func `steps past a sequence's length are zero and keep the state`() throws {
    let lengths = Tensor(elementType: .int32, shape: [1], integers: [1])
    let y = try evaluating(
      .rnn,
      [
        ones([3, 1, 1]), ones([1, 1, 1]), ones([1, 1, 1]), nil, lengths,
      ], ["activations": .strings([Array("relu".utf8)])], outputs: 2)
    #expect(y[0].floats == [1, 0, 0])
    #expect(y[1].floats == [1])
  }

  @Test func `activation scalars go to the functions that use them`() throws {
    let names = ["Tanh", "LeakyRelu"].map { Array($0.utf8) }
    let node = NodeContext(
      attributes: [
        "activations": .strings(names), "activation_alpha": .floats([0.5]),
      ], opset: 14, inputs: [true, true, true], outputCount: 1)
    let gru = try GRU(node)
    #expect(gru.recurrence.activations[0][1].alpha == 0.5)
    #expect(gru.recurrence.activations[0][1](-2) == -1)
  }

  @Test func `bad recurrent nodes are errors`() {
    let good = [ones([2, 1, 3]), ones([1, 4, 3]), ones([1, 4, 4])]
    let wrong = [Array("Gauss".utf8)]
    #expect(errorCode(.rnn, good) == nil)
    #expect(errorCode(.gru, good) == .badShape)
    #expect(errorCode(.rnn, good, ["hidden_size": .integer(3)]) == .badShape)
    #expect(errorCode(.rnn, good, ["direction": .string([65])]) == .badAttribute)
    #expect(errorCode(.rnn, good, ["activations": .strings(wrong)]) == .unsupportedVariant)
    #expect(errorCode(.rnn, good, ["activations": .strings([])]) == .badAttribute)
    let long = Tensor(elementType: .int32, shape: [1], integers: [3])
    #expect(errorCode(.rnn, good + [nil, long]) == .badInput)
    #expect(errorCode(.rnn, [ones([2, 3]), good[1], good[2]]) == .badShape)
  }
}
