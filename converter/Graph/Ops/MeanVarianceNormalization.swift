/// `(x - mean) / (deviation + 1e-9)` over some axes, with the deviation of the whole population.
public struct MeanVarianceNormalization: Operator {
  /// May be negative.
  public let axes: [Int]

  public init(_ node: NodeContext) throws(GraphError) {
    axes = try node.integers("axes") ?? [0, 2, 3]
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try ElementFamily.floatingPoint.check(inputs)
    _ = try plan(rank: inputs[0]!.rank)
    return [inputs[0]!.type]
  }

  /// The axes, none negative, of a tensor of some rank.
  package func plan(rank: Int) throws(GraphError) -> [Int] {
    try normalise(axes: axes, rank: rank).sorted()
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let groups = ReductionGroups(of: input.shape, axes: try plan(rank: input.rank))
    var values = input.doubles
    for start in groups.starts {
      let group = groups.offsets.map { values[start + $0] }
      let mean = group.reduce(0, +) / Double(group.count)
      let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(group.count)
      for offset in groups.offsets {
        values[start + offset] = (values[start + offset] - mean) / (variance.squareRoot() + 1e-9)
      }
    }
    return [Tensor(elementType: input.elementType, shape: input.shape, doubles: values)]
  }
}

extension MeanVarianceNormalization {
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough()
    guard let axes = try? plan(rank: map.shape(0).count) else { return map.freezeAll(.spatial) }
    map.takeStatistics(over: axes)
  }
}
