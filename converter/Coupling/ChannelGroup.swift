public import EspalierGraph

/// Channels that are pruned together: index `i` goes from every member at once.
public struct ChannelGroup: Sendable {
  public let leaf: Factor
  /// Number of indices.
  public let size: Int
  /// A factor for each index of which this group may keep another list, of one length; `nil` where
  /// one list serves all.
  public let partner: Factor?
  public let members: [Member]
  /// Whether what is left computes the same as if removed channels were zero at every consumer: not
  /// so where a normalisation or mean runs over the group.
  public let isExact: Bool

  /// An axis of a constant that carries the group.
  public struct Member: Sendable, Hashable {
    /// An index into `Coupling.uses`.
    public var use: Int
    public var axis: Int
    public var role: Role
  }

  public enum Role: String, Sendable {
    /// Rows that make the channels.
    case output
    /// Columns that read them.
    case input
    /// Scales, shifts and the like: one value a channel.
    case parameter
  }
}

/// An axis of a constant that cannot be pruned, and why.
public struct FrozenAxis: Sendable, Hashable {
  public var tensor: String
  public var axis: Int
  public var reason: String
}

extension Coupling {
  func findGroups() -> [ChannelGroup] {
    var order: [Factor] = []
    var members: [Factor: [ChannelGroup.Member]] = [:]
    for (number, use) in uses.enumerated() {
      for (axis, factors) in use.axes.enumerated() {
        let role = role(of: axis, in: use)
        for leaf in algebra.leaves(factors) where algebra.reason(leaf) == nil {
          if members[leaf] == nil { order.append(leaf) }
          members[leaf, default: []].append(
            ChannelGroup.Member(use: number, axis: axis, role: role))
        }
      }
    }
    let partners = partners(among: Set(order))
    let inexact = inexactLeaves()
    return order.map { leaf in
      ChannelGroup(
        leaf: leaf, size: algebra.size(leaf), partner: partners[leaf], members: members[leaf]!,
        isExact: !inexact.contains(leaf))
    }
  }

  private func role(of axis: Int, in use: ConstantUse) -> ChannelGroup.Role {
    let contractions = facts[use.node].contractions.filter { $0.input == use.input }
    if contractions.contains(where: { $0.axes.contains(axis) }) { return .input }
    // The other operand's sum runs over this constant as well.
    if use.axes.count > 1, !facts[use.node].contractions.isEmpty {
      return sharesContraction(use, axis) ? .input : .output
    }
    return .parameter
  }

  private func sharesContraction(_ use: ConstantUse, _ axis: Int) -> Bool {
    let leaves = algebra.leaves(use.axes[axis])
    return !leaves.isEmpty
      && contractions(of: use.node).contains { contracted in
        Set(leaves).isSubset(of: contracted)
      }
  }

  private func contractions(of node: Int) -> [Set<Factor>] {
    facts[node].contractions.map { Set($0.contracted.flatMap(algebra.leaves)) }
  }

  private func inexactLeaves() -> Set<Factor> {
    var result: Set<Factor> = []
    for (index, facts) in facts.enumerated() where !facts.statisticAxes.isEmpty {
      guard let input = graph.graph.nodes[index].inputs[0], let axes = valueAxes[input]
      else { continue }
      for axis in facts.statisticAxes { result.formUnion(algebra.leaves(axes[axis])) }
    }
    return result
  }

  /// Why an axis without prunable channels is held; `nil` for one channel, and for positions.
  private func reasonHolding(_ axis: Axis) -> String? {
    let leaves = algebra.leaves(axis)
    if leaves.isEmpty && algebra.size(axis) > 1 {
      return "cut into single channels by reshapes, slices or concats that divide it differently"
    }
    return leaves.lazy.compactMap { algebra.reason($0) }.first { $0 != .spatial }?.description
  }

  /// The axes of floating-point constants that hold no prunable channel, each with the first reason.
  public var frozenAxes: [FrozenAxis] {
    var seen: Set<FrozenAxis> = []
    var result: [FrozenAxis] = []
    for use in uses where graph.type(of: use.value).elementType.isFloatingPoint {
      for (index, axis) in use.axes.enumerated() {
        guard algebra.isFrozen(axis) else { continue }
        guard let reason = reasonHolding(axis) else { continue }
        let frozen = FrozenAxis(
          tensor: graph.graph.values[use.value].name, axis: index, reason: reason)
        if seen.insert(frozen).inserted { result.append(frozen) }
      }
    }
    return result
  }
}
