internal import EspalierCoupling
internal import EspalierGraph

extension StepCalibration {
  /// That data, if there is any, can be followed through a graph.
  /// - Throws: `PruningError` with `.opaqueNode` that names the nodes in the way.
  func check(reaches graph: Specialised) throws(PruningError) {
    let within = graph.opaqueNodesWithin
    guard source != nil, !within.isEmpty else { return }
    throw PruningError(
      .opaqueNode,
      "data cannot be followed through the graph, since what is behind it reads what it makes: "
        + "\(described(within)). What looks at weights alone needs no data: channels by l1, l2, fpgm, bn "
        + "or scores, zeros by magnitude, and the masked reference", at: within[0].node)
  }
}

extension Coupling {
  /// That it is not for opaque nodes that no channel goes.
  /// - Throws: `PruningError` with `.opaqueNode`.
  func checkOpaque() throws(PruningError) {
    let opaque = graph.opaqueNodes
    guard let first = opaque.first else { return }
    let rest =
      groups.isEmpty
      ? "every axis of every weight is held"
      : "the \(groups.count) groups that are left may lose nothing: none is large enough for its step and "
        + "cap, or they are excluded"
    throw PruningError(
      .opaqueNode, "no channel can go. \(described(opaque)); \(rest)", at: first.node)
  }
}

extension PruningReport {
  /// That it is not for opaque nodes that nothing was pruned.
  /// - Throws: `PruningError` with `.opaqueNode`.
  func checkOpaque() throws(PruningError) {
    guard let first = opaque.first, !layers.contains(where: { $0.reason == nil }) else { return }
    let rest = layers.prefix(3).map { "\($0.name): \($0.reason ?? "")" }
    throw PruningError(
      .opaqueNode,
      "no weight can become zero. \(described(opaque)); "
        + (rest.isEmpty
          ? "there is no other layer with weights"
          : "of the \(layers.count) other layers with weights: " + rest.joined(separator: ", ")),
      at: first.node)
  }
}

extension ChannelBudget {
  /// Whether it asks for anything to go.
  var wantsLess: Bool {
    switch self {
    case .operations(let ratio), .parameters(let ratio): ratio > 1
    case .channels(let share): share > 0
    }
  }
}

/// The first few nodes in words.
private func described(_ nodes: [OpaqueNode]) -> String {
  let shown = nodes.prefix(3).map(\.description).joined(separator: "; ")
  return nodes.count > 3 ? "\(shown); and \(nodes.count - 3) nodes more are held" : shown
}
