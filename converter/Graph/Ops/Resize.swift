/// Resizes a tensor by interpolation, axis by axis.
///
/// Inputs: the tensor, a region of interest, factors, sizes; one of the last two decides the shape
/// and must be constant.
public struct Resize: Operator {
  /// How sizes and the input's proportions agree.
  public enum AspectRatio: String, Sendable, Hashable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  public let resampling: Resampling
  public let extrapolation: Float
  public let aspectRatio: AspectRatio
  /// The axes that factors, sizes and region speak of; `nil` means all.
  public let axes: [Int]?
  private let opset: Int

  public init(_ node: NodeContext) throws(GraphError) {
    opset = node.opset
    var resampling = Resampling()
    resampling.filter = try Self.choice("mode", node, "nearest")
    guard opset >= 11 else {
      guard opset == 10, resampling.filter != .cubic else {
        throw GraphError(.unsupportedVariant, "mode cubic needs opset 11, Resize itself opset 10")
      }
      self.resampling = resampling
      (extrapolation, aspectRatio, axes) = (0, .stretch, nil)
      return
    }
    resampling.coordinates = try Self.choice(
      "coordinate_transformation_mode", node, "half_pixel")
    resampling.rounding = try Self.choice("nearest_mode", node, "round_prefer_floor")
    resampling.cubicCoefficient = Double(try node.float("cubic_coeff_a", default: -0.75))
    resampling.excludesOutside = try node.boolean("exclude_outside", default: false)
    resampling.antialiases = try node.boolean("antialias", default: false)
    self.resampling = resampling
    extrapolation = try node.float("extrapolation_value", default: 0)
    aspectRatio = try Self.choice("keep_aspect_ratio_policy", node, "stretch")
    axes = try node.integers("axes")
  }

  private static func choice<Choice: RawRepresentable<String>>(
    _ name: String, _ node: NodeContext, _ standard: String
  ) throws(GraphError) -> Choice {
    let value = try node.string(name, default: standard)
    guard let choice = Choice(rawValue: value) else {
      throw GraphError(.badAttribute, "\(name) \"\(value)\" is not known")
    }
    return choice
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(opset < 11 ? 2 : 1, opset < 11 ? 2 : 4, inputs)
    let x = inputs[0]!.type
    guard x.elementType != .string else { throw GraphError(.badType, "cannot resize text") }
    return [try TensorType(x.elementType, plan(inputs).map(\.output)).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let tables = try samplingTables(inputs.map { $0.map { OperatorInput($0) } })
    return [resampling.evaluate(inputs[0]!, tables, extrapolation: Double(extrapolation))]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int { 0 }

  /// For every axis and every output coordinate, the input coordinates it is made of and their
  /// weights. Coordinates of an axis that keeps its extent are their own only source.
  /// - Throws: `GraphError` where the inputs that decide the shape are not constant or do not fit.
  public func samplingTables(
    _ inputs: [OperatorInput?]
  ) throws(GraphError) -> [[Resampling.Sample]] {
    try plan(inputs).map { axis throws(GraphError) in try resampling.samples(axis) }
  }

  /// The extents and factors of every axis.
  /// - Throws: as `samplingTables`.
  package func plan(_ inputs: [OperatorInput?]) throws(GraphError) -> [Resampling.Axis] {
    let shape = inputs[0]!.shape
    let resized = try normalise(axes: axes ?? Array(shape.indices), rank: shape.count)
    var plan = shape.map { Resampling.Axis(input: $0, output: $0) }
    let region = resampling.coordinates == .tensorFlowCrop
    if region, let roi = try Self.value(inputs, 1)?.doubles {
      guard roi.count == 2 * resized.count, roi.allSatisfy({ abs($0) < 1e9 }) else {
        throw GraphError(.badShape, "a region of \(roi) does not suit \(resized.count) axes")
      }
      for (place, axis) in resized.enumerated() {
        (plan[axis].begin, plan[axis].end) = (roi[place], roi[resized.count + place])
      }
    } else if region {
      throw GraphError(.badArity, "tf_crop_and_resize needs the region of interest, input 1")
    }
    let scales = try Self.value(inputs, opset < 11 ? 1 : 2)?.floats
    let sizes = opset < 11 ? nil : try Self.value(inputs, 3)?.integers
    switch (scales, sizes) {
    case (let scales?, nil):
      for (axis, scale) in try Self.paired(resized, scales) {
        plan[axis].output = try Resampling.extent(plan[axis].input, times: scale)
        plan[axis].scale = scale
      }
    case (nil, let sizes?):
      for (axis, size) in try Self.paired(resized, sizes) {
        guard size >= 0, size <= TensorType.maximumCount else {
          throw GraphError(.badShape, "a size of \(size) is negative or too large")
        }
        plan[axis].output = Int(size)
      }
      try keepAspectRatio(of: resized, &plan)
    default:
      throw GraphError(.badArity, "exactly one of factors and sizes must be given")
    }
    for axis in plan where axis.input == 0 && axis.output > 0 {
      throw GraphError(.badShape, "an empty axis cannot grow to \(axis.output)")
    }
    return plan
  }

  /// A constant input's value; `nil` where it is left out or empty, which means the same.
  private static func value(
    _ inputs: [OperatorInput?], _ index: Int
  ) throws(GraphError) -> Tensor? {
    guard index < inputs.count, let input = inputs[index], input.type.count > 0 else { return nil }
    guard let constant = input.constant else {
      throw GraphError(.needsConstant, "input \(index) decides the shape and must be constant")
    }
    guard constant.elementType != .string else {
      throw GraphError(.badType, "input \(index) takes numbers, not text")
    }
    return constant
  }

  private static func paired<Value>(
    _ axes: [Int], _ values: [Value]
  ) throws(GraphError) -> [(Int, Value)] {
    guard axes.count == values.count else {
      throw GraphError(.badShape, "\(values.count) factors or sizes for \(axes.count) axes")
    }
    return Array(zip(axes, values))
  }

  /// Replaces sizes by those that one common factor gives, where asked to.
  private func keepAspectRatio(
    of axes: [Int], _ plan: inout [Resampling.Axis]
  ) throws(GraphError) {
    guard aspectRatio != .stretch else { return }
    let factors = axes.map { Double(plan[$0].output) / Double(max(1, plan[$0].input)) }
    guard let factor = aspectRatio == .notLarger ? factors.min() : factors.max(), factor > 0
    else { throw GraphError(.badShape, "sizes of zero have no proportions to keep") }
    for axis in axes {
      let extent = (factor * Double(plan[axis].input)).rounded(.toNearestOrAwayFromZero)
      guard extent <= Double(TensorType.maximumCount) else {
        throw GraphError(.shapeTooLarge, "keeping proportions gives an extent of \(extent)")
      }
      plan[axis].output = Int(extent)
      plan[axis].scale = Float(factor)
    }
  }
}

extension Resampling {
  /// An extent times a factor, rounded down, in single precision as other runtimes do.
  /// - Throws: `GraphError` where the factor is not positive or the product too large.
  static func extent(_ input: Int, times scale: Float) throws(GraphError) -> Int {
    guard scale > 0, scale.isFinite else {
      throw GraphError(.badInput, "a factor of \(scale) is not positive")
    }
    let product = (Float(input) * scale).rounded(.down)
    guard product <= Float(TensorType.maximumCount) else {
      throw GraphError(.shapeTooLarge, "an extent of \(input) times \(scale) is too large")
    }
    return Int(product)
  }
}

extension Resize {
  public func mapChannels(_ map: inout ChannelMap) {
    guard let plan = try? plan(map.inputs) else { return map.freezeAll(.spatial) }
    map.resize(plan, sizesAt: map.opset < 11 ? nil : 3, named: axes ?? [])
  }
}
