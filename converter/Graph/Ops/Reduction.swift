/// What a reduction makes of the elements it puts together.
public protocol ReductionFunction: Sendable {
  /// The opset from which axes are an input rather than an attribute.
  static var axesAreInputSince: Int { get }
  static var operands: ElementFamily { get }
  static var channelEffect: ChannelEffect { get }
  static func reduce(_ values: [Double]) -> Double
  /// The function on integers: on `UInt64` for uint64, on `Int64` for every other type.
  /// - Throws: `GraphError` with code `.badInput` where it has no value.
  static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole
}

extension ReductionFunction {
  public static var axesAreInputSince: Int { 18 }
  public static var operands: ElementFamily { .number }
  public static var channelEffect: ChannelEffect { .wholeAxis }

  /// By way of real numbers, rounded towards zero.
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    let value = reduce(values.map { Double($0) })
    guard let whole = Whole(exactly: value.rounded(.towardZero)) else {
      throw GraphError(.badInput, "a reduction of integers gives \(value)")
    }
    return whole
  }
}

/// Reduces a tensor over some axes; ONNX's operators of this kind are named in `Reductions.swift`.
///
/// Without axes it reduces over all, or over none where `noop_with_empty_axes` is set: then the
/// function meets each element alone, so that a sum of squares still squares.
public struct Reduction<Function: ReductionFunction>: Operator {
  /// Axes given by attribute; nil where an input may give them.
  public let attributeAxes: [Int]?
  /// Whether reduced axes stay, with extent 1.
  public let keepsDimensions: Bool
  public let keepsAllWithoutAxes: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    keepsDimensions = try node.boolean("keepdims", default: true)
    if node.opset < Function.axesAreInputSince {
      attributeAxes = try node.integers("axes") ?? []
      keepsAllWithoutAxes = false
    } else {
      attributeAxes = nil
      keepsAllWithoutAxes = try node.boolean("noop_with_empty_axes", default: false)
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(1, attributeAxes == nil ? 2 : 1, inputs)
    try Function.operands.check(inputs, at: 0)
    try ElementFamily.integer.check(inputs, at: 1)
    if inputs.count > 1, let axes = inputs[1], axes.constant == nil {
      throw GraphError(.needsConstant, "the axes to reduce must be constant")
    }
    let input = inputs[0]!
    let axes = try axes(inputs.count > 1 ? inputs[1]?.constant : nil, rank: input.rank)
    return [TensorType(input.elementType, reducedShape(input.shape, axes))]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let axes = try axes(inputs.count > 1 ? inputs[1] : nil, rank: input.rank)
    let shape = reducedShape(input.shape, axes)
    let groups = ReductionGroups(of: input.shape, axes: axes)
    let type = input.elementType
    if type.isFloatingPoint {
      let values = groups.reduce(input.doubles) { Function.reduce($0) }
      return [Tensor(elementType: type, shape: shape, doubles: values)]
    }
    if type == .uint64 {
      let elements = input.integers.map { UInt64(bitPattern: $0) }
      let values = try groups.reduce(elements) { (group) throws(GraphError) in
        try Function.reduce(group, range: UInt64.min...UInt64.max)
      }
      return [
        Tensor(elementType: type, shape: shape, integers: values.map { Int64(bitPattern: $0) })
      ]
    }
    let values = try groups.reduce(input.integers) { (group) throws(GraphError) in
      try Function.reduce(group, range: type.integerRange)
    }
    return [Tensor(elementType: type, shape: shape, integers: values)]
  }

  /// The axes to reduce, in ascending order, for a tensor of some rank.
  /// - Parameter input: the value of the second input, if there is one.
  public func axes(_ input: Tensor?, rank: Int) throws(GraphError) -> [Int] {
    let given = attributeAxes ?? input.map { $0.integers.map { Int($0) } } ?? []
    if given.isEmpty { return keepsAllWithoutAxes ? [] : Array(0..<rank) }
    return try normalise(axes: given, rank: rank).sorted()
  }

  private func reducedShape(_ shape: [Int], _ axes: [Int]) -> [Int] {
    shape.enumerated().compactMap { axis, extent in
      axes.contains(axis) ? (keepsDimensions ? 1 : nil) : extent
    }
  }
}

extension Reduction {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let constant = map.has(1) ? map.inputs[1]!.constant : nil
    let axes = (try? axes(constant, rank: x.count)) ?? []
    switch Function.channelEffect {
    case .sum: map.contract(0, axes, free: [])
    case .mean: map.takeStatistics(over: axes)
    case .wholeAxis: map.freeze(axes.map { x[$0] }, "axis of a \(map.node.operation)")
    }
    map.outputAxes = [
      x.indices.compactMap { axes.contains($0) ? (keepsDimensions ? .unit : nil) : x[$0] }
    ]
  }
}

/// What removing indices of a reduced axis does to the result.
public enum ChannelEffect: Sendable {
  /// As if they were zero.
  case sum
  /// The number of elements changes too.
  case mean
  /// Nothing simple.
  case wholeAxis
}
