/// Mean and variance of a run of doubles, in two passes; of none both are NaN.
struct Moments {
  var mean: Double
  /// Mean squared distance from the mean.
  var variance: Double

  init(_ values: some Collection<Double>) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    self.mean = mean
    variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
  }
}

/// What normalisations over one axis have in common with those over several: their attributes.
struct NormalisationAttributes: Sendable, Hashable {
  let epsilon: Float
  /// The type that statistics are computed and given out in.
  let statisticsType: ElementType

  init(_ node: NodeContext) throws(GraphError) {
    epsilon = try node.float("epsilon", default: 1e-5)
    let code = try node.integer("stash_type", default: 1)
    guard let type = Int32(exactly: code).flatMap(ElementType.init), type.isFloatingPoint else {
      throw GraphError(.badAttribute, "stash_type \(code) is not a floating-point type")
    }
    statisticsType = type
  }
}
