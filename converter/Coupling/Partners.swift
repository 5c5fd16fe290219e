import EspalierGraph

extension Coupling {
  /// For each leaf the factor for each index of which it may keep another list.
  ///
  /// Leaf `f` may differ over `g` if every tensor that carries `f` says which index of `g` is meant
  /// (in the same product, or once on another axis), if no sum over `f` leaves `g` free in one operand
  /// only, if nothing brings different indices of `g` together at one index of `f`, and if `g` stands
  /// outside `f` in some product, as groups, heads and directions do.
  func partners(among groups: Set<Factor>) -> [Factor: Factor] {
    var candidates = outerFactors(of: groups)
    guard !candidates.isEmpty else { return [:] }
    for axes in uses.map(\.axes) + valueAxes.compactMap({ $0 }) { restrict(&candidates, by: axes) }
    for facts in facts {
      for contraction in facts.contractions {
        let free = Set(contraction.free.flatMap(algebra.leaves))
        for leaf in contraction.contracted.flatMap(algebra.leaves) {
          candidates[leaf]?.removeAll(where: free.contains)
        }
      }
    }
    let outer = Set(candidates.values.joined())
    for index in facts.indices {
      let mixed = Set(facts[index].mixed.flatMap(algebra.leaves))
      if !mixed.isDisjoint(with: outer) { separate(&candidates, mixed, at: index) }
    }
    return choose(candidates, order: groups.sorted { $0.number < $1.number })
  }

  /// Where a node brings elements along some leaves together, others must keep the same at all.
  ///
  /// A sum takes those leaves out of its result, which then says nothing of them; but a normalisation
  /// or softmax keeps them, and so does a product of a square matrix.
  private func separate(
    _ candidates: inout [Factor: [Factor]], _ mixed: Set<Factor>, at index: Int
  ) {
    let operands = graph.graph.nodes[index].inputs.compactMap { $0.flatMap { valueAxes[$0] } }
    let constants = usesOfNode[index].map { uses[$0].axes }
    for leaf in Set((operands + constants).joined().flatMap(algebra.leaves))
    where !mixed.contains(leaf) {
      candidates[leaf]?.removeAll(where: mixed.contains)
    }
  }

  /// The leaves that stand outside each leaf in some product.
  private func outerFactors(of groups: Set<Factor>) -> [Factor: [Factor]] {
    var result: [Factor: [Factor]] = [:]
    for axes in uses.map(\.axes) + valueAxes.compactMap({ $0 }) {
      for axis in axes where axis.segments.contains(where: { $0 != [] }) {
        for box in algebra.layout(axis).boxes where box.digits.count > 1 {
          for (place, digit) in box.digits.enumerated() where groups.contains(digit.leaf) {
            for outer in box.digits[..<place] where outer.leaf != digit.leaf {
              if !result[digit.leaf, default: []].contains(outer.leaf) {
                result[digit.leaf, default: []].append(outer.leaf)
              }
            }
          }
        }
      }
    }
    return result
  }

  private func restrict(_ candidates: inout [Factor: [Factor]], by axes: [Axis]) {
    let present = Set(axes.flatMap(algebra.leaves))
    guard present.contains(where: { candidates[$0]?.isEmpty == false }) else { return }
    let layouts = axes.map(algebra.layout)
    var counts: [Factor: Int] = [:]
    for digit in layouts.flatMap(\.boxes).flatMap(\.digits) { counts[digit.leaf, default: 0] += 1 }
    for (index, layout) in layouts.enumerated() {
      let elsewhere = Set(
        layouts.enumerated().filter { $0.offset != index && $0.element.boxes.count == 1 }
          .flatMap { $0.element.boxes[0].digits.map(\.leaf) }
          .filter { counts[$0] == 1 })
      for box in layout.boxes {
        for digit in box.digits {
          candidates[digit.leaf]?.removeAll { outer in
            box.digits.count(where: { $0.leaf == outer }) != 1 && !elsewhere.contains(outer)
          }
        }
      }
    }
  }

  /// One partner for each leaf, the largest that is pruned itself if there is one, without circles.
  private func choose(_ candidates: [Factor: [Factor]], order: [Factor]) -> [Factor: Factor] {
    var result: [Factor: Factor] = [:]
    for leaf in order {
      let best = (candidates[leaf] ?? []).max { a, b in
        let (first, second) = (algebra.reason(a) == nil, algebra.reason(b) == nil)
        if first != second { return second }
        if algebra.size(a) != algebra.size(b) { return algebra.size(a) < algebra.size(b) }
        return a.number > b.number
      }
      guard let best else { continue }
      var next: Factor? = best
      while let factor = next, factor != leaf { next = result[factor] }
      if next == nil { result[leaf] = best }
    }
    return result
  }
}
