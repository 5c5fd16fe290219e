/// Gated recurrent unit; gates in the order update `z`, reset `r`, hidden `n`.
///
/// `z = f(...)`, `r = f(...)`, `n = g(w x + R (r * h'))`, `h = (1 - z) * n + z * h'`. Where
/// `resetsAfter` is set, the reset gate multiplies `R h' + b` instead, as cuDNN and PyTorch do.
public struct GRU: Operator {
  public let recurrence: Recurrence
  /// Whether the reset gate applies after the recurrence weight (`linear_before_reset`).
  public let resetsAfter: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    recurrence = try Recurrence(node, gates: 3, states: 1, functions: ["Sigmoid", "Tanh"])
    resetsAfter = try node.boolean("linear_before_reset", default: false)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 6, inputs)
    return try recurrence.infer(inputs)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let resetsAfter = resetsAfter
    return try recurrence.evaluate(inputs) { input, weights, before in
      let (h, size) = (before[0], weights.hidden)
      let update = weights.activate(0, combine(input[..<size], weights.recur(0, h), +))
      let reset = weights.activate(
        0, combine(input[size..<2 * size], weights.recur(1, h), +))
      let share =
        resetsAfter
        ? combine(reset, weights.recur(2, h), *) : weights.recur(2, combine(reset, h, *))
      let hidden = weights.activate(1, combine(input[(2 * size)...], share, +))
      return [combine(combine(update, hidden) { (1 - $0) * $1 }, combine(update, h, *), +)]
    }
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    recurrence.multiplyAccumulates(inputs)
  }
}

extension GRU {
  public func mapChannels(_ map: inout ChannelMap) { recurrence.mapChannels(&map) }
}
