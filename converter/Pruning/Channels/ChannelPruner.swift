package import EspalierCoupling
internal import EspalierGraph

/// Removes channels: picks them by scores within a budget and cuts the graph to what is left.
public struct ChannelPruner: Sendable, Hashable {
  /// Which groups may be pruned.
  public enum Pattern: String, Sendable, CaseIterable {
    /// Every group.
    case channel
    /// Attention heads alone.
    case head
  }

  public var pattern = Pattern.channel
  public var budget: ChannelBudget
  public var scope = PruningScope.global
  public var normalisation = ScoreNormalisation.mean
  public var weighsCosts = false
  /// Channels that fill a kernel's registers; 1 for any count.
  public var alignment = usualAlignment
  /// What fills a kernel's registers.
  static let usualAlignment = 8
  package static let alignments = 1...256
  /// The share of each group that may go at most.
  public var cap = 0.9
  /// Caps of the groups that have a layer or constant with a match; the lowest that matches holds.
  public var caps: [LayerShare] = []
  /// Regular expressions: only groups whose channels are made by layers with a match; all, if empty.
  public var layers: [String] = []
  /// Regular expressions of nodes and constants whose channels stay.
  public var exclude: [String] = []

  public init(budget: ChannelBudget) { self.budget = budget }

  /// The channels to keep, by some scores.
  /// - Throws: `PruningError` with `.badExclusion`, `.nonFiniteWeight`, `.nonFiniteScore`, or
  ///   `.unreachableBudget`.
  package func selected(
    _ coupling: Coupling, _ scores: ChannelScores, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> KeptChannels {
    try coupling.checkWeights()
    try scores.check(coupling, normalisation)
    let limits = ChannelSelection.Limits(
      budget: budget, scope: scope, alignment: alignment, caps: try caps(coupling),
      normalisation: normalisation, weighsCosts: weighsCosts,
      allowed: try allowed(coupling))
    var selection = ChannelSelection(coupling, scores, limits)
    return try selection.choose(progress: progress)
  }

  /// Which groups of a coupling the pattern, the layers and the exclusions leave.
  /// - Throws: `PruningError` with `.badExclusion`.
  package func allowed(_ coupling: Coupling) throws(PruningError) -> [Bool] {
    let included = try layers.map(expression)
    let excluded = try exclude.map(expression)
    let heads = pattern == .head ? coupling.heads : []
    return coupling.groups.map { group in
      if pattern == .head, !heads.contains(group.leaf) { return false }
      let makers = group.members.filter { $0.role == .output }
      guard
        included.isEmpty
          || (makers.isEmpty ? group.members : makers).allSatisfy({ member in
            coupling.names(of: [member]).contains(where: included.hasMatch)
          })
      else { return false }
      return !coupling.names(of: group.members).contains(where: excluded.hasMatch)
    }
  }

  /// The share of each group that may go at most.
  private func caps(_ coupling: Coupling) throws(PruningError) -> [Double] {
    let special = try caps.map { entry throws(PruningError) in
      (expression: try expression(entry.layers), share: entry.share)
    }
    return coupling.groups.map { group in
      let names = coupling.names(of: group.members)
      let matching = special.filter { names.contains(where: [$0.expression].hasMatch) }
      return matching.map(\.share).min() ?? cap
    }
  }

  private func expression(_ text: String) throws(PruningError) -> Regex<AnyRegexOutput> {
    do { return try Regex(text) } catch {
      throw PruningError(.badExclusion, "\"\(text)\" is no regular expression")
    }
  }
}

/// A share for the layers that a regular expression is found in.
public struct LayerShare: Sendable, Hashable {
  public var layers: String
  public var share: Double

  public init(layers: String, share: Double) { (self.layers, self.share) = (layers, share) }
}

extension [Regex<AnyRegexOutput>] {
  /// Whether one of the expressions is found in a name.
  fileprivate func hasMatch(in name: String) -> Bool {
    contains { name.firstMatch(of: $0) != nil }
  }
}

extension Coupling {
  /// Names of the nodes and constants of some members.
  fileprivate func names(of members: [ChannelGroup.Member]) -> [String] {
    members.flatMap { member in
      let use = uses[member.use]
      return [graph.graph.nodes[use.node].name, graph.graph.values[use.value].name]
    }
  }
}

extension Coupling {
  /// Leaves that number products of activations with activations: the heads of attention.
  var heads: Set<Factor> {
    var result: Set<Factor> = []
    for (node, operation) in zip(graph.graph.nodes, graph.operators) {
      let operands = node.inputs.prefix(2).compactMap { $0 }
      guard operation is MatMul || operation is Attention,
        operands.count == 2, operands.allSatisfy({ graph.constants[$0] == nil })
      else { continue }
      if operation is MatMul {
        let axes = valueAxes[operands[0]]!.dropLast(2)
        result.formUnion(axes.flatMap(algebra.leaves))
      } else {
        let output = valueAxes[node.outputs[0]!]!
        let axis = output.count == 3 ? output[2] : output[1]
        for box in algebra.layout(axis).boxes {
          result.formUnion(box.digits.dropLast(output.count == 3 ? 1 : 0).map(\.leaf))
        }
      }
    }
    return result
  }
}
