/// A sliding window over known spatial extents: which inputs each output sees through each tap.
///
/// Output `o` sees through tap `k` the input `o * stride + k * dilation - begin` of each axis, where
/// that lies within the input.
public struct PlacedWindow: Sendable, Hashable {
  public var input: [Int]
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// Padding before and after each axis.
  public var begins: [Int]
  public var ends: [Int]
  public var output: [Int] = []

  package init(
    input: [Int], kernel: [Int], strides: [Int], dilations: [Int], begins: [Int], ends: [Int],
    output: [Int] = []
  ) {
    self.input = input
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.begins = begins
    self.ends = ends
    self.output = output
  }

  /// The input extent that a kernel reaches over on an axis, its dilation included.
  public func kernelExtent(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// The outputs that see an input through a tap, on one axis.
  public func outputs(axis: Int, tap: Int) -> Range<Int> {
    let shift = tap * dilations[axis] - begins[axis]
    let first = shift >= 0 ? 0 : (-shift + strides[axis] - 1) / strides[axis]
    let room = input[axis] - shift
    let end = room <= 0 ? 0 : min(output[axis], (room - 1) / strides[axis] + 1)
    return first..<max(first, end)
  }

  /// The taps through which an output sees an input, on one axis.
  public func taps(axis: Int, output: Int) -> Range<Int> {
    let start = output * strides[axis] - begins[axis]
    let first = start >= 0 ? 0 : (-start + dilations[axis] - 1) / dilations[axis]
    let room = input[axis] - start
    let end = room <= 0 ? 0 : min(kernel[axis], (room - 1) / dilations[axis] + 1)
    return first..<max(first, end)
  }

  /// A run of outputs along the last axis, and the inputs they see through one tap.
  public struct Run: Sendable {
    /// Flat position of the run's first element within the plane of outputs.
    public var output: Int
    /// Flat position of the first input; each next one is the last axis's stride further.
    public var input: Int
    public var count: Int
  }

  /// Every run of outputs that see inputs through one tap, in order.
  public func runs(tap: [Int]) -> [Run] {
    let last = kernel.count - 1
    let ranges = kernel.indices.map { outputs(axis: $0, tap: tap[$0]) }
    let outputStrides = EspalierGraph.strides(of: output)
    let inputStrides = EspalierGraph.strides(of: input)
    var result: [Run] = []
    guard ranges.allSatisfy({ !$0.isEmpty }) else { return result }
    forEachIndex(of: ranges[..<last].map(\.count)) { index in
      var run = Run(output: 0, input: 0, count: ranges[last].count)
      for axis in kernel.indices {
        let position = ranges[axis].lowerBound + (axis < last ? index[axis] : 0)
        let seen = position * strides[axis] + tap[axis] * dilations[axis] - begins[axis]
        run.output += position * outputStrides[axis]
        run.input += seen * inputStrides[axis]
      }
      result.append(run)
    }
    return result
  }

  /// The flat positions of the inputs that one output sees, in row-major order of the taps.
  func seen(from output: [Int]) -> [Int] {
    let inputStrides = EspalierGraph.strides(of: input)
    let ranges = output.indices.map { taps(axis: $0, output: output[$0]) }
    var result: [Int] = []
    forEachIndex(of: ranges.map(\.count)) { index in
      var position = 0
      for axis in index.indices {
        let tap = ranges[axis].lowerBound + index[axis]
        position +=
          (output[axis] * strides[axis] + tap * dilations[axis] - begins[axis]) * inputStrides[axis]
      }
      result.append(position)
    }
    return result
  }
}
