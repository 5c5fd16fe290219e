public import EspalierGraph

/// An axis as boxes of leaves: position `start + sum of index * stride` belongs to those indices.
///
/// Boxes are disjoint and fill the axis; sums inside products make boxes with gaps between rows.
public struct AxisLayout: Sendable, Hashable {
  public struct Digit: Sendable, Hashable {
    public var leaf: Factor
    public var size: Int
    public var stride: Int
  }
  public struct Box: Sendable, Hashable {
    public var start: Int
    /// Outermost first.
    public var digits: [Digit]
  }
  public var boxes: [Box]
  public var size: Int
}

extension AxisAlgebra {
  /// The boxes of an axis.
  public func layout(_ axis: Axis) -> AxisLayout {
    var boxes: [AxisLayout.Box] = []
    var start = 0
    for segment in normal(axis).segments {
      var product = [AxisLayout.Box(start: start, digits: [])]
      let extent = segment.reduce(1) { $0 * size($1) }
      var stride = extent
      for factor in segment {
        stride /= size(factor)
        let inner = layout(of: factor)
        product = product.flatMap { outer in
          inner.map { box in
            AxisLayout.Box(
              start: outer.start + box.start * stride,
              digits: outer.digits
                + box.digits.map { digit in
                  AxisLayout.Digit(
                    leaf: digit.leaf, size: digit.size, stride: digit.stride * stride)
                })
          }
        }
      }
      boxes += product
      start += extent
    }
    return AxisLayout(boxes: boxes, size: start)
  }

  /// The boxes of one root factor: itself, or those of what it was refined into.
  private func layout(of factor: Factor) -> [AxisLayout.Box] {
    if let refined = refinement(of: factor) { return layout(refined).boxes }
    let digit = AxisLayout.Digit(leaf: factor, size: size(factor), stride: 1)
    return [AxisLayout.Box(start: 0, digits: [digit])]
  }
}
