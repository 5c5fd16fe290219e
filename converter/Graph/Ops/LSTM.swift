/// Long short-term memory; gates in the order input `i`, output `o`, forget `f`, cell `c`.
///
/// `i, f = f(... + p * c')`, `c = f * c' + i * g(...)`, `o = f(... + p * c)`, `h = o * h(c)`. The
/// peephole weights `p` (input 7, in the order `i`, `o`, `f`) are optional.
public struct LSTM: Operator {
  public let recurrence: Recurrence
  /// Whether the forget gate is one minus the input gate (`input_forget`).
  public let couplesForget: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    recurrence = try Recurrence(
      node, gates: 4, states: 2, functions: ["Sigmoid", "Tanh", "Tanh"])
    couplesForget = try node.boolean("input_forget", default: false)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 8, inputs)
    let types = try recurrence.infer(inputs)
    if inputs.count > 7 {
      let hidden = types[0].shape.last!
      let (peepholes, overflow) = hidden.multipliedReportingOverflow(by: 3)
      guard !overflow else { throw GraphError(.shapeTooLarge, "\(hidden) hidden units") }
      try Operands.shape(inputs[7], [recurrence.directions, peepholes], "the peephole weight")
    }
    return types
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let couplesForget = couplesForget
    return try recurrence.evaluate(inputs) { input, weights, before in
      let (h, cell, size) = (before[0], before[1], weights.hidden)
      func gate(_ index: Int) -> [Double] {
        combine(input[index * size..<(index + 1) * size], weights.recur(index, h), +)
      }
      func peek(_ index: Int, _ cell: [Double]) -> [Double] {
        combine(weights.peepholes[index * size..<(index + 1) * size], cell, *)
      }
      let admit = weights.activate(0, combine(gate(0), peek(0, cell), +))
      let forget =
        couplesForget
        ? admit.map { 1 - $0 } : weights.activate(0, combine(gate(2), peek(2, cell), +))
      let fresh = weights.activate(1, gate(3))
      let next = combine(combine(forget, cell, *), combine(admit, fresh, *), +)
      let emit = weights.activate(0, combine(gate(1), peek(1, next), +))
      // The clip bounds what enters the gates; the memory goes out as it is.
      return [combine(emit, next.map { weights.activations[2]($0) }, *), next]
    }
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    recurrence.multiplyAccumulates(inputs)
  }
}

extension LSTM {
  public func mapChannels(_ map: inout ChannelMap) { recurrence.mapChannels(&map) }
}
