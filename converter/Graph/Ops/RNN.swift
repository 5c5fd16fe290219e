/// Simple recurrent layer: `h = f(w x + r h' + b)`, where `'` means one step before.
public struct RNN: Operator {
  public let recurrence: Recurrence

  public init(_ node: NodeContext) throws(GraphError) {
    recurrence = try Recurrence(node, gates: 1, states: 1, functions: ["Tanh"])
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(3, 6, inputs)
    return try recurrence.infer(inputs)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    try recurrence.evaluate(inputs) { input, weights, before in
      [weights.activate(0, combine(input, weights.recur(0, before[0]), +))]
    }
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    recurrence.multiplyAccumulates(inputs)
  }
}

extension RNN {
  public func mapChannels(_ map: inout ChannelMap) { recurrence.mapChannels(&map) }
}
