/// The mean of each window, over the elements it covers or, on request, its padding as well.
public struct AveragePool: Operator {
  public let window: SpatialWindow
  /// Whether padding counts as elements of value zero.
  public let countsPadding: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    window = try SpatialWindow(node)
    countsPadding = try node.boolean("count_include_pad", default: false)
  }

  /// The window over an input of a shape.
  public func placedWindow(_ input: [Int]) throws(GraphError) -> PlacedWindow {
    try Pooling.placed(window, over: input)
  }

  /// How many elements an output's mean divides by.
  public func divisor(_ placed: PlacedWindow, output: [Int]) -> Int {
    var count = 1
    for axis in output.indices {
      if countsPadding {
        // A partial last window reaches past the padding; what lies beyond does not count.
        var padded = placed
        padded.begins[axis] = 0
        padded.input[axis] += placed.begins[axis] + placed.ends[axis]
        count *= padded.taps(axis: axis, output: output[axis]).count
      } else {
        count *= placed.taps(axis: axis, output: output[axis]).count
      }
    }
    return count
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try Operands.floatingPoint(inputs)
    let placed = try placedWindow(inputs[0]!.shape)
    // The divisor counts padding too, so it must be bounded apart from the input's size.
    _ = try TensorType(.float32, placed.kernel).checked()
    return [try Pooling.type(inputs[0]!.type, window)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let values = x.doubles
    let placed = try placedWindow(x.shape)
    let means = Pooling.evaluate(x.shape, placed) { output, seen in
      seen.reduce(0) { $0 + values[$1] } / Double(divisor(placed, output: output))
    }
    return [
      Tensor(
        elementType: x.elementType, shape: x.shape.prefix(2) + placed.output, doubles: means)
    ]
  }
}

extension AveragePool {
  public func mapChannels(_ map: inout ChannelMap) { map.pool() }
}
