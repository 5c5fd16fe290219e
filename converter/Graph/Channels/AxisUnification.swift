extension AxisAlgebra {
  /// Beyond this many segments an axis is frozen rather than refined further.
  private static let segmentLimit = 2048
  private static let roundLimit = 20_000

  /// Makes two axes of equal size identical index by index; freezes both where that is impossible.
  func relate(_ a: Axis, _ b: Axis, node: String) {
    do throws(Mismatch) {
      try unify(a, b)
    } catch {
      freeze(a, .mismatch(node: node))
      freeze(b, .mismatch(node: node))
    }
  }

  /// Walks both axes to the first place where they differ, refines there, and starts again.
  func unify(_ a: Axis, _ b: Axis) throws(Mismatch) {
    precondition(size(a) == size(b), "only axes of one size can agree")
    // Nothing to learn; splitting positions at every window would cut them to dust.
    if isFrozen(a) && isFrozen(b) { return }
    var start = 0
    for _ in 0..<Self.roundLimit {
      let (first, second) = (normal(a).segments, normal(b).segments)
      guard max(first.count, second.count) <= Self.segmentLimit else { throw Mismatch() }
      // What is equal stays equal at the same place: the walk need not start over.
      while start < first.count, start < second.count, first[start] == second[start] { start += 1 }
      guard start < first.count, start < second.count else { return }
      try join(first[start...], second[start...])
    }
    throw Mismatch()
  }

  /// One refinement at the first segments, which differ.
  private func join(
    _ a: ArraySlice<[Factor]>, _ b: ArraySlice<[Factor]>
  ) throws(Mismatch) {
    let (sizeA, sizeB) = (size(a.first!), size(b.first!))
    if sizeA == sizeB {
      try joinProducts(a.first!, b.first!)
    } else if sizeA > sizeB {
      try refine(a.first!, along: b)
    } else {
      try refine(b.first!, along: a)
    }
  }

  /// Refines a segment to the boundaries of smaller ones that begin where it begins.
  private func refine(
    _ segment: [Factor], along others: ArraySlice<[Factor]>
  ) throws(Mismatch) {
    // A lone leaf takes as many of the others as fill it, all at once.
    if segment.count == 1, isLeaf(segment[0]) {
      var (filled, count) = (0, 0)
      for other in others where filled < size(segment[0]) {
        filled += size(other)
        count += 1
      }
      if filled == size(segment[0]) {
        return try define(segment[0], Axis(segments: Array(others.prefix(count))))
      }
    }
    try cut(segment, at: size(others.first!))
  }

  /// Comes nearer to a boundary at a flat offset within one segment.
  func cut(_ segment: [Factor], at offset: Int) throws(Mismatch) {
    let inner = size(segment.dropFirst())
    let (whole, rest) = offset.quotientAndRemainder(dividingBy: inner)
    let outer = segment[0]
    if rest == 0 || whole > 0 {
      try split(outer, at: whole)
    } else if size(outer) > 1 {
      // The boundary lies inside the first box of the inner product: isolate that box.
      try split(outer, at: 1)
    } else {
      throw Mismatch()
    }
  }

  private func split(_ factor: Factor, at offset: Int) throws(Mismatch) {
    let count = size(factor)
    guard isLeaf(factor), offset > 0, offset < count else { throw Mismatch() }
    try define(
      factor, Axis(segments: [[freshFactor(offset)], [freshFactor(count - offset)]]))
  }

  /// One refinement of two different products of one size, from the innermost factors outward.
  private func joinProducts(_ a: [Factor], _ b: [Factor]) throws(Mismatch) {
    let common = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
    var (a, b) = (Array(a.dropLast(common)), Array(b.dropLast(common)))
    guard var small = a.last, var large = b.last else { throw Mismatch() }
    if a.count == 1 && b.count == 1 { return try union(small, large) }
    if a.count == 1 { return try refine(small, into: b) }
    if b.count == 1 { return try refine(large, into: a) }
    if size(small) == size(large) { return try union(small, large) }
    if size(small) > size(large) { (small, large, a, b) = (large, small, b, a) }
    if size(large).isMultiple(of: size(small)), isLeaf(large) {
      let outer = freshFactor(size(large) / size(small))
      return try define(large, Axis(segments: [[outer, small]]))
    }
    // As many factors of the other side as fill the larger one exactly.
    var (filled, first) = (1, a.count)
    while first > 0, filled < size(large) {
      first -= 1
      filled *= size(a[first])
    }
    if filled == size(large) { return try refine(large, into: Array(a[first...])) }
    // No row-major refinement of both exists (24 as 4x6 and as 6x4): sums of boxes do.
    let outermost = size(a[0]) <= size(b[0]) ? a[0] : b[0]
    guard isLeaf(outermost) else { throw Mismatch() }
    try split(outermost, at: 1)
  }

  private func refine(_ factor: Factor, into product: [Factor]) throws(Mismatch) {
    if let definition = definition(factor) {
      try unify(definition, Axis(segments: [product]))
    } else {
      try define(factor, Axis(segments: [product]))
    }
  }

  /// The parts of an axis before and after a flat offset.
  func split(_ axis: Axis, at offset: Int) throws(Mismatch) -> (Axis, Axis) {
    let count = size(axis)
    precondition((0...count).contains(offset), "a cut lies within the axis")
    if offset == 0 { return (Axis(segments: []), axis) }
    if offset == count { return (axis, Axis(segments: [])) }
    // An axis of single channels is not frozen for a reason: its parts are single channels too.
    if isFrozen(axis), let reason = firstReason(axis) {
      return (fresh(offset, frozen: reason), fresh(count - offset, frozen: reason))
    }
    for _ in 0..<Self.roundLimit {
      let segments = normal(axis).segments
      guard segments.count <= Self.segmentLimit else { throw Mismatch() }
      var end = 0
      for (place, segment) in segments.enumerated() {
        if end == offset {
          return (
            Axis(segments: Array(segments[..<place])), Axis(segments: Array(segments[place...]))
          )
        }
        let begin = end
        end += size(segment)
        if offset < end {
          try cut(segment, at: offset - begin)
          break
        }
      }
    }
    throw Mismatch()
  }

  /// The row-major product of axes, as a reshape that merges them makes it.
  func product(_ axes: [Axis]) -> Axis {
    let axes = axes.map(normal).filter { size($0) != 1 }
    guard let outer = axes.first else { return .unit }
    let tail = axes.dropFirst().flatMap { axis -> [Factor] in
      if axis.segments.count == 1 { return axis.segments[0] }
      // An inner sum becomes one composite factor.
      let factor = freshFactor(size(axis))
      composite(factor, axis)
      return [factor]
    }
    return Axis(segments: outer.segments.map { $0 + tail })
  }
}
