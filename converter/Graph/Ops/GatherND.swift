/// Picks slices by index tuples, which stand on the last axis of the indices.
public struct GatherND: Operator {
  /// Leading axes that data and indices share.
  public let batchAxes: Int

  public init(_ node: NodeContext) throws(GraphError) {
    batchAxes = node.opset >= 12 ? try node.integer("batch_dims", default: 0) : 0
    guard batchAxes >= 0 else {
      throw GraphError(.badAttribute, "batch_dims \(batchAxes) is negative")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try ElementFamily.integer.check(inputs, at: 1)
    let (data, indices) = (inputs[0]!.type, inputs[1]!.shape)
    guard let length = indices.last, batchAxes < indices.count, batchAxes <= data.rank,
      Array(indices[..<batchAxes]) == Array(data.shape[..<batchAxes]),
      length >= 1, length <= data.rank - batchAxes
    else {
      throw GraphError(
        .badShape, "indices of shape \(indices) do not suit \(data) with \(batchAxes) batch axes")
    }
    let shape = indices.dropLast() + data.shape[(batchAxes + length)...]
    return [try TensorType(data.elementType, Array(shape)).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (data, indices) = (inputs[0]!, inputs[1]!)
    let shape = try infer(inputs.known)[0].shape
    let tuplesPerBatch = indices.shape[batchAxes..<(indices.rank - 1)].reduce(1, *)
    let starts = try tuplePositions(
      indices, in: data.shape, batchAxes: batchAxes, tuplesPerBatch: tuplesPerBatch)
    let size = data.shape[(batchAxes + indices.shape.last!)...].reduce(1, *)
    return [data.gathering(starts.flatMap { $0..<($0 + size) }, shape: shape)]
  }
}

/// For each index tuple, the flat position where the slice it names begins.
func tuplePositions(
  _ indices: Tensor, in shape: [Int], batchAxes: Int = 0, tuplesPerBatch: Int = .max
) throws(GraphError) -> [Int] {
  let own = strides(of: shape)
  let length = indices.shape.last!
  let batchSize = shape[batchAxes...].reduce(1, *)
  let values = indices.integers
  var result: [Int] = []
  for tuple in 0..<indices.shape.dropLast().reduce(1, *) {
    var position = tuple / tuplesPerBatch * batchSize
    for offset in 0..<length {
      let axis = batchAxes + offset
      let index = try resolve(index: values[tuple * length + offset], extent: shape[axis])
      position += index * own[axis]
    }
    result.append(position)
  }
  return result
}
