public import EspalierGraph

/// Which indices of each group stay.
public struct KeptChannels {
  /// The kept indices of one group, in the order in which they are left.
  public enum Kept: Hashable, Sendable {
    case shared([Int])
    /// A list for each original index of a partner; all of one length.
    case lists([[Int]], of: Factor)

    public var count: Int {
      switch self {
      case .shared(let indices): indices.count
      case .lists(let lists, _): lists.first?.count ?? 0
      }
    }
  }

  public let algebra: AxisAlgebra
  public private(set) var kept: [Factor: Kept] = [:]

  public init(_ coupling: Coupling) { algebra = coupling.algebra }

  /// Keeps these indices of a group.
  /// - Precondition: ascending, within the group, at least one, for each list; lists only over the
  ///   group's partner.
  public mutating func keep(_ kept: Kept, of group: ChannelGroup) {
    let lists: [[Int]]
    switch kept {
    case .shared(let indices): lists = [indices]
    case .lists(let all, let partner):
      precondition(partner == group.partner && all.count == algebra.size(partner))
      lists = all
    }
    for list in lists {
      precondition(!list.isEmpty && list.count == kept.count, "lists of one length, not empty")
      precondition(zip(list, list.dropFirst()).allSatisfy(<), "ascending indices")
      precondition(list[0] >= 0 && list.last! < group.size, "indices of the group")
    }
    self.kept[group.leaf] = kept.count == group.size ? nil : kept
  }

  /// Keeps these indices of a group, in another order than they have: what reads them and what makes them
  /// is reordered alike, so that the graph computes the same.
  /// - Precondition: distinct indices, at least one, of a group without a partner that is exact: nothing
  ///   runs over neighbouring channels.
  public mutating func arrange(_ indices: [Int], of group: ChannelGroup) {
    precondition(group.isExact, "where something runs over channels their order may matter")
    precondition(group.partner == nil, "lists of a partner's indices have an order of their own")
    precondition(!indices.isEmpty && Set(indices).count == indices.count, "distinct, not empty")
    precondition(indices.allSatisfy { $0 >= 0 && $0 < group.size }, "indices of the group")
    kept[group.leaf] = indices.elementsEqual(0..<group.size) ? nil : .shared(indices)
  }

  public var isEmpty: Bool { kept.isEmpty }

  /// The factor for each index of which a leaf keeps another list; `nil` where one list serves all.
  func partner(of leaf: Factor) -> Factor? {
    guard case .lists(_, let partner)? = kept[leaf] else { return nil }
    return partner
  }

  /// What is left of an axis.
  public func count(_ axis: Axis) -> Int {
    axis.segments.reduce(0) { sum, segment in sum + segment.reduce(1) { $0 * count($1) } }
  }

  private func count(_ factor: Factor) -> Int {
    let root = algebra.representative(of: factor)
    if let refined = algebra.refinement(of: root) { return count(refined) }
    return kept[root]?.count ?? algebra.size(root)
  }

  public func touches(_ axis: Axis) -> Bool {
    !kept.isEmpty && algebra.leaves(axis).contains { kept[$0] != nil }
  }
  public func touches(_ axes: [Axis]) -> Bool { axes.contains(where: touches) }
}
