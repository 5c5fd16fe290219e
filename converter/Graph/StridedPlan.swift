/// Which element of a tensor each element of a result is, where strides can say it: element `index` of
/// the result is element `start + sum of index[i] * strides[i]`.
public struct StridedPlan: Sendable, Hashable {
  /// Position of the first element.
  public let start: Int
  /// For each axis of the result, the distance between neighbours; 0 where elements repeat.
  public let strides: [Int]
  /// The shape of the result.
  public let shape: [Int]

  /// - Precondition: one stride for each axis, and every position within the tensor.
  public init(from start: Int = 0, strides: [Int], shape: [Int]) {
    (self.start, self.strides, self.shape) = (start, strides, shape)
  }

  /// The flat positions of all elements, in row-major order.
  public var positions: [Int] { EspalierGraph.positions(of: shape, from: start, strides: strides) }

  /// Whether the result is all of a tensor of some number of elements, in its order.
  public func isWhole(of count: Int) -> Bool {
    start == 0 && shape.reduce(1, *) == count
      && zip(shape, zip(strides, EspalierGraph.strides(of: shape))).allSatisfy {
        $0 == 1 || $1.0 == $1.1
      }
  }
}

extension Tensor {
  /// The elements that a plan names.
  func taking(_ plan: StridedPlan) -> Tensor { gathering(plan.positions, shape: plan.shape) }
}

/// The strides of a tensor broadcast to a shape: 0 on the axes along which it is stretched.
/// - Precondition: it broadcasts to that shape.
public func broadcastStrides(from source: [Int], to shape: [Int]) -> [Int] {
  let own = strides(of: source)
  let lead = shape.count - source.count
  return shape.indices.map { axis in
    axis < lead || source[axis - lead] == 1 ? 0 : own[axis - lead]
  }
}
