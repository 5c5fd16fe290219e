import EspalierCoupling
import EspalierGraph

/// Multiply-accumulates of a graph: all of them, and those that can reach an output, of what varies with
/// the input, by weights that are not zero.
struct LiveCount: Sendable, Hashable {
  var all = 0
  var live = 0.0

  init(_ coupling: Coupling) {
    let graph = coupling.graph
    let flow = ChannelFlow(coupling)
    let weights = flow.layers.map { graph.constants[$0.linear.weight]! }
    let liveness = ChannelLiveness(
      flow, isZero: zip(flow.layers, weights).map { $0.isPassage ? [] : $0.zeros($1) })
    // What opaque nodes make of a channel is not known.
    let isKnown = graph.opaqueNodes.isEmpty
    var shares: [Int: Double] = [:]
    for (layer, weight) in zip(flow.layers, weights) {
      shares[layer.linear.node] =
        isKnown
        ? liveness.liveShare(of: layer, weight)
        : Double(weight.nonzeroCount) / Double(max(weight.count, 1))
    }
    for node in graph.graph.nodes.indices {
      let count = graph.multiplyAccumulates(ofNode: node)
      all += count
      live += Double(count) * (shares[node] ?? 1)
    }
  }
}
