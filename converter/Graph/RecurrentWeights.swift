/// One direction's weights of a recurrent operator, as doubles.
struct RecurrentWeights {
  let hidden: Int
  let activations: [RecurrentActivation]
  /// Peephole weights of an LSTM's three gates, each `[hidden]`; zeros where there are none.
  let peepholes: [Double]
  private let clip: Double
  private let input: [Double]
  private let recurrence: [Double]
  private let inputBias: [Double]
  private let recurrenceBias: [Double]

  init(_ recurrence: Recurrence, _ inputs: [Tensor?], direction: Int, hidden: Int) {
    self.hidden = hidden
    activations = recurrence.activations[direction]
    clip = recurrence.clip.map { Double($0) } ?? .infinity
    let rows = recurrence.gates * hidden
    func part(_ index: Int, _ count: Int) -> [Double] {
      guard index < inputs.count, let tensor = inputs[index] else {
        return [Double](repeating: 0, count: count)
      }
      return Array(tensor.doubles[direction * count..<(direction + 1) * count])
    }
    input = part(1, rows * inputs[1]!.shape[2])
    self.recurrence = part(2, rows * hidden)
    let biases = part(3, 2 * rows)
    inputBias = Array(biases[..<rows])
    recurrenceBias = Array(biases[rows...])
    peepholes = part(7, 3 * hidden)
  }

  /// The input's share of every gate, its bias included: `[gates * hidden]`.
  func project(_ features: [Double]) -> [Double] {
    inputBias.indices.map { row in
      var sum = inputBias[row]
      for i in features.indices { sum += input[row * features.count + i] * features[i] }
      return sum
    }
  }

  /// The previous output's share of one gate, its bias included: `[hidden]`.
  func recur(_ gate: Int, _ previous: [Double]) -> [Double] {
    (gate * hidden..<(gate + 1) * hidden).map { row in
      var sum = recurrenceBias[row]
      for i in previous.indices { sum += recurrence[row * hidden + i] * previous[i] }
      return sum
    }
  }

  /// A gate through one of the activation functions, clipped before.
  func activate(_ index: Int, _ values: [Double]) -> [Double] {
    values.map { activations[index](min(clip, max(-clip, $0))) }
  }
}

/// The elements of two vectors combined pairwise.
func combine(
  _ a: some Sequence<Double>, _ b: some Sequence<Double>, _ body: (Double, Double) -> Double
) -> [Double] {
  zip(a, b).map { body($0, $1) }
}
