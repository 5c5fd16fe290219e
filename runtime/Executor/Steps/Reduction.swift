internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x -> y: some axes reduced, the others kept in order.
  mutating func bindReduce() throws(ExecutorError) {
    let x = try input(0)
    let axes = max(step.integers.count - 2, 0)
    try expect(inputs: 1...1, integers: 2 + axes)
    let y = try output()
    let kind = esp_reduce_kind(rawValue: try code(0, ReduceCode.self))
    let selectsLast = try flag(1)
    var reduced = [Int](repeating: 0, count: x.rank)
    for position in 0..<axes {
      let axis = try axis(position + 2, rank: x.rank)
      try require(reduced[axis] == 0, .badNumber, "an axis stands twice")
      reduced[axis] = 1
    }
    try requireArithmetic(x)
    var kept = 1
    var gone = 1
    for axis in 0..<x.rank {
      if reduced[axis] == 0 { kept *= x.dims[axis] } else { gone *= x.dims[axis] }
    }
    try require(y.count == kept, .badShape, "the output has not the kept axes' elements")
    if kind == ESP_REDUCE_ARG_MAX || kind == ESP_REDUCE_ARG_MIN {
      try require(axes == 1 && gone > 0, .badShape, "a position needs one axis that is not empty")
      try require(y.element == .i64, .badStep, "positions are int64")
    } else {
      try requireSameType(x, y)
    }
    try require(
      gone > 0 || kind != ESP_REDUCE_MEAN || x.element == .f32, .badShape,
      "the mean of no integers")
    guard y.count > 0 else { return }
    let marks = reduced + [Int](repeating: 0, count: 8 - x.rank)
    let flags = (
      UInt8(marks[0]), UInt8(marks[1]), UInt8(marks[2]), UInt8(marks[3]), UInt8(marks[4]),
      UInt8(marks[5]), UInt8(marks[6]), UInt8(marks[7])
    )
    let arguments = unsafe esp_reduce(
      kind: kind, type: x.type, rank: Int32(x.rank), select_last: selectsLast, dims: eight(x.dims),
      reduced: flags, x: x.address, y: y.address)
    unsafe add(arguments, kernel: "reduce", esp_reduce_task)
  }

  /// x -> y over neighbouring axes taken as one.
  mutating func bindSoftmax() throws(ExecutorError) {
    try expect(inputs: 1...1, integers: 3)
    let x = try input(0)
    let y = try output()
    let kind = esp_softmax_kind(rawValue: try code(0, SoftmaxCode.self))
    let end = try integer(2, 0...x.rank)
    let begin = try integer(1, 0...end)
    try requireFloat(x, y)
    try requireSameShape(x, y)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_softmax(
      kind: kind, outer: Int64(x.product(0..<begin)), extent: Int64(x.product(begin..<end)),
      inner: Int64(x.product(end..<x.rank)), x: x.floats, y: y.writableFloats)
    unsafe add(arguments, kernel: "softmax", esp_softmax_task)
  }

  /// x, scale?, bias? -> y, mean?, inverseDeviation?
  mutating func bindNormalize() throws(ExecutorError) {
    try expect(inputs: 1...3, outputs: 1...3, integers: 5, floats: 1)
    let x = try input(0)
    let y = try output()
    let scale = try optionalInput(1)
    let bias = try optionalInput(2)
    let mean = try optionalOutput(1)
    let inverseDeviation = try optionalOutput(2)
    let kind = esp_normalize_kind(rawValue: try code(0, NormalizeCode.self))
    let groups = try integer(1, 0...Int.max)
    let extent = try integer(2, 0...Int.max)
    let affineInner = try integer(3, 0...Int.max)
    let affineCount = try integer(4, 0...Int.max)
    try requireFloat(x, y, scale, bias, mean, inverseDeviation)
    try requireSameShape(x, y)
    try require(
      try product([groups, extent]) == x.count, .badShape, "groups do not cover the input")
    for case let affine? in [scale, bias] {
      try require(affine.count == affineCount, .badShape, "scale or bias has another length")
    }
    for case let statistic? in [mean, inverseDeviation] {
      try require(statistic.count == groups, .badShape, "not one statistic for each group")
    }
    guard y.count > 0 else { return }
    try require(affineInner > 0 && affineCount > 0, .badNumber, "scales cannot be chosen by 0")
    let arguments = unsafe esp_normalize(
      kind: kind, groups: Int64(groups), extent: Int64(extent), affine_inner: Int64(affineInner),
      affine_count: Int64(affineCount), epsilon: step.floats[0], x: x.floats, scale: scale?.floats,
      bias: bias?.floats, y: y.writableFloats, mean: mean?.writableFloats,
      inverse_deviation: inverseDeviation?.writableFloats)
    unsafe add(arguments, kernel: "normalize", esp_normalize_task)
  }

  /// x[N,C,spatial] -> y, indices?
  mutating func bindPool() throws(ExecutorError) {
    try require(step.integers.count >= 2, .badNumber, "the number of spatial axes is missing")
    let axes = try integer(1, 1...3)
    try expect(inputs: 1...1, outputs: 1...2, integers: 5 + 5 * axes)
    let x = try input(0)
    let y = try output()
    let indices = try optionalOutput(1)
    let kind = esp_pool_kind(rawValue: try code(0, PoolCode.self))
    try requireFloat(x, y)
    try require(
      x.rank == axes + 2 && y.rank == axes + 2 && x.dims[..<2] == y.dims[..<2], .badShape,
      "input and output planes differ")
    if let indices {
      try require(
        indices.element == .i64 && kind == ESP_POOL_MAX, .badStep,
        "only maxima have positions, as int64")
      try requireSameShape(indices, y)
    }
    var windows = try pooling(axes)
    try windows.fit(x, y, in: self)
    let last = 2 + 5 * axes
    let countsPad = try flag(last)
    let columnMajor = try flag(last + 1)
    let power = try int32(last + 2, from: kind == ESP_POOL_LP ? 1 : 0)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_pool(
      kind: kind, planes: Int64(x.product(0..<2)), in: three(windows.input),
      out: three(windows.output), kernel: three(windows.kernel), stride: three(windows.stride),
      dilation: three(windows.dilation), pad_begin: three(windows.padBegin),
      pad_end: three(windows.padEnd), count_include_pad: countsPad, column_major: columnMajor,
      p: power, x: x.floats, y: y.writableFloats,
      indices: indices?.address.assumingMemoryBound(to: Int64.self))
    unsafe add(arguments, kernel: "pool", esp_pool_task)
  }

  private func pooling(_ axes: Int) throws(ExecutorError) -> Windows {
    var windows = try windows(axes, at: 2)
    for axis in 0..<axes {
      windows.padEnd[axis + 3 - axes] = try integer(2 + 4 * axes + axis)
    }
    return windows
  }

  /// x[N,C,...] -> y, each element divided by a norm over neighbouring channels.
  mutating func bindLocalResponse() throws(ExecutorError) {
    try expect(inputs: 1...1, integers: 1, floats: 3)
    let x = try input(0)
    let y = try output()
    let size = try integer(0, 1...Int(Int32.max))
    try requireFloat(x, y)
    try requireSameShape(x, y)
    try require(x.rank >= 2, .badShape, "channels are axis 1")
    guard y.count > 0 else { return }
    let arguments = unsafe esp_local_response(
      batch: Int64(x.dims[0]), channels: Int64(x.dims[1]), inner: Int64(x.product(2..<x.rank)),
      size: Int64(size), alpha: step.floats[0], beta: step.floats[1], bias: step.floats[2],
      x: x.floats, y: y.writableFloats)
    unsafe add(arguments, kernel: "local_response", esp_local_response_task)
  }

  /// x -> y: sums or, by a fourth integer, products up to each position of an axis.
  mutating func bindCumulativeSum() throws(ExecutorError) {
    let count = step.integers.count == 4 ? 4 : 3
    try expect(inputs: 1...1, integers: count)
    let x = try input(0)
    let y = try output()
    let axis = try axis(0, rank: x.rank)
    let exclusive = try flag(1)
    let reverse = try flag(2)
    let product = count == 4 ? try flag(3) : 0
    try requireArithmetic(x)
    try requireSameType(x, y)
    try requireSameShape(x, y)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_cumulative_sum(
      type: x.type, outer: Int64(x.product(0..<axis)), extent: Int64(x.dims[axis]),
      inner: Int64(x.product(axis + 1..<x.rank)), exclusive: exclusive, reverse: reverse,
      product: product, x: x.address, y: y.address)
    unsafe add(arguments, kernel: "cumulative_sum", esp_cumulative_sum_task)
  }

  /// x -> values, indices: the k first in order along an axis.
  mutating func bindTopK() throws(ExecutorError) {
    try expect(inputs: 1...1, outputs: 2...2, integers: 2)
    let x = try input(0)
    let values = try output(0)
    let indices = try output(1)
    let axis = try axis(0, rank: x.rank)
    let largest = try flag(1)
    try requireArithmetic(x)
    try requireSameType(x, values)
    try require(indices.element == .i64, .badStep, "positions are int64")
    try requireSameShape(values, indices)
    var expected = x.dims
    try require(values.rank == x.rank, .badShape, "ranks differ")
    expected[axis] = values.dims[axis]
    try require(
      values.dims == expected && values.dims[axis] <= x.dims[axis], .badShape,
      "the output is not a part of the input along the axis")
    guard values.count > 0 else { return }
    let arguments = unsafe esp_top_k(
      type: x.type, outer: Int64(x.product(0..<axis)), extent: Int64(x.dims[axis]),
      inner: Int64(x.product(axis + 1..<x.rank)), k: Int64(values.dims[axis]), largest: largest,
      x: x.address, values: values.address,
      indices: indices.address.assumingMemoryBound(to: Int64.self))
    unsafe add(arguments, kernel: "top_k", esp_top_k_task)
  }
}
