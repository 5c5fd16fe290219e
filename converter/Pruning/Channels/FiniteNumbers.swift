import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

extension Coupling {
  /// Refuses weights that cannot be ranked: one NaN leaves the order of all channels without meaning.
  ///
  /// Infinities have a meaning elsewhere, as in masks of attention, but not among weights.
  /// - Throws: `PruningError` with `.nonFiniteWeight` that names the initializer.
  func checkWeights() throws(PruningError) {
    var weights = Set(groups.flatMap(\.members).map { uses[$0.use].value })
    for node in graph.graph.nodes.indices {
      if let layer = LinearLayer(node, of: graph) { weights.insert(layer.weight) }
    }
    let read = Set(graph.graph.nodes.flatMap(\.inputs).compactMap { $0 })
    let graph = graph
    let faults = Threads.map(graph.constants.count) { [weights] value -> PruningError? in
      guard read.contains(value), let tensor = graph.constants[value],
        let place = weights.contains(value) ? tensor.firstNonFinite : tensor.firstNaN
      else { return nil }
      return PruningError(
        .nonFiniteWeight,
        "element \(place) is \(tensor.doubles[place]); channels cannot be ranked, repair the model",
        at: "initializer \"\(graph.graph.values[value].name)\"")
    }
    if let fault = faults.lazy.compactMap({ $0 }).first { throw fault }
  }
}

extension Tensor {
  /// The flat position of the first NaN.
  fileprivate var firstNaN: Int? {
    switch storage {
    case .float(let values): values.firstIndex(where: \.isNaN)
    case .double(let values): values.firstIndex(where: \.isNaN)
    case .integer, .byte, .text: nil
    }
  }
}

extension ChannelScores {
  /// Refuses scores that have no order, or none once they are normalised.
  /// - Throws: `PruningError` with `.nonFiniteScore` that names what makes the channel.
  func check(_ coupling: Coupling, _ normalisation: ScoreNormalisation) throws(PruningError) {
    for (group, lists) in zip(coupling.groups, values) {
      for list in lists {
        let pairs = zip(list, normalisation.apply(list))
        guard
          let place = pairs.enumerated().first(where: {
            !$0.element.0.isFinite || !$0.element.1.isFinite
          })?.offset
        else { continue }
        let use = coupling.uses[group.members[0].use]
        throw PruningError(
          .nonFiniteScore,
          "the score of channel \(place) is \(list[place]), by \(normalisation.rawValue) "
            + "\(normalisation.apply(list)[place]); scores must be finite, scale them down",
          at: "initializer \"\(coupling.graph.graph.values[use.value].name)\"")
      }
    }
  }
}
