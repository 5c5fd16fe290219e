import EspalierGraph

extension PruningReport {
  /// Notes how many parameters and operations the dense graph has for each one that remains.
  mutating func countCosts(
    _ dense: Graph, _ pruned: Graph, _ weights: [SelectedWeight], _ inputShapes: [String: [Int]]
  ) {
    let parameters = dense.parameters()
    let count = parameters.reduce(0) { $0 + dense.values[$1].constant!.count }
    let nonzero = parameters.reduce(0) { $0 + pruned.values[$1].constant!.nonzeroCount }
    parametersRatio = nonzero == 0 ? nil : Double(count) / Double(nonzero)
    // Without the inputs' shapes there is nothing to count, but zeros need none.
    let typed = try? Specialised(dense, inputShapes: inputShapes, purpose: .rewriting)
    opaque = typed?.opaqueNodes ?? dense.opaqueNodes()
    flopsRatio = typed.flatMap { operationRatio(dense, weights, $0) }
  }

  private func operationRatio(
    _ dense: Graph, _ weights: [SelectedWeight], _ specialised: Specialised
  ) -> Double? {
    // Specialised drops nodes but keeps the numbers of values.
    var keptShare: [Graph.ValueID: Double] = [:]
    for (weight, layer) in zip(weights, layers) where layer.of > 0 {
      for use in weight.layers {
        guard let output = dense.nodes[use.node].outputs.first ?? nil else { continue }
        keptShare[output] = Double(layer.kept) / Double(layer.of)
      }
    }
    var (all, remaining) = (0.0, 0.0)
    for (index, node) in specialised.graph.nodes.enumerated() {
      let operations = Double(specialised.multiplyAccumulates(ofNode: index))
      all += operations
      // Every weight is used equally often.
      remaining += operations * ((node.outputs.first ?? nil).flatMap { keptShare[$0] } ?? 1)
    }
    return remaining == 0 ? nil : all / remaining
  }
}
