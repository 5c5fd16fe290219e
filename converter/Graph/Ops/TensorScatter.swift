/// A cache of keys or values after an update along one axis, each item of the batch at a place of its own.
///
/// Inputs: the cache `[batch, …]`, the update of the same shape but for the axis, and for each item of
/// the batch where its update begins, 0 where left out. Places that are negative count from the end.
public struct TensorScatter: Operator {
  /// Counted from the end where negative; never the batch's.
  public let axis: Int
  /// Whether what would pass the end goes on at the beginning.
  public let isCircular: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -2)
    let mode = try node.string("mode", default: "linear")
    guard mode == "linear" || mode == "circular" else {
      throw GraphError(.badAttribute, "mode \"\(mode)\" is neither linear nor circular")
    }
    isCircular = mode == "circular"
  }

  /// The extents of an update.
  package struct Plan: Sendable {
    package var axis: Int
    package var batch: Int
    /// Extents of the cache and of the update on the axis.
    package var extent: Int
    package var count: Int
    /// Products of the extents between batch and axis, and after the axis.
    package var middle: Int
    package var inner: Int
  }

  /// - Throws: `GraphError` where cache and update do not fit each other.
  package func plan(_ cache: [Int], _ update: [Int]) throws(GraphError) -> Plan {
    let axis = try normalise(axis: axis, rank: cache.count)
    guard axis > 0 else {
      throw GraphError(.badAttribute, "axis \(axis) is the batch, which is not written along")
    }
    guard update.count == cache.count, update[axis] <= cache[axis],
      cache.indices.allSatisfy({ $0 == axis || cache[$0] == update[$0] })
    else {
      throw GraphError(
        .badShape, "an update \(update) does not suit a cache \(cache) along axis \(axis)")
    }
    return Plan(
      axis: axis, batch: cache[0], extent: cache[axis], count: update[axis],
      middle: elementCount(cache[1..<axis]), inner: elementCount(cache[(axis + 1)...]))
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 3, inputs)
    try ElementFamily.checkSame(inputs, at: [0, 1])
    let plan = try plan(inputs[0]!.shape, inputs[1]!.shape)
    if inputs.count > 2, let places = inputs[2] {
      guard places.elementType == .int64 else {
        throw GraphError(.badType, "places are \(places.elementType) but must be int64")
      }
      try Operands.shape(places, [plan.batch], "the places")
      if let places = places.constant { _ = try rows(plan, places.integers) }
    }
    return [inputs[0]!.type]
  }

  /// For each item of the batch, where on the axis each row of its update goes.
  /// - Throws: `GraphError` with code `.badIndex` for a place that the cache does not have.
  private func rows(_ plan: Plan, _ places: [Int64]?) throws(GraphError) -> [[Int]] {
    var rows: [[Int]] = []
    for item in 0..<plan.batch {
      let start = places?[item] ?? 0
      var own: [Int] = []
      for row in 0..<plan.count {
        let extent = Int64(plan.extent)
        // Wrapping is harmless: what wraps is outside all the same.
        var place = start &+ Int64(row)
        if isCircular { place = (place % extent + extent) % extent }
        guard place >= -extent, place < extent else {
          throw GraphError(
            .badIndex, "row \(row) of an update at \(start) is outside of \(extent) places")
        }
        own.append(Int(place < 0 ? place + extent : place))
      }
      rows.append(own)
    }
    return rows
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (cache, update) = (inputs[0]!, inputs[1]!)
    let plan = try plan(cache.shape, update.shape)
    let rows = try rows(plan, inputs.count > 2 ? inputs[2]?.integers : nil)
    var positions: [Int] = []
    for item in 0..<plan.batch {
      for middle in 0..<plan.middle {
        for row in rows[item] {
          let start = ((item * plan.middle + middle) * plan.extent + row) * plan.inner
          positions += start..<start + plan.inner
        }
      }
    }
    return [ScatterReduction.none.apply(update, to: cache, at: positions)]
  }
}

extension TensorScatter {
  public func mapChannels(_ map: inout ChannelMap) {
    guard let plan = try? plan(map.shape(0), map.shape(1)) else {
      return map.freezeAll(.semantic(node: map.node.name, "a cache that is written"))
    }
    map.passThrough(freezing: plan.axis, "a cache that is written at places of its own")
    let cache = map.outputAxes[0]
    for index in cache.indices where index != plan.axis { map.bind(1, index, cache[index]) }
    map.freeze([map.axis(1, plan.axis)], "an update of a cache")
    if map.has(2) { map.freeze(map.axes(2) + [cache[0]], "each with a place of its own") }
  }
}
