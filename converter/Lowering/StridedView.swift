import EspalierGraph

/// Elements of a tensor in another order, or some of them: element `index` of the view is element
/// `offset + sum of index[i] * strides[i]` of the tensor.
struct StridedView {
  var tensor: Program.TensorID
  var offset = 0
  var shape: [Int]
  var strides: [Int]

  /// All of a tensor, stretched over a larger shape as NumPy does; nil where it does not stretch.
  init?(_ tensor: Program.TensorID, _ own: [Int], over shape: [Int]) {
    guard own.count <= shape.count, !shape.contains(0) else { return nil }
    let lead = shape.count - own.count
    let ownStrides = EspalierGraph.strides(of: own)
    var strides = Array(repeating: 0, count: shape.count)
    for axis in own.indices where own[axis] != 1 {
      guard own[axis] == shape[lead + axis] else { return nil }
      strides[lead + axis] = ownStrides[axis]
    }
    (self.tensor, self.shape, self.strides) = (tensor, shape, strides)
  }

  /// The same elements in the same order under another shape; nil where strides cannot say that.
  func reshaped(_ target: [Int]) -> StridedView? {
    let old = shape.indices.filter { shape[$0] != 1 }
    var strides = Array(repeating: 0, count: target.count)
    var (from, to) = (0, 0)
    while to < target.count {
      guard target[to] != 1 else {
        to += 1
        continue
      }
      guard from < old.count else { return nil }
      // The shortest runs of axes on both sides with as many elements.
      var (fromEnd, toEnd) = (from + 1, to + 1)
      var (oldCount, newCount) = (shape[old[from]], target[to])
      while oldCount != newCount {
        if newCount < oldCount {
          guard toEnd < target.count else { return nil }
          newCount *= target[toEnd]
          toEnd += 1
        } else {
          guard fromEnd < old.count else { return nil }
          oldCount *= shape[old[fromEnd]]
          fromEnd += 1
        }
      }
      for place in from..<(fromEnd - 1) {
        let (outer, inner) = (old[place], old[place + 1])
        guard self.strides[outer] == shape[inner] * self.strides[inner] else { return nil }
      }
      var stride = self.strides[old[fromEnd - 1]]
      for axis in (to..<toEnd).reversed() {
        strides[axis] = stride
        stride *= target[axis]
      }
      (from, to) = (fromEnd, toEnd)
    }
    guard from == old.count else { return nil }
    var view = self
    (view.shape, view.strides) = (target, strides)
    return view
  }

  /// What the view shows of its tensor, as a view of the tensor on the other side of a move; nil where
  /// an axis would not have one stride there.
  func through(_ move: Move, to other: Program.TensorID) -> StridedView? {
    var view = self
    view.tensor = other
    view.offset = move.offset
    // How far into each axis of the box the view reaches.
    var reach = move.axes.map { offset / $0.own % $0.extent }
    for (place, axis) in move.axes.enumerated() { view.offset += reach[place] * axis.other }
    for axis in shape.indices where shape[axis] > 1 && strides[axis] != 0 {
      let stride = strides[axis]
      guard
        let place = move.axes.lastIndex(where: { $0.own <= stride && stride % $0.own == 0 })
      else { return nil }
      let multiple = stride / move.axes[place].own
      reach[place] += multiple * (shape[axis] - 1)
      guard reach[place] < move.axes[place].extent else { return nil }
      view.strides[axis] = multiple * move.axes[place].other
    }
    return view
  }

  mutating func swapAxes(_ a: Int, _ b: Int) {
    shape.swapAt(a, b)
    strides.swapAt(a, b)
  }

  /// What a step of the file says about it: offset and strides of all axes but the last, whose elements
  /// must follow each other.
  var rows: [Int]? {
    guard let extent = shape.last, extent == 1 || strides.last == 1 else { return nil }
    return [offset] + strides.dropLast()
  }
}

/// A copy step that touches every element of a tensor once, as seen from that tensor.
struct Move {
  /// Axes of the box, by increasing stride in the tensor; with its stride there and on the other side.
  private(set) var axes: [(extent: Int, own: Int, other: Int)]
  /// Of the first element, on the other side.
  private(set) var offset: Int

  /// Seen from the tensor it writes, or the one it reads; `count` is that tensor's.
  init?(_ copy: Program.Step, fromTarget: Bool, count: Int) {
    let numbers = copy.integers
    let rank = numbers[0]
    let extents = numbers[1..<(1 + rank)]
    let source = (offset: numbers[1 + rank], strides: numbers[(2 + rank)..<(2 + 2 * rank)])
    let target = (offset: numbers[2 + 2 * rank], strides: numbers[(3 + 2 * rank)...])
    let (own, other) = fromTarget ? (target, source) : (source, target)
    axes = zip(extents, zip(own.strides, other.strides))
      .map { (extent: $0.0, own: $0.1.0, other: $0.1.1) }
      .filter { $0.extent != 1 }.sorted { $0.own < $1.own }
    offset = other.offset
    guard own.offset == 0, axes.allSatisfy({ $0.other >= 0 }) else { return nil }
    var next = 1
    for axis in axes {
      guard axis.own == next else { return nil }
      next *= axis.extent
    }
    guard next == count else { return nil }
  }
}
