import EspalierGraph

/// An initializer that weighted layers use, and whether it is pruned.
struct SelectedWeight: Sendable {
  /// The initializer; where nodes compute the weight, the value they give.
  let initializer: Graph.ValueID
  /// The layers that share it, in the order of nodes.
  var layers: [WeightedLayer]
  /// `nil` where the layers do not agree on one.
  var matrix: WeightMatrix?
  /// Why it stays as it is; `nil` if it is pruned.
  var reason: String?
}

extension PruningPattern {
  /// The rows and columns that stand or fall together.
  var block: (rows: Int, columns: Int) {
    switch self {
    case .unstructured, .strict: (1, 1)
    case .block(let rows, let columns): (rows, columns)
    case .vector(let rows, _, _): (rows, 1)
    }
  }

  /// The fewest input channels that a layer needs to be worth pruning.
  var requiredColumns: Int { run?.of ?? block.columns }
}

extension MagnitudePruner {
  /// Every weight of the graph once, with the reason where it is left alone.
  func selectWeights(
    _ graph: Graph, sparing: Set<String>
  ) throws(PruningError) -> [SelectedWeight] {
    let found = try WeightedLayers(of: graph)
    let (included, excluded) = (try expressions(layers), try expressions(exclude))
    var weights: [SelectedWeight] = []
    var places: [Graph.ValueID: Int] = [:]
    for layer in found.layers {
      let initializer = layer.view?.initializer ?? layer.weight
      if let place = places[initializer] {
        weights[place].layers.append(layer)
        if layer.matrix != weights[place].matrix { weights[place].matrix = nil }
      } else {
        places[initializer] = weights.count
        weights.append(
          SelectedWeight(initializer: initializer, layers: [layer], matrix: layer.matrix))
      }
    }
    for index in weights.indices {
      let value = graph.values[weights[index].initializer]
      if let tensor = value.constant, let place = tensor.firstNonFinite {
        throw PruningError(
          .nonFiniteWeight,
          "element \(place) is \(tensor.floats[place]); magnitudes cannot be ranked, repair the model",
          at: "initializer \"\(value.name)\"")
      }
      let reasons = [
        sparing.contains(value.name) ? "pruned by an earlier step" : nil,
        exemption(of: weights[index], graph, included, excluded),
        unsuitability(of: weights[index], graph, found),
      ].compactMap { $0 }
      weights[index].reason = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
    return weights
  }

  /// What makes it impossible or pointless to prune a weight in this pattern.
  private func unsuitability(
    of weight: SelectedWeight, _ graph: Graph, _ found: WeightedLayers
  ) -> String? {
    guard weight.layers[0].view != nil, let tensor = graph.values[weight.initializer].constant
    else { return "its weight is computed by other nodes; only initializers are pruned" }
    guard tensor.elementType.isFloatingPoint else {
      return "its weight is \(tensor.elementType), not floating-point"
    }
    guard let matrix = weight.matrix else {
      return weight.layers.count > 1
        ? "several nodes use its weight in different layouts"
        : "its weight of shape \(tensor.shape) is no matrix or stack of matrices"
    }
    guard matrix.count > 0 else { return "its weight is empty" }
    if let use = found.otherUse(of: weight.initializer) { return "its weight is also used \(use)" }
    let isConvolution = graph.nodes[weight.layers[0].node].operation.hasPrefix("Conv")
    if isConvolution && matrix.groupStarts.count > 1 && matrix.columns == 1 {
      return "depthwise: each output channel has a single input channel"
    }
    if matrix.columns < pattern.requiredColumns {
      let group = matrix.groupStarts.count > 1 ? " in each group" : ""
      return "\(matrix.columns) input channels\(group) are too few for \(pattern)"
    }
    return nil
  }

  /// What spares a weight that could be pruned.
  private func exemption(
    of weight: SelectedWeight, _ graph: Graph, _ included: [Regex<AnyRegexOutput>],
    _ excluded: [Regex<AnyRegexOutput>]
  ) -> String? {
    let names =
      weight.layers.map { graph.nodes[$0.node].name } + [graph.values[weight.initializer].name]
    if !included.isEmpty,
      !included.contains(where: { layer in names.contains { $0.firstMatch(of: layer) != nil } })
    {
      return "not among the layers to prune"
    }
    for (text, expression) in zip(exclude, excluded)
    where names.contains(where: { $0.firstMatch(of: expression) != nil }) {
      return "excluded by \"\(text)\""
    }
    guard keepsFirstAndLast else { return nil }
    if weight.layers.contains(where: \.isFirst) { return "first layer, kept dense by default" }
    if weight.layers.contains(where: \.isLast) { return "last layer, kept dense by default" }
    return nil
  }
}
