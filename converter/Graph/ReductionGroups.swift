/// Which elements of a tensor a reduction over some axes puts together, as flat positions.
public struct ReductionGroups: Sendable {
  /// Position of each group's first element, in the order of the reduced tensor.
  public let starts: [Int]
  /// Distances of a group's elements from its first; empty where a reduced extent is 0.
  public let offsets: [Int]

  /// - Precondition: the axes are distinct and within `0..<shape.count`.
  public init(of shape: [Int], axes: [Int]) {
    let own = EspalierGraph.strides(of: shape)
    func positions(_ axes: [Int]) -> [Int] {
      var result: [Int] = []
      forEachIndex(of: axes.map { shape[$0] }) { index in
        result.append(zip(index, axes).reduce(0) { $0 + $1.0 * own[$1.1] })
      }
      return result
    }
    starts = positions(shape.indices.filter { !axes.contains($0) })
    offsets = positions(axes.sorted())
  }

  /// What a function makes of each group's elements.
  public func reduce<Element, Result, Failure: Error>(
    _ values: [Element], _ body: ([Element]) throws(Failure) -> Result
  ) throws(Failure) -> [Result] {
    var results: [Result] = []
    results.reserveCapacity(starts.count)
    for start in starts { results.append(try body(offsets.map { values[start + $0] })) }
    return results
  }
}
