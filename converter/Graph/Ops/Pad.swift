/// Widens axes at both ends, or with negative amounts narrows them.
public struct Pad: Operator {
  /// What new elements hold: one value, a mirror image, the nearest element, or a continuation.
  public enum Mode: String, Sendable {
    case constant, reflect, edge, wrap
  }

  public let mode: Mode
  /// Amounts and value where attributes give them (before opset 11).
  private let attributes: (amounts: [Int], value: Float)?
  /// The value where an attribute gives it.
  package var attributeValue: Float? { attributes?.value }

  public init(_ node: NodeContext) throws(GraphError) {
    let name = try node.string("mode", default: "constant")
    guard let mode = Mode(rawValue: name), mode != .wrap || node.opset >= 19 else {
      throw GraphError(.badAttribute, "mode \"\(name)\" does not exist in this opset")
    }
    self.mode = mode
    guard node.opset < 11 else {
      attributes = nil
      return
    }
    guard let amounts = try node.integers("pads") else {
      throw GraphError(.badAttribute, "attribute \"pads\" is required")
    }
    attributes = (amounts, try node.float("value", default: 0))
  }

  /// Elements added before and after each axis; negative where some are removed.
  public func amounts(
    _ inputs: [OperatorInput?]
  ) throws(GraphError) -> [(before: Int, after: Int)] {
    let rank = inputs[0]!.rank
    let given =
      if let attributes { attributes.amounts } else { try inputs.integers(at: 1, "pads")! }
    let axes = try normalise(axes: inputs.integers(at: 3, "axes") ?? Array(0..<rank), rank: rank)
    guard given.count == 2 * axes.count else {
      throw GraphError(.badShape, "\(given.count) amounts for \(axes.count) axes")
    }
    let limit = TensorType.maximumCount
    guard given.allSatisfy({ (-limit...limit).contains($0) }) else {
      throw GraphError(.shapeTooLarge, "amounts of padding beyond \(limit)")
    }
    var result = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
    for (place, axis) in axes.enumerated() {
      result[axis] = (given[place], given[axes.count + place])
    }
    return result
  }

  /// What of the input stays, and where in the result it stands.
  public struct Plan: Sendable, Hashable {
    /// The elements of the input that stay.
    public let kept: StridedPlan
    /// The position in the result of the first of them.
    public let target: Int
  }

  /// The box of the input that padding with a value leaves, for a result of a shape.
  package func plan(
    _ shape: [Int], amounts: [(before: Int, after: Int)], result: [Int]
  ) -> Plan {
    // Negative amounts narrow: the box that remains starts inside the input.
    let (own, other) = (strides(of: shape), strides(of: result))
    var (from, to) = (0, 0)
    var box: [Int] = []
    for (axis, amount) in amounts.enumerated() {
      let cut = max(0, -amount.before)
      from += cut * own[axis]
      to += max(0, amount.before) * other[axis]
      box.append(max(0, shape[axis] - cut - max(0, -amount.after)))
    }
    return Plan(kept: StridedPlan(from: from, strides: own, shape: box), target: to)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    if attributes == nil {
      try Arity.between(2, 4, inputs)
      try ElementFamily.checkSame(inputs, at: [0, 2])
      if inputs.count > 2, let value = inputs[2], value.type.count != 1 {
        throw GraphError(.badShape, "the value has the shape \(value.shape) but must be a scalar")
      }
    } else {
      try Arity.exactly(1, inputs)
    }
    let type = inputs[0]!.type
    var shape: [Int] = []
    for (extent, amount) in zip(type.shape, try amounts(inputs)) {
      let padded = try checkedSum([extent, amount.before, amount.after])
      guard mode == .constant || extent > 0 || padded <= 0 else {
        throw GraphError(.badShape, "an empty axis has nothing to be padded with")
      }
      shape.append(padded)
    }
    return [try TensorType(type.elementType, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let data = inputs[0]!
    let shape = try infer(inputs.known)[0].shape
    let amounts = try amounts(inputs.known)
    let own = strides(of: data.shape)
    var order: [Int] = []
    forEachIndex(of: shape) { index in
      var position: Int? = 0
      for axis in index.indices {
        let source = source(of: index[axis] - amounts[axis].before, extent: data.shape[axis])
        position = position.flatMap { sum in source.map { sum + $0 * own[axis] } }
      }
      // The value stands behind the last element.
      order.append(position ?? data.count)
    }
    return [Tensor.joined([data, value(inputs)]).gathering(order, shape: shape)]
  }

  private func value(_ inputs: [Tensor?]) -> Tensor {
    if inputs.count > 2, let value = inputs[2] { return value }
    return Tensor(
      elementType: inputs[0]!.elementType, shape: [], doubles: [Double(attributes?.value ?? 0)])
  }

  /// The index of the element that stands at a place, which may lie outside; `nil` for the value.
  package func source(of place: Int, extent: Int) -> Int? {
    if place >= 0 && place < extent { return place }
    switch mode {
    case .constant: return nil
    case .edge: return place < 0 ? 0 : extent - 1
    case .wrap: return (place % extent + extent) % extent
    case .reflect:
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let phase = (place % period + period) % period
      return phase < extent ? phase : period - phase
    }
  }
}

extension Pad {
  /// What constant padding adds are segments of its own; other modes freeze the axis they pad.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    guard let amounts = try? amounts(map.inputs) else { return map.freezeAll(.spatial) }
    var (y, before, after) = (x, [Extent](), [Extent]())
    for (index, amount) in amounts.enumerated() {
      before.append(Extent(fixed: amount.before))
      after.append(Extent(fixed: amount.after))
      if amount == (0, 0) { continue }
      guard mode == .constant, amount.before >= 0, amount.after >= 0 else {
        map.freeze([x[index]], "padding by \(mode.rawValue)")
        y[index] = map.frozen(map.outputs[0].shape[index], "padding by \(mode.rawValue)")
        continue
      }
      let (first, last) = (map.fresh(amount.before), map.fresh(amount.after))
      y[index] = .sum(
        (amount.before > 0 ? [first] : []) + [x[index]] + (amount.after > 0 ? [last] : []))
      if amount.before > 0 { before[index] = Extent(first) }
      if amount.after > 0 { after[index] = Extent(last) }
    }
    if attributes == nil {
      map.rewrite(.vector(1, before + after))
      if map.has(3) { map.rewrite(.vector(3, x.indices.map { Extent(fixed: $0) })) }
    } else {
      map.rewrite(.list("pads", before + after))
    }
    map.outputAxes = [y]
  }
}
