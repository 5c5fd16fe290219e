internal import EspalierModelFile

/// Sliding windows over three spatial axes, the leading ones of extent 1 where there are fewer.
struct Windows {
  var kernel = [1, 1, 1]
  var stride = [1, 1, 1]
  var dilation = [1, 1, 1]
  var padBegin = [0, 0, 0]
  var padEnd = [0, 0, 0]
  var input = [1, 1, 1]
  var output = [1, 1, 1]
  let axes: Int

  init(axes: Int) {
    self.axes = axes
  }

  /// Takes the spatial extents of x and y, and checks that no window reaches beyond 2^31.
  mutating func fit(
    _ x: Operand, _ y: Operand, in binder: borrowing Binder
  ) throws(ExecutorError) {
    for axis in 0..<axes {
      let place = axis + 3 - axes
      input[place] = x.dims[axis + 2]
      output[place] = y.dims[axis + 2]
      let last = try binder.window(
        out: output[place], stride: stride[place], dilation: dilation[place], kernel: kernel[place])
      let covered = input[place] + padBegin[place] + padEnd[place]
      try binder.require(
        max(last, covered) < Int(Int32.max), .overLimit, "a window reaches beyond 2^31")
    }
  }
}

extension Binder {
  /// Kernel, stride, dilation and begin padding of `axes` axes from integer `position` on.
  func windows(_ axes: Int, at position: Int) throws(ExecutorError) -> Windows {
    var windows = Windows(axes: axes)
    for axis in 0..<axes {
      let place = axis + 3 - axes
      let least = 1...Int(Int32.max)
      windows.kernel[place] = try integer(position + axis, least)
      windows.stride[place] = try integer(position + axes + axis, least)
      windows.dilation[place] = try integer(position + 2 * axes + axis, least)
      windows.padBegin[place] = try integer(position + 3 * axes + axis)
    }
    return windows
  }
}

/// A C array of three 64-bit numbers.
func three(_ values: [Int]) -> (Int64, Int64, Int64) {
  (Int64(values[0]), Int64(values[1]), Int64(values[2]))
}
