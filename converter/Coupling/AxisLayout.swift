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
      let extent = segment.reduce(1) { $0 * size($1) }
      // Without elements there is no box.
      guard extent > 0 else { continue }
      var product = [AxisLayout.Box(start: start, digits: [])]
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

extension AxisLayout {
  /// A position of the axis, and the indices of leaves there.
  public struct Place: Sendable {
    public var position: Int
    public var index: Int
    /// The other leaf's index; `nil` where its box has none.
    public var partner: Int?
  }

  /// Every position that carries a leaf, with the index of another leaf beside it.
  public func places(of leaf: Factor, partner: Factor? = nil) -> [Place] {
    boxes.flatMap { box -> [Place] in
      guard let own = box.digits.firstIndex(where: { $0.leaf == leaf }) else { return [] }
      let other = partner.flatMap { leaf in box.digits.firstIndex { $0.leaf == leaf } }
      var result: [Place] = []
      forEachIndex(of: box.digits.map(\.size)) { index in
        let position = zip(index, box.digits).reduce(box.start) { $0 + $1.0 * $1.1.stride }
        result.append(
          Place(position: position, index: index[own], partner: other.map { index[$0] }))
      }
      return result
    }
  }

  /// For each position, the index of a leaf; `nil` where it carries none.
  public func indices(of leaf: Factor) -> [Int?] {
    var result = [Int?](repeating: nil, count: size)
    for place in places(of: leaf) { result[place.position] = place.index }
    return result
  }
}
