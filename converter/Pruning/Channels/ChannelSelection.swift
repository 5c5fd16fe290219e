public import EspalierCoupling
import EspalierGraph

/// Chooses which channels stay, by scores, until a budget is met.
struct ChannelSelection {
  /// What the choice may do.
  struct Limits {
    var budget: ChannelBudget
    var scope: PruningScope
    /// Channels are removed in whole multiples of what fills a kernel's registers.
    var alignment: Int
    /// The share of each group that may go at most.
    var caps: [Double]
    var normalisation: ScoreNormalisation
    /// Whether scores are weighed against what removing a channel saves.
    var weighsCosts: Bool
    /// Groups that may be pruned.
    var allowed: [Bool]
  }

  private let coupling: Coupling
  private let limits: Limits
  private let scores: [[[Double]]]
  /// For each group and list, indices from the one that goes first on.
  private let order: [[[Int]]]
  private let steps: [Int]
  private var counts: [Int]
  private var keptChannels: KeptChannels
  private(set) var costs: ChannelCosts
  private let denseOperations: Int
  private let denseParameters: Int

  init(_ coupling: Coupling, _ scores: ChannelScores, _ limits: Limits) {
    self.coupling = coupling
    self.limits = limits
    self.scores = scores.values.map { lists in lists.map { limits.normalisation.apply($0) } }
    order = scores.values.map { lists in
      lists.map { list in list.indices.sorted { (list[$0], $0) < (list[$1], $1) } }
    }
    counts = coupling.groups.map(\.size)
    keptChannels = KeptChannels(coupling)
    costs = ChannelCosts(coupling)
    (denseOperations, denseParameters) = (costs.multiplyAccumulates, costs.parameters)
    steps = coupling.groups.map { $0.step(coupling, alignment: limits.alignment) }
  }

  // MARK: The choice

  /// The channels to keep that meet the budget.
  /// - Throws: `PruningError` with code `.unreachableBudget` that names the closest point.
  mutating func choose(progress: ((Double) -> Void)?) throws(PruningError) -> KeptChannels {
    switch limits.scope {
    case .global: chooseGlobally(progress)
    case .layer: chooseEvenly()
    }
    guard isMet else { throw unreachable() }
    return keptChannels
  }

  private var removedShare: Double {
    let all = coupling.groups.indices.filter { limits.allowed[$0] }
    let (kept, total) = all.reduce((0, 0)) { ($0.0 + counts[$1], $0.1 + coupling.groups[$1].size) }
    return total == 0 ? 0 : 1 - Double(kept) / Double(total)
  }

  private var operationsRatio: Double {
    Double(denseOperations) / Double(max(costs.multiplyAccumulates, 1))
  }
  private var parametersRatio: Double { Double(denseParameters) / Double(max(costs.parameters, 1)) }

  private var isMet: Bool {
    switch limits.budget {
    case .operations(let ratio): operationsRatio >= ratio
    case .parameters(let ratio): parametersRatio >= ratio
    case .channels(let share): removedShare >= share - 1e-9 || nothingLeft
    }
  }

  /// A share of channels is met as closely as whole steps allow.
  private var nothingLeft: Bool {
    coupling.groups.indices.allSatisfy { !limits.allowed[$0] || next($0) == nil }
  }

  private var progressMade: Double {
    switch limits.budget {
    case .operations(let ratio): (1 - 1 / operationsRatio) / max(1 - 1 / ratio, 1e-9)
    case .parameters(let ratio): (1 - 1 / parametersRatio) / max(1 - 1 / ratio, 1e-9)
    case .channels(let share): removedShare / max(share, 1e-9)
    }
  }

  private func floor(_ group: Int) -> Int {
    let size = coupling.groups[group].size
    return max(1, size - Int((Double(size) * limits.caps[group]).rounded(.down)))
  }

  /// The next smaller count of a group; `nil` where it may lose no more.
  private func next(_ group: Int) -> Int? {
    let step = steps[group]
    let aligned = (counts[group] - 1) / step * step
    return aligned >= max(floor(group), min(step, coupling.groups[group].size)) ? aligned : nil
  }

  private mutating func set(_ group: Int, to count: Int) {
    counts[group] = count
    keptChannels.keep(kept(group, count), of: coupling.groups[group])
  }

  /// The best channels of a group.
  private func kept(_ group: Int, _ count: Int) -> KeptChannels.Kept {
    let lists = order[group].map { $0.dropFirst($0.count - count).sorted() }
    return coupling.groups[group].partner.map { .lists(lists, of: $0) } ?? .shared(lists[0])
  }

  /// Bundle by bundle, the one whose scores are lowest for what it saves; costs are counted anew for
  /// the groups that share a node with it. Ties go to the group met first. At the end, what a bundle saves
  /// beyond the budget counts for nothing.
  private mutating func chooseGlobally(_ progress: ((Double) -> Void)?) {
    var values = coupling.groups.indices.map { value(of: $0) }
    while !isMet {
      var best: Int?
      for group in values.indices {
        guard let value = values[group] else { continue }
        if best == nil || value < values[best!]! { best = group }
      }
      guard var best else { return }
      if let missing = missingShare, let move = move(of: best), move.share > missing {
        best = closest(to: missing) ?? best
      }
      guard let count = next(best) else { return }
      set(best, to: count)
      costs.update(keptChannels, groups: CollectionOfOne(best))
      for group in limits.weighsCosts ? costs.neighbours[best] + [best] : [best] {
        values[group] = value(of: group)
      }
      progress?(min(progressMade, 1))
    }
  }

  /// What has yet to be saved, as a share of the dense model; `nil` where savings are not weighed.
  private var missingShare: Double? {
    guard limits.weighsCosts else { return nil }
    switch limits.budget {
    case .operations(let ratio):
      return Double(costs.multiplyAccumulates) / Double(max(denseOperations, 1)) - 1 / ratio
    case .parameters(let ratio):
      return Double(costs.parameters) / Double(max(denseParameters, 1)) - 1 / ratio
    case .channels: return nil
    }
  }

  /// The group whose next bundle has the lowest scores for what it saves of what is missing.
  private func closest(to missing: Double) -> Int? {
    var best: (group: Int, value: Double)?
    for group in coupling.groups.indices {
      guard let move = move(of: group), move.share > 0 else { continue }
      let value = move.scores / min(move.share, missing)
      if value < best?.value ?? .infinity { best = (group, value) }
    }
    return best?.group
  }

  /// The mean score of the channels that would go next, or their sum for each share of the cost saved.
  private func value(of group: Int) -> Double? {
    guard limits.weighsCosts else {
      guard limits.allowed[group], let count = next(group) else { return nil }
      return sum(of: group, downTo: count) / Double(counts[group] - count)
        / Double(order[group].count)
    }
    return move(of: group).map { $0.share > 0 ? $0.scores / $0.share : .infinity }
  }

  /// The scores of the channels of a group that would go, in all its lists.
  private func sum(of group: Int, downTo count: Int) -> Double {
    let size = coupling.groups[group].size
    var sum = 0.0
    for (list, order) in zip(scores[group], order[group]) {
      for index in order[(size - counts[group])..<(size - count)] { sum += list[index] }
    }
    return sum
  }

  /// What a group's next bundle scores, and the share of the dense model's cost that it saves; `nil`
  /// where it may lose no more.
  private func move(of group: Int) -> (scores: Double, share: Double)? {
    guard limits.allowed[group], let count = next(group) else { return nil }
    var trial = keptChannels
    trial.keep(kept(group, count), of: coupling.groups[group])
    let saved = costs.saved(trial, group: group)
    let share =
      switch limits.budget {
      case .parameters: Double(saved.parameters) / Double(denseParameters)
      default: Double(saved.multiplyAccumulates) / Double(denseOperations)
      }
    return (sum(of: group, downTo: count), share)
  }

  /// Every group loses the same share: the least that meets the budget.
  private mutating func chooseEvenly() {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<30 {
      let middle = (low + high) / 2
      setAll(middle)
      if isMet { high = middle } else { low = middle }
    }
    setAll(high)
  }

  private mutating func setAll(_ share: Double) {
    for group in coupling.groups.indices where limits.allowed[group] {
      let (size, step) = (coupling.groups[group].size, steps[group])
      let wanted = Double(size) * (1 - share)
      // Rounded to whole steps, but never to more than there are or less than may stay.
      var count = Int((wanted / Double(step)).rounded()) * step
      let least = (floor(group) + step - 1) / step * step
      count = min(max(count, least), size)
      set(group, to: count)
    }
    costs.update(keptChannels, groups: coupling.groups.indices)
  }

  private func unreachable() -> PruningError {
    let reached =
      switch limits.budget {
      case .operations: "flops:\(decimal(operationsRatio))"
      case .parameters: "params:\(decimal(parametersRatio))"
      case .channels: "sparsity \(decimal(removedShare))"
      }
    let excluded = limits.allowed.count { !$0 }
    var reasons = Dictionary(grouping: coupling.frozenAxes, by: \.reason).map {
      ($0.value.count, $0.key)
    }
    reasons.sort { ($0.0, $1.1) > ($1.0, $0.1) }
    var causes = reasons.prefix(4).map { "\($0.0) axes: \($0.1)" }
    if excluded > 0 { causes.append("\(excluded) groups are excluded") }
    causes.append(
      "each group keeps what its cap leaves (at least \(decimal(100 * (1 - (limits.caps.max() ?? 0)))) %) "
        + "and whole multiples of its step")
    return PruningError(
      .unreachableBudget,
      "\(limits.budget) cannot be met; the closest is \(reached). What holds the rest: "
        + causes.joined(separator: "; "))
  }
}

extension ChannelGroup {
  /// The number of channels that go at once, so that the extents of the group's weights stay whole
  /// multiples of an alignment; less for groups that would hardly have a choice.
  public func step(_ coupling: Coupling, alignment: Int) -> Int {
    var step = uncutStep(coupling, alignment: alignment)
    while step > 1, size < 4 * step { step /= 2 }
    return step
  }

  /// The number of channels that make the extents of the group's weights whole multiples of an alignment.
  func uncutStep(_ coupling: Coupling, alignment: Int) -> Int {
    var step = 1
    for member in members where member.role != .parameter {
      let axis = coupling.uses[member.use].axes[member.axis]
      for box in coupling.algebra.layout(axis).boxes {
        guard box.digits.contains(where: { $0.leaf == leaf }) else { continue }
        let others = box.digits.reduce(1) { $1.leaf == leaf ? $0 : $0 * $1.size }
        step = max(step, alignment / greatestCommonDivisor(alignment, others))
      }
    }
    return step
  }
}

private func decimal(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  let fraction = hundredths % 100
  return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? a : greatestCommonDivisor(b, a % b)
}
