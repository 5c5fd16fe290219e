/// Every `step`-th element between a start and an end along some axes; negative steps go backwards.
public struct Slice: Operator {
  /// Starts, ends and axes where attributes give them (before opset 10).
  private let attributes: (starts: [Int], ends: [Int], axes: [Int]?)?

  public init(_ node: NodeContext) throws(GraphError) {
    guard node.opset < 10 else {
      attributes = nil
      return
    }
    guard let starts = try node.integers("starts"), let ends = try node.integers("ends") else {
      throw GraphError(.badAttribute, "attributes \"starts\" and \"ends\" are required")
    }
    attributes = (starts, ends, try node.integers("axes"))
  }

  /// What is taken of each axis: the first index, the distance and the number of elements.
  public struct Cut: Sendable, Hashable {
    public var start: Int
    public var step: Int
    public var count: Int
  }

  /// The axes that the node names, in its order.
  private func namedAxes(_ inputs: [OperatorInput?]) throws(GraphError) -> [Int] {
    let (starts, named) =
      if let attributes {
        (attributes.starts, attributes.axes)
      } else {
        (try inputs.integers(at: 1, "starts")!, try inputs.integers(at: 3, "axes"))
      }
    return try normalise(axes: named ?? Array(starts.indices), rank: inputs[0]!.rank)
  }

  /// The cut of every axis.
  public func cuts(_ inputs: [OperatorInput?]) throws(GraphError) -> [Cut] {
    let shape = inputs[0]!.shape
    let (starts, ends, named) =
      if let attributes {
        attributes
      } else {
        (
          try inputs.integers(at: 1, "starts")!, try inputs.integers(at: 2, "ends")!,
          try inputs.integers(at: 3, "axes")
        )
      }
    let steps = try inputs.integers(at: 4, "steps") ?? starts.map { _ in 1 }
    let axes = try normalise(axes: named ?? Array(starts.indices), rank: shape.count)
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw GraphError(
        .badShape,
        "\(starts.count) starts, \(ends.count) ends and \(steps.count) steps for \(axes.count) axes"
      )
    }
    var cuts = shape.map { Cut(start: 0, step: 1, count: $0) }
    for (place, axis) in axes.enumerated() {
      guard steps[place] != 0 else { throw GraphError(.badInput, "a step of 0 goes nowhere") }
      cuts[axis] = Self.cut(starts[place], ends[place], steps[place], shape[axis])
    }
    return cuts
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    if attributes == nil {
      try Arity.between(3, 5, inputs)
    } else {
      try Arity.exactly(1, inputs)
    }
    return [TensorType(inputs[0]!.elementType, try cuts(inputs).map(\.count))]
  }

  /// Where each element of the result stands in the first input.
  package func plan(_ inputs: [OperatorInput?]) throws(GraphError) -> StridedPlan {
    let (cuts, own) = (try cuts(inputs), strides(of: inputs[0]!.shape))
    let shape = cuts.map(\.count)
    // Where nothing is taken a start may lie behind the last element.
    let start = shape.contains(0) ? 0 : zip(cuts, own).reduce(0) { $0 + $1.0.start * $1.1 }
    return StridedPlan(from: start, strides: zip(cuts, own).map { $0.step * $1 }, shape: shape)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    [inputs[0]!.taking(try plan(inputs.known))]
  }

  /// Starts and ends beyond the axis, up to the largest integers, mean its end.
  private static func cut(_ start: Int, _ end: Int, _ step: Int, _ extent: Int) -> Cut {
    let start = start < 0 ? start + extent : start
    let end = end < 0 ? end + extent : end
    if step > 0 {
      let (first, limit) = (min(max(start, 0), extent), min(max(end, 0), extent))
      let count = limit > first ? (limit - first - 1) / step + 1 : 0
      return Cut(start: first, step: count > 1 ? step : 1, count: count)
    }
    let (first, limit) = (min(max(start, -1), extent - 1), min(max(end, -1), extent - 1))
    let count = first > limit ? (first - limit - 1) / Int(clamping: step.magnitude) + 1 : 0
    return Cut(start: max(first, 0), step: count > 1 ? step : 1, count: count)
  }
}

extension Slice {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    guard let cuts = try? cuts(map.inputs), let named = try? namedAxes(map.inputs) else {
      return map.freezeAll(.spatial)
    }
    var y = x
    var starts: [Extent] = []
    var ends: [Extent] = []
    for (index, cut) in cuts.enumerated() {
      let extent = map.shape(0)[index]
      if cut.start == 0 && cut.step == 1 && cut.count == extent {
        starts.append(Extent(fixed: 0))
        ends.append(Extent(x[index]))
        continue
      }
      if cut.step == 1 && cut.count > 0 {
        let parts = map.parts(of: x[index], [cut.start, cut.count].filter { $0 > 0 })
        y[index] = parts.last!
        starts.append(cut.start > 0 ? Extent(parts[0]) : Extent(fixed: 0))
        ends.append(cut.start > 0 ? Extent(parts[0], parts[1]) : Extent(parts[0]))
        continue
      }
      starts.append(Extent(fixed: cut.start))
      // Beyond the axis on either side stands for its end.
      let end = cut.start + cut.step * cut.count
      ends.append(Extent(fixed: end < 0 ? -extent - 1 : end))
      if cut.step > 1, extent.isMultiple(of: cut.step), cut.start < cut.step,
        cut.count == extent / cut.step
      {
        // Every step-th element: one index of a frozen inner factor.
        let outer = map.fresh(cut.count)
        map.relate(map.product([outer, map.frozen(cut.step, "stride of a slice")]), x[index])
        y[index] = outer
        ends[index] = Extent(x[index])
        continue
      }
      map.freeze([x[index]], "a slice with steps or backwards")
      y[index] = map.frozen(cut.count, "a slice with steps or backwards")
    }
    map.rewrite(.cuts(starts: starts, ends: ends, steps: cuts.map(\.step), named: named))
    map.outputAxes = [y]
  }
}
