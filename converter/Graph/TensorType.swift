/// The element type and shape of a tensor whose values are not known yet.
public struct TensorType: Sendable, Hashable, CustomStringConvertible {
  public var elementType: ElementType
  public var shape: [Int]

  public init(_ elementType: ElementType, _ shape: [Int]) {
    self.elementType = elementType
    self.shape = shape
  }

  public var rank: Int { shape.count }
  /// Number of elements. Bounded where types enter: `TensorType.checked`.
  public var count: Int { shape.reduce(1, *) }

  public var description: String {
    "\(elementType)[\(shape.map(String.init).joined(separator: "x"))]"
  }

  /// The largest number of elements a single tensor may have.
  public static let maximumCount = 1 << 31

  /// The largest rank a tensor may have.
  public static let maximumRank = 32

  /// This type, once its extents are known to be non-negative and its size to be bounded.
  /// - Throws: `GraphError` with code `.shapeTooLarge`.
  public func checked() throws(GraphError) -> TensorType {
    guard rank <= Self.maximumRank else {
      throw GraphError(.shapeTooLarge, "a rank of \(rank) exceeds \(Self.maximumRank)")
    }
    var count = 1
    for extent in shape {
      // An extent of 0 does not excuse the others: strides are products of any of them.
      let (product, overflow) = count.multipliedReportingOverflow(by: max(extent, 1))
      guard extent >= 0, !overflow, product <= Self.maximumCount else {
        throw GraphError(
          .shapeTooLarge, "the shape \(shape) is negative or exceeds \(Self.maximumCount) elements")
      }
      count = product
    }
    return self
  }
}
