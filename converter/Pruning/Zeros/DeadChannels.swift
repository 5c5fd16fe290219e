import EspalierCoupling
import EspalierGraph

extension Coupling {
  /// For each group, the channels that something reads on the way to an output, of those that have one that
  /// nothing does. To remove the others changes nothing.
  func readChannels() -> KeptChannels {
    guard graph.opaqueNodes.isEmpty else { return KeptChannels(self) }
    let flow = ChannelFlow(self)
    let liveness = ChannelLiveness(
      flow,
      isZero: flow.layers.map { $0.isPassage ? [] : $0.zeros(graph.constants[$0.linear.weight]!) })
    var kept = KeptChannels(self)
    for (group, channels) in zip(groups, flow.channelsOfGroup)
    where group.partner == nil && group.isExact && !channels.contains(where: \.isEmpty) {
      let read =
        group.size == 0
        ? []
        : (0..<group.size).filter { index in
          channels[index].contains { liveness.isRead[$0] }
        }
      // A tensor without elements is more than most runtimes can do with.
      if !read.isEmpty, read.count < group.size { kept.keep(.shared(read), of: group) }
    }
    return kept
  }
}
