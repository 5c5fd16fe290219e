internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x -> part of y: a copy through strides.
  mutating func bindCopy() throws(ExecutorError) {
    try require(!step.integers.isEmpty, .badNumber, "the rank is missing")
    let rank = try integer(0, 0...8)
    try expect(inputs: 1...1, integers: 3 + 3 * rank)
    let x = try input(0)
    let y = try output()
    try requireSameType(x, y)
    let any = Int.min...Int.max
    var dims: [Int] = []
    var strides: (x: [Int], y: [Int]) = ([], [])
    let offsetX = try integer(1 + rank)
    let offsetY = try integer(2 + 2 * rank)
    for axis in 0..<rank {
      dims.append(try integer(1 + axis))
      strides.x.append(try integer(2 + rank + axis, any))
      strides.y.append(try integer(3 + 2 * rank + axis, any))
    }
    guard !dims.contains(0) else { return }
    try requireReach(dims, strides.x, offset: offsetX, within: x)
    try requireReach(dims, strides.y, offset: offsetY, within: y)
    try requireApart(dims, strides.y)
    let arguments = unsafe esp_copy(
      element_size: x.elementSize, rank: Int32(rank), dims: eight(dims), x_offset: Int64(offsetX),
      x_strides: eight(strides.x), y_offset: Int64(offsetY), y_strides: eight(strides.y),
      x: x.address, y: y.address)
    unsafe add(arguments, kernel: "copy", esp_copy_task)
  }

  /// Checks that every position strides lead to lies within a tensor; no extent is 0.
  func requireReach(
    _ dims: [Int], _ strides: [Int], offset: Int, within operand: Operand
  ) throws(ExecutorError) {
    var least = offset
    var greatest = offset
    for (extent, stride) in zip(dims, strides) {
      let reach = try product([extent - 1, stride])
      let overflow: Bool
      if reach < 0 {
        (least, overflow) = least.addingReportingOverflow(reach)
      } else {
        (greatest, overflow) = greatest.addingReportingOverflow(reach)
      }
      try require(!overflow, .overLimit, "strides overflow")
    }
    try require(
      least >= 0 && greatest < operand.count, .badNumber, "strides lead outside the tensor")
  }

  /// Throws unless what strides lead to, runs of `size` elements, lies apart, so that no two workers
  /// write one element: each axis must step over all that axes with smaller strides reach.
  /// The strides have been found to stay within a tensor.
  func requireApart(
    _ dims: [Int], _ strides: [Int], size: Int = 1
  ) throws(ExecutorError) {
    let axes = dims.indices.filter { dims[$0] > 1 }
      .sorted { abs(strides[$0]) < abs(strides[$1]) }
    var reach = size
    for axis in axes {
      try require(
        abs(strides[axis]) >= reach, .badNumber, "an element of the output would be written twice")
      reach += try product([dims[axis] - 1, abs(strides[axis])])
    }
  }

  /// -> y, every element the same.
  mutating func bindFill() throws(ExecutorError) {
    try expect(inputs: 0...0, integers: 1)
    let y = try output()
    guard y.count > 0 else { return }
    let arguments = unsafe esp_fill(
      element_size: y.elementSize, bits: UInt64(bitPattern: step.integers[0]),
      count: Int64(y.count), y: y.address)
    unsafe add(arguments, kernel: "fill", esp_fill_task)
  }

  /// x, index, weight -> y: one axis of a resize. The index is copied, then checked.
  mutating func bindResample() throws(ExecutorError) {
    try expect(inputs: 3...3, integers: 1)
    let x = try input(0)
    let index = try input(1)
    let weight = try input(2)
    let y = try output()
    let axis = try axis(0, rank: x.rank)
    try requireFloat(x, weight, y)
    try require(
      index.element == .i32 && index.isConstant && index.rank == 2, .badStep,
      "the index is a constant int32 [samples,taps]")
    try requireSameShape(index, weight)
    var expected = x.dims
    expected[axis] = index.dims[0]
    try require(y.dims == expected, .badShape, "the output has another shape")
    guard y.count > 0 else { return }
    let copy = unsafe privateCopy(of: index)
    if let copy = unsafe copy {
      let numbers = unsafe copy.assumingMemoryBound(to: Int32.self)
      for position in 0..<index.count {
        let inside = unsafe numbers[position] >= 0 && Int(numbers[position]) < x.dims[axis]
        try require(inside, .badReference, "a sample lies outside the axis")
      }
    }
    let arguments = unsafe esp_resample(
      outer: Int64(x.product(0..<axis)), extent: Int64(x.dims[axis]),
      inner: Int64(x.product(axis + 1..<x.rank)), samples: Int64(index.dims[0]),
      taps: Int64(index.dims[1]), index: copy?.assumingMemoryBound(to: Int32.self),
      weight: weight.floats, x: x.floats, y: y.writableFloats)
    unsafe add(arguments, kernel: "resample", esp_resample_task)
  }

  /// x, grid -> y: samples at places that the grid names, which may lie anywhere.
  mutating func bindGridSample() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 3)
    let x = try input(0)
    let grid = try input(1)
    let y = try output()
    try requireFloat(x, grid, y)
    let taps = try int32(0)
    let outside = try integer(1, 0...2)
    let alignCorners = try flag(2)
    try require([1, 2, 4].contains(taps), .badNumber, "an axis is sampled at 1, 2 or 4 elements")
    let axes = x.rank - 2
    try require((1...3).contains(axes), .badShape, "one to three axes can be sampled")
    try require(
      grid.rank == x.rank && grid.dims[0] == x.dims[0] && grid.dims[axes + 1] == axes, .badShape,
      "the grid does not suit the image")
    try require(
      y.dims == Array(x.dims[..<2]) + grid.dims[1...axes], .badShape, "the output has another shape"
    )
    guard y.count > 0 else { return }
    try require(!x.dims.contains(0), .badShape, "an empty image has nothing to sample")
    // Axes that are not there have one element, which is not looked for.
    let extents = Array(x.dims[2...]) + [Int](repeating: 1, count: 3 - axes)
    let arguments = unsafe esp_grid_sample(
      taps: taps, outside: esp_sample_outside(rawValue: UInt32(outside)),
      align_corners: alignCorners, axes: Int32(axes), batch: Int64(x.dims[0]),
      channels: Int64(x.dims[1]), points: Int64(grid.product(1..<axes + 1)),
      extents: three(extents), x: x.floats, grid: grid.floats, y: y.writableFloats)
    unsafe add(arguments, kernel: "grid_sample", esp_grid_sample_task)
  }

  /// index, values[2] -> y: values[1] where the new axis meets the index.
  mutating func bindOneHot() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 1)
    let index = try input(0)
    let values = try input(1)
    let y = try output()
    let axis = try axis(0, rank: y.rank)
    try requireArithmetic(index)
    try requireSameType(values, y)
    try require(values.count == 2, .badShape, "two values are needed: off and on")
    var expected = y.dims
    expected.remove(at: axis)
    try require(index.dims == expected, .badShape, "the output has another shape")
    guard y.count > 0 else { return }
    let arguments = unsafe esp_one_hot(
      index_type: index.type, element_size: y.elementSize, outer: Int64(y.product(0..<axis)),
      depth: Int64(y.dims[axis]), inner: Int64(y.product(axis + 1..<y.rank)),
      index: index.address, values: values.address, y: y.address)
    unsafe add(arguments, kernel: "one_hot", esp_one_hot_task)
  }

  /// x -> y: the upper or lower triangle of the last two axes.
  mutating func bindTriangle() throws(ExecutorError) {
    try expect(inputs: 1...1, integers: 2)
    let x = try input(0)
    let y = try output()
    let upper = try flag(0)
    // Diagonals this far out are all alike, and nearer ones cannot overflow in a kernel.
    let diagonal = try integer(1, Int.min...Int.max)
    try requireSameType(x, y)
    try requireSameShape(x, y)
    try require(x.rank >= 2, .badShape, "a matrix has two axes")
    guard y.count > 0 else { return }
    let bound = Int(Int32.max)
    let arguments = unsafe esp_triangle(
      element_size: x.elementSize, upper: upper, matrices: Int64(x.product(0..<x.rank - 2)),
      rows: Int64(x.dims[x.rank - 2]), columns: Int64(x.dims[x.rank - 1]),
      k: Int64(min(max(diagonal, -bound), bound)), x: x.address, y: y.address)
    unsafe add(arguments, kernel: "triangle", esp_triangle_task)
  }
}
