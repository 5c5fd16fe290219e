import EspalierGraph

/// A weight as output rows by input columns, one matrix for each group and kernel tap, whatever
/// order the initializer has.
struct WeightMatrix: Sendable, Hashable {
  /// Rows of one group.
  var rows: Int
  /// Columns of one group.
  var columns: Int
  var rowStride: Int
  var columnStride: Int
  /// The flat position of each group's first element.
  var groupStarts: [Int]
  /// The flat distance of each kernel tap from the first.
  var tapOffsets: [Int]

  var count: Int { groupStarts.count * rows * columns * tapOffsets.count }
}

/// An initializer as a node sees it: through transposes, which only reorder axes.
struct WeightView: Sendable, Hashable {
  let initializer: Graph.ValueID
  private(set) var shape: [Int]
  private(set) var strides: [Int]

  init(_ initializer: Graph.ValueID, shape: [Int]) {
    self.initializer = initializer
    self.shape = shape
    strides = EspalierGraph.strides(of: shape)
  }

  /// The view with its axes reordered; `nil` where that is no permutation of them.
  func permuted(_ axes: [Int]?) -> WeightView? {
    let axes = axes ?? shape.indices.reversed()
    guard axes.sorted() == Array(shape.indices) else { return nil }
    var result = self
    result.shape = axes.map { shape[$0] }
    result.strides = axes.map { strides[$0] }
    return result
  }

  /// The weight of a convolution, [outputs, inputs / groups, kernel...].
  func convolution(groups: Int) -> WeightMatrix? {
    guard shape.count >= 3, groups > 0, shape[0] >= groups, shape[0] % groups == 0
    else { return nil }
    let rows = shape[0] / groups
    return WeightMatrix(
      rows: rows, columns: shape[1], rowStride: strides[0], columnStride: strides[1],
      groupStarts: (0..<groups).map { $0 * rows * strides[0] },
      tapOffsets: offsets(2..<shape.count))
  }

  /// The weight of a transposed convolution, [inputs, outputs / groups, kernel...].
  func transposedConvolution(groups: Int) -> WeightMatrix? {
    guard shape.count >= 3, groups > 0, shape[0] >= groups, shape[0] % groups == 0
    else { return nil }
    let columns = shape[0] / groups
    return WeightMatrix(
      rows: shape[1], columns: columns, rowStride: strides[1], columnStride: strides[0],
      groupStarts: (0..<groups).map { $0 * columns * strides[0] },
      tapOffsets: offsets(2..<shape.count))
  }

  /// The right operand of a product, [..., inputs, outputs]; leading axes count as groups.
  func rightOperand() -> WeightMatrix? {
    guard shape.count >= 2 else { return nil }
    let inner = shape.count - 2
    return WeightMatrix(
      rows: shape[inner + 1], columns: shape[inner], rowStride: strides[inner + 1],
      columnStride: strides[inner], groupStarts: offsets(0..<inner), tapOffsets: [0])
  }

  /// The flat positions that the indices of some axes reach, in row-major order.
  private func offsets(_ axes: Range<Int>) -> [Int] {
    var result = [0]
    for axis in axes {
      result = result.flatMap { start in (0..<shape[axis]).map { start + $0 * strides[axis] } }
    }
    return result
  }
}
