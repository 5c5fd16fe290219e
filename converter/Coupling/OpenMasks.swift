import EspalierGraph

/// Masks and counts of a masked reference that follow free extents.
extension Masked {
  var isOpen: Bool { coupling.graph.open != nil }

  func isOpen(_ value: Graph.ValueID, _ axis: Int) -> Bool {
    coupling.graph.open?.isOpen(value, axis: axis) ?? false
  }

  /// How many elements of each row stay.
  mutating func keptCount(_ value: Graph.ValueID, _ over: [Int]) -> Graph.ValueID {
    let axes = coupling.valueAxes[value]!
    guard over.contains(where: { isOpen(value, $0) }) else {
      return scalar(Double(over.reduce(1) { $0 * keptChannels.count(axes[$1]) }), like: value)
    }
    // All elements, times the share of channels that stay.
    let share = over.reduce(1.0) { share, axis in
      let axis = axes[axis]
      return share * Double(keptChannels.count(axis)) / Double(coupling.algebra.size(axis))
    }
    let places = constantValue(Tensor(integers: over.map { Int64($0) }))
    let extents = apply("Gather", [apply("Shape", [value]), places], ["axis": .integer(0)])
    let type = Int64(coupling.graph.type(of: value).elementType.rawValue)
    let product = apply(
      "ReduceProd", [apply("Cast", [extents], ["to": .integer(type)])],
      ["keepdims": .integer(0)])
    return apply("Mul", [product, scalar(share, like: value)])
  }

  /// A mask of the whole shape of a value.
  mutating func stretched(_ mask: Graph.ValueID, like value: Graph.ValueID) -> Graph.ValueID {
    if isOpen { return apply("Expand", [mask, apply("Shape", [value])]) }
    let type = coupling.graph.type(of: value)
    let ones = Tensor(
      elementType: type.elementType, shape: type.shape,
      doubles: [Double](repeating: 1, count: type.shape.reduce(1, *)))
    return apply("Mul", [mask, constantValue(ones)])
  }

  /// The mask along an axis that is an open extent times channels: that of the channels, repeated.
  ///
  /// An open extent stands outside the channels it is merged with, as a batch does, or inside, as
  /// positions do. Where that cannot be told the mask is that of the assumed extents.
  mutating func openMask(
    _ value: Graph.ValueID, _ axes: [Axis], along: Int
  ) -> Graph.ValueID {
    let segments = coupling.algebra.normal(axes[along]).segments
    let isAlone = axes.indices.allSatisfy { axis in
      axis == along || !isOpen(value, axis) || axes[axis].segments == Axis.unit.segments
    }
    let core = segments.count == 1 ? segments[0].indices.filter { decides(segments[0][$0]) } : []
    guard isAlone, let first = core.first, let last = core.last,
      first == 0 || last == segments[0].count - 1
    else {
      fixed.append(
        FixedExtent(
          axes: graph.openAxes, node: writer(of: value),
          reason: "merges an open extent with channels so that no mask can follow it"))
      return constantValue(mask(value, axes))
    }
    var inner = axes
    inner[along] = Axis(segments: [Array(segments[0][first...last])])
    let part = mask(value, inner)
    let place = constantValue(Tensor(integers: [Int64(along)]))
    let extent = apply("Gather", [apply("Shape", [value]), place], ["axis": .integer(0)])
    let size = constantValue(Tensor(integers: [Int64(part.shape[along])]))
    let repeats = apply("Div", [extent, size])
    func once(_ count: Int) -> [Graph.ValueID] {
      count == 0 ? [] : [constantValue(Tensor(integers: [Int64](repeating: 1, count: count)))]
    }
    let isOutside = last == segments[0].count - 1
    // Inside, each channel is an axis of one position, which is repeated and merged again.
    let before = once(isOutside ? along : along + 1)
    let list = before + [repeats] + once(part.rank - along - 1)
    let shape = part.shape[...along] + (isOutside ? [] : [1]) + part.shape[(along + 1)...]
    let tiled = apply(
      "Tile",
      [constantValue(part.reshaped(Array(shape))), apply("Concat", list, ["axis": .integer(0)])])
    if isOutside { return tiled }
    var target = part.shape.map { Int64($0) }
    target[along] = -1
    return apply("Reshape", [tiled, constantValue(Tensor(integers: target))])
  }

  private func mask(_ value: Graph.ValueID, _ axes: [Axis]) -> Tensor {
    let shape = axes.map(coupling.algebra.size)
    let mask = TensorSelection(axes, keptChannels).mask(of: shape)
    return Tensor(
      elementType: coupling.graph.type(of: value).elementType, shape: shape,
      doubles: mask.map(Double.init))
  }

  /// Whether a mask differs from index to index of a factor.
  private func decides(_ factor: Factor) -> Bool {
    let leaves = coupling.algebra.leaves(Axis(segments: [[factor]]))
    return leaves.contains { keptChannels.kept[$0] != nil || isPartner($0) }
  }

  private func writer(of value: Graph.ValueID) -> String {
    coupling.graph.graph.nodes.first { $0.outputs.contains(value) }?.name ?? ""
  }

  /// Whether a group that is pruned keeps another list for each index of a leaf.
  private func isPartner(_ leaf: Factor) -> Bool {
    keptChannels.kept.keys.contains { keptChannels.partner(of: $0) == leaf }
  }
}
