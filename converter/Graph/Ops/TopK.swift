/// The k greatest or least elements along an axis in that order, and their positions as int64.
///
/// Of equal elements the one with the lower position comes first; NaN counts as positive infinity.
/// `k` is an attribute before opset 10 and an input since. Results are sorted in any case.
public struct TopK: Operator {
  /// May be negative.
  public let axis: Int
  /// `k` as an attribute; nil where an input gives it.
  public let attributeCount: Int?
  public let findsLargest: Bool
  let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -1)
    findsLargest = node.opset < 11 ? true : try node.boolean("largest", default: true)
    outputCount = min(node.outputCount, 2)
    if node.opset < 10 {
      guard let count = try node.integer("k") else {
        throw GraphError(.badAttribute, "attribute \"k\" is missing")
      }
      attributeCount = count
    } else {
      attributeCount = nil
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(attributeCount == nil ? 2 : 1, inputs)
    try ElementFamily.number.check(inputs, at: 0)
    try ElementFamily.integer.check(inputs, at: 1)
    let input = inputs[0]!
    if attributeCount == nil {
      guard inputs[1]!.type.count == 1 else {
        throw GraphError(.badShape, "k has the shape \(inputs[1]!.shape) but must be one number")
      }
      guard inputs[1]!.constant != nil else {
        throw GraphError(.needsConstant, "the number k of elements to find must be constant")
      }
    }
    let shape = try plan(input.shape, attributeCount == nil ? inputs[1]!.constant : nil).result
    return Array([TensorType(input.elementType, shape), TensorType(.int64, shape)][..<outputCount])
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let input = inputs[0]!
    let (lines, shape) = try plan(input.shape, attributeCount == nil ? inputs[1] : nil)
    let results = AxisLines(of: shape, axis: lines.axis)
    let ordered: [[Int]] =
      if input.elementType.isFloatingPoint {
        lines.reduce(input.doubles.map { $0.isNaN ? .infinity : $0 }, order)
      } else if input.elementType == .uint64 {
        lines.reduce(input.integers.map { UInt64(bitPattern: $0) }, order)
      } else {
        lines.reduce(input.integers, order)
      }
    var sources = [Int](repeating: 0, count: shape.reduce(1, *))
    var indices = [Int64](repeating: 0, count: sources.count)
    for line in 0..<lines.count {
      let positions = lines.positions(ofLine: line)
      for (place, index) in zip(results.positions(ofLine: line), ordered[line]) {
        sources[place] = positions[index]
        indices[place] = Int64(index)
      }
    }
    let values = input.gathering(sources, shape: shape)
    return Array([values, Tensor(integers: indices, shape: shape)][..<outputCount])
  }

  /// The lines of a tensor, and the shape of the first few elements of each.
  /// - Parameter count: the value of the second input, if there is one.
  package func plan(
    _ shape: [Int], _ count: Tensor?
  ) throws(GraphError) -> (lines: AxisLines, result: [Int]) {
    let axis = try normalise(axis: axis, rank: shape.count)
    let count = count.map { Int($0.integers[0]) } ?? attributeCount ?? 0
    guard count >= 0, count <= shape[axis] else {
      throw GraphError(.badShape, "k is \(count) but axis \(axis) has \(shape[axis]) elements")
    }
    var result = shape
    result[axis] = count
    return (AxisLines(of: shape, axis: axis), result)
  }

  private func order<Value: Comparable>(_ line: [Value]) -> [Int] {
    line.indices.sorted { a, b in
      if line[a] == line[b] { return a < b }
      return findsLargest ? line[a] > line[b] : line[a] < line[b]
    }
  }
}

extension TopK {
  public func mapChannels(_ map: inout ChannelMap) {
    var x = map.axes(0)
    let axis = fromFront(axis, rank: x.count)
    map.freeze([x[axis]], "axis of a TopK")
    x[axis] = map.frozen(map.outputs[0].shape[axis], "axis of a TopK")
    map.outputAxes = map.outputs.map { _ in x }
  }
}
