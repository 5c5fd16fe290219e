/// Samples an image at places that a grid names: `x[N, C, spatial...]` at `grid[N, places..., axes]`.
///
/// A coordinate of -1 is one end of an axis, 1 the other; the last axis comes first. Names of modes are
/// those of opset 16 (bilinear, bicubic) or of opset 20 (linear, cubic), whatever the opset.
public struct GridSample: Operator {
  public enum Mode: Sendable, Hashable {
    case nearest, linear, cubic
  }

  /// What lies outside: zeros, the nearest edge, or the image mirrored at its edges.
  public enum Padding: String, Sendable, Hashable {
    case zeros, border, reflection
  }

  public let mode: Mode
  public let padding: Padding
  /// Whether -1 and 1 are the centres of the outermost elements, rather than their outer edges.
  public let alignsCorners: Bool
  private let opset: Int

  public init(_ node: NodeContext) throws(GraphError) {
    opset = node.opset
    let mode = try node.string("mode", default: "linear")
    switch mode {
    case "nearest": self.mode = .nearest
    case "linear", "bilinear": self.mode = .linear
    case "cubic", "bicubic": self.mode = .cubic
    default: throw GraphError(.badAttribute, "mode \"\(mode)\" is not known")
    }
    let padding = try node.string("padding_mode", default: "zeros")
    guard let known = Padding(rawValue: padding) else {
      throw GraphError(.badAttribute, "padding_mode \"\(padding)\" is not known")
    }
    self.padding = known
    alignsCorners = try node.boolean("align_corners", default: false)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    for input in inputs { try Operands.floatingPoint([input]) }
    let plan = try plan(inputs[0]!.shape, grid: inputs[1]!.shape)
    return [try TensorType(inputs[0]!.elementType, plan.output).checked()]
  }

  /// What is sampled, and how often.
  public struct Plan: Sendable, Hashable {
    public let batch: Int
    public let channels: Int
    /// Extents of the sampled axes.
    public let input: [Int]
    /// Places in each image.
    public let points: Int
    public let output: [Int]
  }

  package func plan(_ x: [Int], grid: [Int]) throws(GraphError) -> Plan {
    let axes = x.count - 2
    guard opset < 20 ? axes == 2 : (1...3).contains(axes) else {
      throw GraphError(
        .badShape, "samples images of \(opset < 20 ? "two axes" : "one to three axes"), not \(x)")
    }
    guard grid.count == x.count, grid[0] == x[0], grid[axes + 1] == axes else {
      throw GraphError(.badShape, "a grid of \(grid) does not suit \(x): [N, places..., \(axes)]")
    }
    let plan = Plan(
      batch: x[0], channels: x[1], input: Array(x[2...]),
      points: elementCount(grid[1...axes]), output: [x[0], x[1]] + grid[1...axes])
    guard plan.output.contains(0) || !plan.input.contains(0) else {
      throw GraphError(.badShape, "nothing can be sampled from an empty image \(x)")
    }
    return plan
  }

  /// Elements of an axis that one coordinate meets, nil for zeros outside, and their weights.
  ///
  /// A coordinate that is infinite or no number makes weights, and so the sample, NaN, as onnxruntime
  /// has it. The nearest element has no such weight: it is outside, or at an edge (of a NaN the first).
  func taps(at coordinate: Double, extent: Int) -> [(index: Int?, weight: Double)] {
    let n = Double(extent)
    let place = alignsCorners ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2
    let first = mode == .nearest ? place.rounded(.toNearestOrEven) : place.rounded(.down)
    let t = place - first
    switch mode {
    case .nearest: return [(element(first, extent), 1)]
    case .linear: return [(element(first, extent), 1 - t), (element(first + 1, extent), t)]
    case .cubic:
      return (-1...2).map { (element(first + Double($0), extent), Self.cubic(abs(Double($0) - t))) }
    }
  }

  /// Keys's filter at a distance of at most 2, with the parameter -0.75.
  private static func cubic(_ t: Double) -> Double {
    let a = -0.75
    if t > 1 { return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a }
    return ((a + 2) * t - (a + 3)) * t * t + 1
  }

  /// The element that stands at a whole place, however far outside.
  private func element(_ place: Double, _ extent: Int) -> Int? {
    let n = Double(extent)
    switch padding {
    case .zeros: return place >= 0 && place < n ? Int(place) : nil
    case .border: return place >= n ? extent - 1 : place > 0 ? Int(place) : 0
    case .reflection:
      // The image and its mirror image repeat; corners that are aligned are not doubled.
      let period = alignsCorners ? 2 * (n - 1) : 2 * n
      guard place.isFinite, period > 0 else { return 0 }
      var inside = place.truncatingRemainder(dividingBy: period)
      if inside < 0 { inside += period }
      return Int(inside < n ? inside : alignsCorners ? period - inside : period - 1 - inside)
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let plan = try plan(inputs[0]!.shape, grid: inputs[1]!.shape)
    let (x, grid) = (inputs[0]!.doubles, inputs[1]!.doubles)
    let (size, axes) = (elementCount(plan.input), plan.input.count)
    var y = [Double](repeating: 0, count: elementCount(plan.output))
    for item in 0..<(y.isEmpty ? 0 : plan.batch) {
      for point in 0..<plan.points {
        let coordinates = grid[((item * plan.points + point) * axes)...].prefix(axes).reversed()
        let taps = zip(coordinates, plan.input).map { self.taps(at: $0, extent: $1) }
        for channel in 0..<plan.channels {
          let image = item * plan.channels + channel
          var total = 0.0
          forEachIndex(of: taps.map(\.count)) { choice in
            var (weight, place) = (1.0, Int?.some(0))
            for axis in 0..<axes {
              let tap = taps[axis][choice[axis]]
              weight *= tap.weight
              place = place.flatMap { before in tap.index.map { before * plan.input[axis] + $0 } }
            }
            total += weight * (place.map { x[image * size + $0] } ?? 0)
          }
          y[image * plan.points + point] = total
        }
      }
    }
    return [Tensor(elementType: inputs[0]!.elementType, shape: plan.output, doubles: y)]
  }
}

extension GridSample {
  /// Channels pass; images and their grids are the same batch; places are held.
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.bind(1, 0, x[0])
    map.freeze(x.dropFirst(2), .spatial)
    map.freeze(map.axes(1).dropFirst(), .spatial)
    map.outputAxes = [[x[0], x[1]] + map.positions(from: 2)]
  }
}
