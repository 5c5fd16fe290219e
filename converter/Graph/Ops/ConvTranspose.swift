/// Transposed convolution: the adjoint of `Conv`, with groups.
///
/// Each input is multiplied by the kernel and added to the outputs that a convolution of the same
/// window would have read: `y[n, m, i * stride + k * dilation - pad] += w[c, m, k] * x[n, c, i]`.
public struct ConvTranspose: Operator {
  public let window: SpatialWindow
  public let groups: Int
  public let outputPadding: [Int]?
  public let outputShape: [Int]?

  public init(_ node: NodeContext) throws(GraphError) {
    window = try SpatialWindow(node)
    groups = try node.integer("group", default: 1)
    outputPadding = try Self.read("output_padding", node)
    outputShape = try Self.read("output_shape", node)
    guard groups > 0 else { throw GraphError(.badAttribute, "group \(groups) is not positive") }
  }

  private static func read(_ name: String, _ node: NodeContext) throws(GraphError) -> [Int]? {
    guard let values = try node.integers(name), !values.isEmpty else { return nil }
    guard values.allSatisfy({ $0 >= 0 && $0 <= TensorType.maximumCount }) else {
      throw GraphError(.badAttribute, "\(name) \(values) is negative or too large")
    }
    return values
  }

  /// The window of the convolution whose adjoint this is: it reads this operator's output and gives
  /// its input.
  public func adjointWindow(_ input: [Int], _ weight: [Int]) throws(GraphError) -> PlacedWindow {
    let spatial = Array(input.dropFirst(2))
    let kernel = try window.kernel(of: Array(weight.dropFirst(2)))
    let axes = spatial.count
    let (strides, dilations, begins, ends) = try window.filled(axes)
    let extra = outputPadding ?? [Int](repeating: 0, count: axes)
    // Older exporters gave batch and channels as well.
    let wanted = outputShape.map { $0.count == axes + 2 ? Array($0.dropFirst(2)) : $0 }
    guard extra.count == axes, wanted == nil || wanted!.count == axes else {
      throw GraphError(
        .badAttribute, "output_padding or output_shape does not suit \(axes) spatial axes")
    }
    var placed = PlacedWindow(
      input: spatial, kernel: kernel, strides: strides, dilations: dilations, begins: begins,
      ends: ends, output: spatial)
    for axis in 0..<axes {
      let reach =
        strides[axis] * (spatial[axis] - 1) + extra[axis] + placed.kernelExtent(axis)
      var extent = reach - begins[axis] - ends[axis]
      let automatic = window.padding == .sameUpper || window.padding == .sameLower
      if window.padding == .valid {
        (placed.begins[axis], placed.ends[axis], extent) = (0, 0, reach)
      }
      if wanted != nil || automatic {
        extent = wanted?[axis] ?? spatial[axis] * strides[axis]
        let total = max(0, reach - extent)
        let small = total / 2
        (placed.begins[axis], placed.ends[axis]) =
          window.padding == .sameUpper ? (small, total - small) : (total - small, small)
      }
      guard extent > 0 else {
        throw GraphError(.badShape, "pads leave an output extent of \(extent)")
      }
      placed.input[axis] = extent
    }
    return placed
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 3, inputs)
    try Operands.floatingPoint(inputs)
    let (x, w) = (inputs[0]!.shape, inputs[1]!.shape)
    guard x.count >= 3, w.count == x.count, x[1] == w[0], w[0] % groups == 0 else {
      throw GraphError(
        .badShape, "weight \(w) does not suit an input \(x) in \(groups) groups")
    }
    let (outputs, overflow) = w[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw GraphError(.shapeTooLarge, "\(groups) groups are too many") }
    if inputs.count > 2 { try Operands.shape(inputs[2], [outputs], "the bias") }
    let placed = try adjointWindow(x, w)
    return [try TensorType(inputs[0]!.elementType, [x[0], outputs] + placed.input).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (x, w) = (inputs[0]!, inputs[1]!)
    let bias = inputs.count > 2 ? inputs[2]?.doubles : nil
    let placed = try adjointWindow(x.shape, w.shape)
    let (images, channels, perGroup) = (x.shape[0], w.shape[0], w.shape[1])
    let outputs = perGroup * groups
    let (plane, inputPlane) = (elementCount(placed.input), elementCount(placed.output))
    let taps = elementCount(placed.kernel)
    let (values, weights) = (x.doubles, w.doubles)

    var sums: [Double] = []
    for _ in 0..<images {
      for output in 0..<outputs {
        sums.append(contentsOf: repeatElement(bias?[output] ?? 0, count: plane))
      }
    }
    var tap = 0
    forEachIndex(of: placed.kernel) { index in
      let runs = placed.runs(tap: index)
      for image in 0..<images {
        for channel in 0..<channels {
          let firstOutput = channel / (channels / groups) * perGroup
          for output in 0..<perGroup {
            let weight = weights[(channel * perGroup + output) * taps + tap]
            let from = (image * channels + channel) * inputPlane
            let to = (image * outputs + firstOutput + output) * plane
            for run in runs {
              addRow(
                weight, values, at: from + run.output, to: &sums, at: to + run.input,
                sumStride: placed.strides.last!, count: run.count)
            }
          }
        }
      }
      tap += 1
    }
    return [
      Tensor(elementType: x.elementType, shape: [images, outputs] + placed.input, doubles: sums)
    ]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    inputs[0]!.count * elementCount(inputs[1]!.shape.dropFirst())
  }
}

extension ConvTranspose {
  /// `X.C = W.0 = G x I`, `W.1 = O`, `Y.C = G x O`.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze(x.dropFirst(2), .spatial)
    for tap in 2..<x.count { map.bind(1, tap, map.frozen(map.shape(1)[tap], .spatial)) }
    var y = map.axis(1, 1)
    let each = map.fresh(map.shape(1)[0] / groups)
    if groups > 1 {
      let group = map.fresh(groups)
      map.relate(x[1], map.product([group, each]))
      y = map.product([group, y])
      map.rewrite(.number("group", Extent(group)))
    }
    map.bind(1, 0, x[1])
    map.contract(1, [0], free: groups == 1 ? [y] : [], mixed: groups == 1 ? nil : [each])
    if map.has(2) { map.bind(2, 0, y) }
    map.outputAxes = [[x[0], y] + map.positions(from: 2)]
  }
}
