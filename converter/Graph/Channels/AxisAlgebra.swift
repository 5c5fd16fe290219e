/// Factors in a union-find, and the axes made of them.
///
/// A factor is linked to another that it equals index by index, or refined into an axis of smaller
/// factors, or neither: then it is a leaf. Near-linear in the number of axes that are related.
public final class AxisAlgebra {
  private struct Record {
    var size: Int
    var link: Int32 = -1
    var definition: Int32 = -1
    var reason: Int32 = -1
  }

  private var records: [Record] = []
  private var definitions: [Axis] = []
  private var reasons: [FreezeReason] = []
  private var reasonNumbers: [FreezeReason: Int32] = [:]

  public init() {}

  // MARK: Making

  /// A new leaf; the axis of extent 1 for size 1.
  public func fresh(_ size: Int, frozen reason: FreezeReason? = nil) -> Axis {
    guard size != 1 else { return .unit }
    return Axis(freshFactor(size, frozen: reason))
  }

  func freshFactor(_ size: Int, frozen reason: FreezeReason? = nil) -> Factor {
    records.append(Record(size: size, reason: reason.map(number) ?? -1))
    return Factor(records.count - 1)
  }

  private func number(_ reason: FreezeReason) -> Int32 {
    if let known = reasonNumbers[reason] { return known }
    reasons.append(reason)
    let number = Int32(reasons.count - 1)
    reasonNumbers[reason] = number
    return number
  }

  // MARK: Asking

  /// The factor that stands for all those linked to it.
  func root(_ factor: Factor) -> Factor {
    var place = factor.place
    while records[place].link >= 0 {
      let next = Int(records[place].link)
      if records[next].link >= 0 { records[place].link = records[next].link }
      place = next
    }
    return Factor(place)
  }

  /// How many factors there are; a later one has a higher number.
  public var factorCount: Int { records.count }

  public func size(_ factor: Factor) -> Int { records[factor.place].size }

  /// The factor that stands for a factor and all those equal to it.
  public func representative(of factor: Factor) -> Factor { root(factor) }

  /// What a factor was refined into; `nil` for a leaf.
  public func refinement(of factor: Factor) -> Axis? { definition(root(factor)) }

  func definition(_ root: Factor) -> Axis? {
    let number = records[root.place].definition
    return number < 0 ? nil : definitions[Int(number)]
  }

  func isLeaf(_ root: Factor) -> Bool { records[root.place].definition < 0 }

  /// Why a leaf cannot be pruned; `nil` where it can.
  public func reason(_ leaf: Factor) -> FreezeReason? {
    let number = records[root(leaf).place].reason
    return number < 0 ? nil : reasons[Int(number)]
  }

  func size(_ segment: some Sequence<Factor>) -> Int {
    segment.reduce(1) { $0 * records[$1.place].size }
  }

  public func size(_ axis: Axis) -> Int { axis.segments.reduce(0) { $0 + size($1) } }

  /// The leaves of an axis, each once, in the order of their first appearance.
  public func leaves(_ axis: Axis) -> [Factor] {
    var result: [Factor] = []
    var seen: Set<Factor> = []
    visitLeaves(axis) { if seen.insert($0).inserted { result.append($0) } }
    return result
  }

  func visitLeaves(_ axis: Axis, _ visit: (Factor) -> Void) {
    for segment in axis.segments {
      for factor in segment {
        let root = root(factor)
        guard size(root) != 1 else { continue }
        if let definition = definition(root) {
          visitLeaves(definition, visit)
        } else {
          visit(root)
        }
      }
    }
  }

  /// Whether no leaf of an axis can be pruned.
  public func isFrozen(_ axis: Axis) -> Bool {
    var frozen = true
    visitLeaves(axis) { frozen = frozen && records[$0.place].reason >= 0 }
    return frozen
  }

  /// The reason of the first frozen leaf.
  func firstReason(_ axis: Axis) -> FreezeReason? {
    leaves(axis).lazy.compactMap { self.reason($0) }.first
  }

  /// An axis without detours: roots only, no factor of size 1, products inlined, a sum distributed
  /// where it is outermost. A sum further inside stays one factor.
  public func normal(_ axis: Axis) -> Axis {
    if axis.segments.allSatisfy(isNormal) { return axis }
    return Axis(segments: axis.segments.flatMap { normal($0[...]) })
  }

  private func isNormal(_ segment: [Factor]) -> Bool {
    segment.allSatisfy { factor in
      let record = records[factor.place]
      return record.link < 0 && record.definition < 0 && record.size != 1
    }
  }

  private func normal(_ segment: ArraySlice<Factor>) -> [[Factor]] {
    var product: [Factor] = []
    for (place, factor) in zip(segment.indices, segment) {
      let root = root(factor)
      guard size(root) != 1 else { continue }
      guard let definition = definition(root) else {
        product.append(root)
        continue
      }
      let inner = normal(definition)
      if inner.segments.count == 1 {
        product += inner.segments[0]
      } else if product.isEmpty {
        return inner.segments.flatMap { normal(($0 + segment[(place + 1)...])[...]) }
      } else {
        product.append(root)
      }
    }
    return [product]
  }

  // MARK: Changing

  /// Freezes every leaf that is not frozen yet.
  public func freeze(_ axis: Axis, _ reason: FreezeReason) {
    visitLeaves(axis) { leaf in
      if records[leaf.place].reason < 0 { records[leaf.place].reason = number(reason) }
    }
  }

  /// Refines a leaf into an axis of its size.
  func define(_ leaf: Factor, _ axis: Axis) throws(Mismatch) {
    let leaf = root(leaf)
    precondition(isLeaf(leaf) && size(axis) == size(leaf), "a refinement keeps the size")
    guard !leaves(axis).contains(leaf) else { throw Mismatch() }
    if let reason = reason(leaf) { freeze(axis, reason) }
    composite(leaf, axis)
  }

  /// A factor that is a sum from the start.
  func composite(_ factor: Factor, _ axis: Axis) {
    records[factor.place].definition = Int32(definitions.count)
    definitions.append(axis)
  }

  /// Links two factors of one size.
  func union(_ first: Factor, _ second: Factor) throws(Mismatch) {
    var (kept, linked) = (root(first), root(second))
    guard kept != linked else { return }
    if let a = definition(kept), let b = definition(linked) {
      try unify(a, b)
      // The roots too, or a caller that compares them would never end.
      (kept, linked) = (root(first), root(second))
      if kept != linked { records[linked.place].link = kept.number }
      return
    }
    if isLeaf(kept), !isLeaf(linked) { swap(&kept, &linked) }
    if let definition = definition(kept) {
      guard !leaves(definition).contains(linked) else { throw Mismatch() }
      if let reason = reason(linked) { freeze(definition, reason) }
    } else if records[kept.place].reason < 0 {
      records[kept.place].reason = records[linked.place].reason
    }
    records[linked.place].link = kept.number
  }
}

/// Two axes cannot be made of the same factors.
struct Mismatch: Error {}
