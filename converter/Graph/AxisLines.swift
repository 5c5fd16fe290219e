/// The lines of a tensor along one axis, as flat positions in row-major order.
///
/// A line holds the elements that differ in that axis alone: what softmax or a sort works on.
public struct AxisLines: Sendable {
  /// The axes that a line runs along: one, or all from one on.
  public let axes: Range<Int>
  /// Product of the extents before the axis.
  public let outer: Int
  /// Number of elements of a line.
  public let extent: Int
  /// Product of the extents after the axis; the distance between neighbours of a line.
  public let inner: Int

  /// - Precondition: the axis is within `0..<shape.count`.
  public init(of shape: [Int], axis: Int) {
    axes = axis..<axis + 1
    outer = shape[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }

  /// A tensor flattened to a matrix before the axis, as operators were defined before opset 13.
  public init(of shape: [Int], flattenedAt axis: Int) {
    axes = axis..<shape.count
    outer = shape[..<axis].reduce(1, *)
    extent = shape[axis...].reduce(1, *)
    inner = 1
  }

  /// The axis, or the first of several.
  public var axis: Int { axes.lowerBound }

  /// Number of lines.
  public var count: Int { outer * inner }

  /// The flat positions of a line's elements.
  public func positions(ofLine line: Int) -> [Int] {
    let start = line / inner * extent * inner + line % inner
    return (0..<extent).map { start + $0 * inner }
  }

  /// Replaces every line of an array by what a function makes of it.
  public func map<Element>(
    _ values: [Element], _ transform: ([Element]) -> [Element]
  ) -> [Element] {
    var result = values
    for line in 0..<count {
      let positions = positions(ofLine: line)
      for (position, value) in zip(positions, transform(positions.map { values[$0] })) {
        result[position] = value
      }
    }
    return result
  }

  /// What a function makes of each line, in the order of the shape without the axis.
  public func reduce<Element, Result>(
    _ values: [Element], _ body: ([Element]) -> Result
  ) -> [Result] {
    (0..<count).map { line in body(positions(ofLine: line).map { values[$0] }) }
  }
}
