/// Convolution over any number of spatial axes, with groups.
///
/// For image `n` and output channel `m` of group `g`:
/// `y[n, m, o] = bias[m] + sum over c, k of w[m, c, k] * x[n, g * C/G + c, o * stride + k * dilation - pad]`.
public struct Conv: Operator {
  public let window: SpatialWindow
  public let groups: Int
  /// Whether the operands are whole numbers whose sums must be exact; no attribute of ONNX's, but of what
  /// integer convolutions become.
  package let sumsIntegers: Bool
  package static let sumsIntegersName = "__espalier_sums_integers"

  public init(_ node: NodeContext) throws(GraphError) {
    window = try SpatialWindow(node)
    sumsIntegers = try node.boolean(Self.sumsIntegersName, default: false)
    groups = try node.integer("group", default: 1)
    guard groups > 0 else { throw GraphError(.badAttribute, "group \(groups) is not positive") }
  }

  /// The window of the convolution for given input and weight shapes.
  public func placedWindow(_ input: [Int], _ weight: [Int]) throws(GraphError) -> PlacedWindow {
    try window.placed(
      over: Array(input.dropFirst(2)), kernel: window.kernel(of: Array(weight.dropFirst(2))))
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 3, inputs)
    try Operands.floatingPoint(inputs)
    let (x, w) = (inputs[0]!.shape, inputs[1]!.shape)
    guard x.count >= 3, w.count == x.count else {
      throw GraphError(.badShape, "cannot convolve \(x) with a weight \(w): ranks must agree")
    }
    guard x[1] % groups == 0, x[1] / groups == w[1], w[0] % groups == 0 else {
      throw GraphError(
        .badShape, "weight \(w) does not suit \(x[1]) channels in \(groups) groups")
    }
    if inputs.count > 2 { try Operands.shape(inputs[2], [w[0]], "the bias") }
    let placed = try placedWindow(x, w)
    return [try TensorType(inputs[0]!.elementType, [x[0], w[0]] + placed.output).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (x, w) = (inputs[0]!, inputs[1]!)
    let bias = inputs.count > 2 ? inputs[2]?.doubles : nil
    let placed = try placedWindow(x.shape, w.shape)
    let (images, outputs, channels) = (x.shape[0], w.shape[0], w.shape[1])
    let (plane, inputPlane) = (elementCount(placed.output), elementCount(placed.input))
    let taps = elementCount(placed.kernel)
    let (values, weights) = (x.doubles, w.doubles)

    var sums: [Double] = []
    sums.reserveCapacity(images * outputs * plane)
    for _ in 0..<images {
      for output in 0..<outputs {
        sums.append(contentsOf: repeatElement(bias?[output] ?? 0, count: plane))
      }
    }
    var tap = 0
    forEachIndex(of: placed.kernel) { index in
      let runs = placed.runs(tap: index)
      for image in 0..<images {
        for output in 0..<outputs {
          let firstChannel = output / (outputs / groups) * channels
          for channel in 0..<channels {
            let weight = weights[(output * channels + channel) * taps + tap]
            let from = (image * x.shape[1] + firstChannel + channel) * inputPlane
            let to = (image * outputs + output) * plane
            for run in runs {
              addRow(
                weight, values, at: from + run.input, valueStride: placed.strides.last!, to: &sums,
                at: to + run.output, count: run.count)
            }
          }
        }
      }
      tap += 1
    }
    return [
      Tensor(
        elementType: x.elementType, shape: [images, outputs] + placed.output, doubles: sums)
    ]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    outputs[0].count * elementCount(inputs[1]!.shape.dropFirst())
  }
}

extension Conv {
  /// `X.C = G x I`, `W = [G x O, I, taps]`, `Y.C = G x O`; depthwise `Y.C = X.C x multiplier`.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze(x.dropFirst(2), .spatial)
    for tap in 2..<x.count { map.bind(1, tap, map.frozen(map.shape(1)[tap], .spatial)) }
    let (outputs, perGroup) = (map.shape(1)[0], map.shape(1)[1])
    let y: Axis
    if groups == 1 {
      map.bind(1, 1, x[1])
      y = map.axis(1, 0)
    } else if perGroup == 1 {
      y = map.product([x[1], map.fresh(outputs / groups)])
      map.bind(1, 0, y)
      map.rewrite(.number("group", Extent(x[1])))
    } else {
      let (group, output) = (map.fresh(groups), map.fresh(outputs / groups))
      map.relate(map.product([group, map.axis(1, 1)]), x[1])
      y = map.product([group, output])
      map.bind(1, 0, y)
      map.rewrite(.number("group", Extent(group)))
    }
    // A group is shared by both operands; only the outputs of a convolution without groups are not.
    if perGroup > 1 || groups == 1 { map.contract(1, [1], free: groups == 1 ? [y] : []) }
    if map.has(2) { map.bind(2, 0, y) }
    map.outputAxes = [[x[0], y] + map.positions(from: 2)]
  }
}
