/// Row-major strides of a shape, in elements.
public func strides(of shape: [Int]) -> [Int] {
  var result = [Int](repeating: 1, count: shape.count)
  for axis in stride(from: shape.count - 2, through: 0, by: -1) {
    result[axis] = result[axis + 1] * shape[axis + 1]
  }
  return result
}

/// Calls the body with each index of a shape in row-major order; once, with `[]`, for a scalar.
public func forEachIndex(of shape: [Int], _ body: ([Int]) throws -> Void) rethrows {
  guard !shape.contains(0) else { return }
  var index = [Int](repeating: 0, count: shape.count)
  while true {
    try body(index)
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < shape[axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

/// The shape that NumPy's broadcasting gives several shapes.
/// - Throws: `GraphError` with code `.badShape` where extents disagree.
public func broadcast(_ shapes: [[Int]]) throws(GraphError) -> [Int] {
  let rank = shapes.map(\.count).max() ?? 0
  var result = [Int](repeating: 1, count: rank)
  for shape in shapes {
    for (offset, extent) in shape.enumerated() {
      let axis = rank - shape.count + offset
      if result[axis] == 1 {
        result[axis] = extent
      } else if extent != 1 && extent != result[axis] {
        throw GraphError(
          .badShape, "shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) do not broadcast")
      }
    }
  }
  return result
}

/// For each element of `shape` in row-major order, the flat position in a tensor broadcast to it.
public func broadcastPositions(from source: [Int], to shape: [Int]) -> [Int] {
  positions(of: shape, strides: broadcastStrides(from: source, to: shape))
}

/// A possibly negative axis as one within `0..<rank`.
/// - Throws: `GraphError` with code `.badAttribute` where it is out of range.
public func normalise(axis: Int, rank: Int) throws(GraphError) -> Int {
  guard axis >= -rank, axis < rank else {
    throw GraphError(.badAttribute, "axis \(axis) is outside a tensor of rank \(rank)")
  }
  return fromFront(axis, rank: rank)
}

/// An axis that is known to be there, counted from the front.
func fromFront(_ axis: Int, rank: Int) -> Int { axis < 0 ? axis + rank : axis }

/// Possibly negative, distinct axes as axes within `0..<rank`, in the order given.
/// - Throws: `GraphError` with code `.badAttribute` where one is out of range or repeated.
public func normalise(axes: [Int], rank: Int) throws(GraphError) -> [Int] {
  var result: [Int] = []
  for axis in axes {
    let axis = try normalise(axis: axis, rank: rank)
    guard !result.contains(axis) else {
      throw GraphError(.badAttribute, "axis \(axis) stands twice in \(axes)")
    }
    result.append(axis)
  }
  return result
}
