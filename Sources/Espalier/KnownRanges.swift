package import EspalierGraph

extension OperatorKind {
  /// The length of the range in which an operator's values lie whatever it reads, where it has one.
  fileprivate var knownRange: Double? {
    switch self {
    case .sigmoid, .hardSigmoid, .softmax: 1
    case .tanh, .erf, .softsign, .sin, .cos: 2
    default: nil
    }
  }

  /// Whether each value is one that the first input has, or lies between such.
  fileprivate var staysInRange: Bool {
    switch self {
    case .identity, .dropout, .cast, .castLike, .reshape, .flatten, .squeeze, .unsqueeze,
      .transpose,
      .slice, .split, .gather, .gatherElements, .gatherND, .expand, .tile, .depthToSpace,
      .spaceToDepth, .topK, .maxPool, .globalMaxPool, .averagePool, .globalAveragePool, .reduceMax,
      .reduceMin, .reduceMean:
      true
    default: false
    }
  }
}

extension Specialised {
  /// For values that come from an operator of a known range, moved or joined on the way or not, the length
  /// of that range: however small they are, they were rounded as parts of it.
  package var knownRanges: [Graph.ValueID: Double] {
    var result: [Graph.ValueID: Double] = [:]
    for node in graph.nodes where node.domain.isEmpty {
      guard let kind = OperatorKind(rawValue: node.operation) else { continue }
      let read = node.inputs.map { $0.flatMap { result[$0] } }
      let range: Double? =
        if let own = kind.knownRange {
          own
        } else if kind.staysInRange {
          read.first ?? nil
        } else if kind == .concat {
          read.contains(nil) ? nil : read.compactMap(\.self).max()
        } else {
          nil
        }
      for case let id? in node.outputs { result[id] = range }
    }
    return result
  }

  /// The same for the outputs, by name.
  package var knownRangesOfOutputs: [String: Double] {
    let all = knownRanges
    return Dictionary(
      graph.outputs.compactMap { id in all[id].map { (graph.values[id].name, $0) } }
    ) { $1 }
  }
}
