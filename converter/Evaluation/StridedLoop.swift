/// Steps through tensors of one shape together, each with its own strides, line by line.
///
/// Axes that all operands pass in one stride are merged, so that lines are as long as can be.
struct StridedLoop {
  /// Extents from the outermost axis on; the last is the length of a line, at least 1.
  private(set) var extents: [Int] = []
  /// For each operand, its stride on each axis.
  private(set) var strides: [[Int]]

  /// - Parameter strides: For each operand, its stride on each axis of the shape.
  init(_ shape: [Int], _ operands: [[Int]]) {
    strides = operands.map { _ in [] }
    for axis in shape.indices where shape[axis] != 1 {
      let merges =
        !extents.isEmpty
        && operands.indices.allSatisfy { strides[$0].last! == operands[$0][axis] * shape[axis] }
      if merges {
        extents[extents.count - 1] *= shape[axis]
      } else {
        extents.append(shape[axis])
      }
      for operand in operands.indices {
        if merges { strides[operand].removeLast() }
        strides[operand].append(operands[operand][axis])
      }
    }
    if extents.isEmpty {
      extents = [1]
      for operand in operands.indices { strides[operand] = [1] }
    }
  }

  /// Elements of a line.
  var length: Int { extents.last! }
  /// An operand's stride within a line.
  func stride(_ operand: Int) -> Int { strides[operand].last! }

  /// Calls the body with the operands' offsets at the start of each line, in row-major order.
  func forEachLine(_ body: ([Int]) -> Void) {
    guard !extents.contains(0) else { return }
    let outer = extents.count - 1
    var index = [Int](repeating: 0, count: outer)
    var offsets = [Int](repeating: 0, count: strides.count)
    while true {
      body(offsets)
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        for operand in offsets.indices { offsets[operand] += strides[operand][axis] }
        if index[axis] < extents[axis] { break }
        for operand in offsets.indices {
          offsets[operand] -= strides[operand][axis] * extents[axis]
        }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
