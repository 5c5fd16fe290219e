/// Turns round the beginning of each sequence of a batch; what is behind its length stays.
public struct ReverseSequence: Operator {
  /// 0 or 1, as the batch's axis is, which is the other.
  public let timeAxis: Int

  public init(_ node: NodeContext) throws(GraphError) {
    timeAxis = try node.integer("time_axis", default: 0)
    let batchAxis = try node.integer("batch_axis", default: 1)
    guard (0...1).contains(timeAxis), (0...1).contains(batchAxis), timeAxis != batchAxis else {
      throw GraphError(
        .badAttribute,
        "time_axis \(timeAxis) and batch_axis \(batchAxis) must be 0 and 1 or 1 and 0")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    let shape = inputs[0]!.shape
    guard inputs[1]!.elementType == .int64 else {
      throw GraphError(.badType, "lengths are \(inputs[1]!.elementType) but must be int64")
    }
    guard shape.count >= 2, inputs[1]!.shape == [shape[1 - timeAxis]] else {
      throw GraphError(
        .badShape, "lengths of shape \(inputs[1]!.shape) for sequences of shape \(shape)")
    }
    if let lengths = inputs[1]!.constant { _ = try plan(shape, lengths: lengths.integers) }
    return [inputs[0]!.type]
  }

  /// For each place of the first two axes the one it is copied from, both counted across the two.
  /// - Throws: `GraphError` with code `.badIndex` for a length that no sequence has.
  package func plan(_ shape: [Int], lengths: [Int64]) throws(GraphError) -> [Int] {
    let (extent, width) = (shape[timeAxis], shape[1])
    for length in lengths where length < 0 || length > extent {
      throw GraphError(.badIndex, "a length of \(length) in sequences of \(extent)")
    }
    var sources: [Int] = []
    for row in 0..<shape[0] {
      for column in 0..<width {
        let (time, batch) = timeAxis == 0 ? (row, column) : (column, row)
        let length = Int(lengths[batch])
        let source = time < length ? length - 1 - time : time
        sources.append(timeAxis == 0 ? source * width + batch : batch * width + source)
      }
    }
    return sources
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let data = inputs[0]!
    let inner = data.shape[2...].reduce(1, *)
    let sources = try plan(data.shape, lengths: inputs[1]!.integers)
    return [data.gathering(sources.flatMap { $0 * inner..<($0 + 1) * inner }, shape: data.shape)]
  }
}

extension ReverseSequence {
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough(freezing: timeAxis, "turned round in time")
    map.freeze([map.outputAxes[0][1 - timeAxis]] + map.axes(1), "each with a length of its own")
  }
}
