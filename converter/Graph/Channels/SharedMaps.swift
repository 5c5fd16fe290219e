/// Channel maps that several operators share.
extension ChannelMap {
  /// Windows over the axes behind the channels.
  mutating func pool() {
    let x = axes(0)
    freeze(x.dropFirst(2), .spatial)
    outputAxes = outputs.map { _ in [x[0], x[1]] + positions(from: 2) }
  }

  /// Axes of which every element stays where it is pass; the others hold positions.
  ///
  /// So do those that the node names: sizes for some axes say an extent even where it stays, in the
  /// order of the names.
  mutating func resize(_ plan: [Resampling.Axis], sizesAt input: Int?, named: [Int] = []) {
    let x = axes(0)
    let y = zip(x, plan).map { axis, place in
      if place.keepsPositions { return axis }
      freeze([axis], .spatial)
      return frozen(place.output, .spatial)
    }
    freeze(named.map { x[$0 < 0 ? $0 + x.count : $0] }, .spatial)
    if named.isEmpty, let input, has(input), inputs[input]!.shape == [x.count] {
      rewrite(.vector(input, y.map { Extent($0) }))
    }
    outputAxes = [y]
  }

  /// The axes of the same elements under another shape.
  ///
  /// Runs of axes with equal products correspond: those of one output axis are merged, others split.
  func reshaped(_ x: [Axis], to shape: [Int]) -> [Axis] {
    var (result, from, to) = ([Axis](), 0, 0)
    let extents = x.map(algebra.size)
    guard !extents.contains(0) else { return shape.map { frozen($0, .spatial) } }
    while from < x.count || to < shape.count {
      var (inner, outer) = (from, to)
      var sizes = (1, 1)
      if inner < x.count {
        sizes.0 = extents[inner]
        inner += 1
      }
      if outer < shape.count {
        sizes.1 = shape[outer]
        outer += 1
      }
      while sizes.0 != sizes.1 {
        if sizes.0 < sizes.1 {
          sizes.0 *= extents[inner]
          inner += 1
        } else {
          sizes.1 *= shape[outer]
          outer += 1
        }
      }
      result += split(product(Array(x[from..<inner])), into: Array(shape[to..<outer]))
      (from, to) = (inner, outer)
    }
    return result
  }

  private func split(_ whole: Axis, into shape: [Int]) -> [Axis] {
    if shape.count(where: { $0 != 1 }) <= 1 { return shape.map { $0 == 1 ? .unit : whole } }
    if algebra.isFrozen(whole) {
      // Positions stay positions.
      let reason = algebra.firstReason(whole) ?? .spatial
      return shape.map { frozen($0, reason) }
    }
    let parts = shape.map { fresh($0) }
    relate(whole, product(parts))
    return parts
  }

  /// The axes that constant indices make of one axis of the first input; `nil` where they select
  /// too many pieces to follow.
  ///
  /// An identity is a reshape, as PyTorch's newer exporter writes strided views.
  mutating func gatheredAxes(along: Int) -> [Axis]? {
    guard isConstant(1), let constant = inputs[1]?.constant, constant.rank >= 1, !isConstant(0)
    else { return nil }
    let extent = shape(0)[along]
    let indices = constant.integers.map { Int($0) < 0 ? Int($0) + extent : Int($0) }
    let whole = axis(0, along)
    guard !indices.isEmpty, !algebra.isFrozen(whole),
      indices.allSatisfy((0..<extent).contains)
    else { return nil }
    if indices == Array(0..<extent) {
      let parts = reshaped([whole], to: constant.shape)
      rewrite(.selection(1, pieces: [(Axis(segments: []), whole)], shape: parts))
      return parts
    }
    guard constant.rank == 1 else { return nil }
    var runs: [Range<Int>] = []
    for index in indices {
      if let last = runs.last, last.upperBound == index {
        runs[runs.count - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
      guard runs.count <= 64 else { return nil }
    }
    // All boundaries first: a later cut refines what an earlier one returned.
    let bounds = Set(runs.flatMap { [$0.lowerBound, $0.upperBound] } + [0, extent]).sorted()
    let extents = zip(bounds, bounds.dropFirst()).map { $1 - $0 }
    // Pieces of one index each would hold the whole axis without a word of why.
    guard extents.contains(where: { $0 > 1 }) else { return nil }
    let pieces = parts(of: whole, extents)
    func span(_ range: Range<Int>) -> Axis {
      .sum(zip(bounds, pieces).filter { range.contains($0.0) }.map(\.1))
    }
    let selected = runs.map { (before: span(0..<$0.lowerBound), piece: span($0)) }
    let result = Axis.sum(selected.map(\.piece))
    rewrite(.selection(1, pieces: selected, shape: [result]))
    return [result]
  }

  /// The sum of an attention's scores, over the size of a head; tokens stay, and meet in the result.
  mutating func attend(size: Axis, queries: Axis, keys: Axis) {
    facts.contractions.append(
      ChannelFacts.Contraction(
        input: 1, axes: [shape(1).count - 1], contracted: [size], free: [queries, keys]))
    mix([size])
  }
}
