package import EspalierCoupling
internal import EspalierGraph

/// Criteria that need the weights alone.
///
/// Whatever scores single weights becomes a criterion by `ChannelScores.init(_:aggregation:elements:)`;
/// that is where gradients come in.
public enum WeightCriterion: String, Sendable, CaseIterable {
  /// Sum of absolute weights.
  case l1
  /// Sum of squared weights.
  case l2
  /// Sum of distances to the other filters of the group (geometric median).
  case fpgm
  /// A uniform draw for each channel.
  case random
  /// Absolute scale of batch normalisation (network slimming); absolute weights where a group has none.
  case batchNorm = "bn"

  package func scores(
    _ coupling: Coupling, aggregation: ScoreAggregation, seed: UInt64
  ) -> ChannelScores {
    switch self {
    case .l1:
      return ChannelScores(coupling, aggregation: aggregation) { use, tensor in
        use.isWeight(tensor) ? tensor.doubles.map { abs($0) } : nil
      }
    case .l2:
      return ChannelScores(coupling, aggregation: aggregation) { use, tensor in
        use.isWeight(tensor) ? tensor.doubles.map { $0 * $0 } : nil
      }
    case .fpgm:
      return GeometricMedian(coupling: coupling).scores()
    case .random:
      var generator = SplitMix(seed: seed)
      return ChannelScores(
        values: coupling.groups.map { group in
          let lists = group.partner.map(coupling.algebra.size) ?? 1
          return (0..<lists).map { _ in
            (0..<group.size).map { _ in generator.nextUniform() }
          }
        })
    case .batchNorm:
      let nodes = coupling.graph.graph.nodes
      var scores = ChannelScores(coupling, aggregation: aggregation) { use, tensor in
        let isScale = nodes[use.node].operation == "BatchNormalization" && use.input == 1
        return isScale ? tensor.doubles.map { abs($0) } : nil
      }
      let weights = WeightCriterion.l1.scores(coupling, aggregation: aggregation, seed: seed)
      for group in scores.values.indices
      where scores.values[group].allSatisfy({ $0.allSatisfy { $0 == 0 } }) {
        scores.values[group] = weights.values[group]
      }
      return scores
    }
  }
}

extension Coupling.ConstantUse {
  /// Whether the constant is a weight rather than a vector of scales, shifts or statistics.
  func isWeight(_ tensor: Tensor) -> Bool { tensor.shape.count { $0 > 1 } >= 2 }
}

extension SplitMix {
  /// Above 0, up to 1.
  mutating func nextUniform() -> Double { Double((next() >> 11) + 1) / Double(1 << 53) }
}
