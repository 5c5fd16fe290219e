internal import CEspalierKernels
internal import EspalierModelFile

// Steps whose positions are data: kernels check each index as they meet it and report a fault.
extension Binder {
  /// x, index -> y: slices of one axis.
  mutating func bindGather() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 1)
    let x = try input(0)
    let index = try input(1)
    let y = try output()
    let axis = try axis(0, rank: x.rank)
    try requireIndices(index)
    try requireSameType(x, y)
    try require(
      y.dims == Array(x.dims[..<axis]) + index.dims + Array(x.dims[(axis + 1)...]), .badShape,
      "the output has another shape")
    guard y.count > 0 else { return }
    let arguments = unsafe esp_gather(
      element_size: x.elementSize, index_type: index.type, outer: Int64(x.product(0..<axis)),
      extent: Int64(x.dims[axis]), inner: Int64(x.product(axis + 1..<x.rank)),
      index_count: Int64(index.count), x: x.address, index: index.address, y: y.address)
    unsafe add(arguments, kernel: "gather", esp_gather_task)
  }

  /// x, index -> y: one element for each index.
  mutating func bindGatherElements() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 1)
    let x = try input(0)
    let index = try input(1)
    let y = try output()
    let axis = try axis(0, rank: x.rank)
    try requireIndices(index)
    try requireSameType(x, y)
    try requireSameShape(index, y)
    try requireWithin(index, x, except: axis)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_gather_elements(
      element_size: x.elementSize, rank: Int32(x.rank), axis: Int32(axis), index_type: index.type,
      x_dims: eight(x.dims), index_dims: eight(index.dims), x: x.address, index: index.address,
      y: y.address)
    unsafe add(arguments, kernel: "gather_elements", esp_gather_elements_task)
  }

  /// Checks that an index tensor reaches no further than x along all axes but one.
  private func requireWithin(
    _ index: Operand, _ x: Operand, except axis: Int
  ) throws(ExecutorError) {
    try require(index.rank == x.rank, .badShape, "ranks differ")
    for other in 0..<x.rank where other != axis {
      try require(
        index.dims[other] <= x.dims[other], .badShape, "the index is larger than the data")
    }
  }

  /// x, index -> y: a slice for each tuple of coordinates.
  mutating func bindGatherND() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 1)
    let x = try input(0)
    let index = try input(1)
    let y = try output()
    try require(index.element == .i64, .badStep, "tuples are int64")
    try require(index.rank > 0 && x.rank > 0, .badShape, "a scalar has no tuples")
    let batch = try integer(0, 0...min(index.rank - 1, x.rank - 1))
    try requireSameType(x, y)
    try require(x.dims[..<batch] == index.dims[..<batch], .badShape, "batch extents differ")
    let length = try tupleLength(index, rank: x.rank - batch)
    let outer = Array(index.dims.dropLast())
    try require(
      y.dims == outer + Array(x.dims[(batch + length)...]), .badShape,
      "the output has another shape")
    guard y.count > 0 else { return }
    let arguments = unsafe esp_gather_nd(
      element_size: x.elementSize, tuple_length: Int32(length),
      batches: Int64(x.product(0..<batch)),
      tuples: Int64(index.product(batch..<index.rank - 1)),
      inner: Int64(x.product(batch + length..<x.rank)),
      dims: eight(Array(x.dims[batch..<batch + length])), x: x.address,
      index: index.address.assumingMemoryBound(to: Int64.self), y: y.address)
    unsafe add(arguments, kernel: "gather_nd", esp_gather_nd_task)
  }

  private func tupleLength(_ index: Operand, rank: Int) throws(ExecutorError) -> Int {
    let length = index.dims[index.rank - 1]
    try require(
      length >= 1 && length <= rank, .badShape, "a tuple has too many coordinates, or none")
    return length
  }

  /// x, index, updates -> y: slices of x replaced or combined.
  mutating func bindScatterND() throws(ExecutorError) {
    try expect(inputs: 3...3, integers: 1)
    let x = try input(0)
    let index = try input(1)
    let updates = try input(2)
    let y = try output()
    let reduction = try reduction(0, x)
    try require(index.element == .i64, .badStep, "tuples are int64")
    try requireSameType(x, y)
    try requireSameType(x, updates)
    try requireSameShape(x, y)
    try require(index.rank > 0, .badShape, "a scalar has no tuples")
    let length = try tupleLength(index, rank: x.rank)
    try require(
      updates.dims == Array(index.dims.dropLast()) + Array(x.dims[length...]), .badShape,
      "the updates have another shape")
    guard y.count > 0 else { return }
    let arguments = unsafe esp_scatter_nd(
      type: x.type, reduction: reduction, tuple_length: Int32(length), count: Int64(x.count),
      tuples: Int64(index.product(0..<index.rank - 1)), inner: Int64(x.product(length..<x.rank)),
      dims: eight(Array(x.dims[..<length])), x: x.address, updates: updates.address,
      index: index.address.assumingMemoryBound(to: Int64.self), y: y.address)
    unsafe add(arguments, kernel: "scatter_nd", esp_scatter_nd_task)
  }

  /// x, index, updates -> y: elements of x replaced or combined.
  mutating func bindScatterElements() throws(ExecutorError) {
    try expect(inputs: 3...3, integers: 2)
    let x = try input(0)
    let index = try input(1)
    let updates = try input(2)
    let y = try output()
    let axis = try axis(0, rank: x.rank)
    let reduction = try reduction(1, x)
    try requireIndices(index)
    try requireSameType(x, y)
    try requireSameType(x, updates)
    try requireSameShape(x, y)
    try requireSameShape(index, updates)
    try requireWithin(index, x, except: axis)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_scatter_elements(
      type: x.type, index_type: index.type, reduction: reduction, rank: Int32(x.rank),
      axis: Int32(axis), x_dims: eight(x.dims), index_dims: eight(index.dims), x: x.address,
      index: index.address, updates: updates.address, y: y.address)
    unsafe add(arguments, kernel: "scatter_elements", esp_scatter_elements_task)
  }

  /// How updates meet what is there; only numbers can be combined.
  private func reduction(
    _ position: Int, _ x: Operand
  ) throws(ExecutorError) -> esp_scatter_reduction {
    let reduction = esp_scatter_reduction(rawValue: UInt32(try integer(position, 0...4)))
    if reduction != ESP_SCATTER_SET { try requireArithmetic(x) }
    return reduction
  }
}
