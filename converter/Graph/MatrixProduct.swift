/// Adds multiples of strided rows of doubles to others: the one inner loop of the slow operators.
///
/// `sums[sum + i * sumStride] += factor * values[value + i * valueStride]` for `i` in `0..<count`.
/// - Precondition: both rows lie within their arrays.
@inline(__always)
func addRow(
  _ factor: Double, _ values: [Double], at value: Int, valueStride: Int = 1,
  to sums: inout [Double], at sum: Int, sumStride: Int = 1, count: Int
) {
  guard count > 0 else { return }
  precondition(value >= 0 && value + (count - 1) * valueStride < values.count)
  precondition(sum >= 0 && sum + (count - 1) * sumStride < sums.count)
  unsafe values.withUnsafeBufferPointer { values in
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      if valueStride == 1, sumStride == 1 {
        for i in 0..<count { unsafe sums[sum + i] += factor * values[value + i] }
      } else {
        for i in 0..<count {
          unsafe sums[sum + i * sumStride] += factor * values[value + i * valueStride]
        }
      }
    }
  }
}

/// Sizes of a matrix product: `[rows, inner] x [inner, columns]`.
public struct MatrixExtents: Sendable, Hashable {
  public var rows: Int
  public var inner: Int
  public var columns: Int

  /// The product of two row-major matrices that start at offsets of their arrays.
  func product(_ a: [Double], at aStart: Int, _ b: [Double], at bStart: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<inner {
        addRow(
          a[aStart + row * inner + k], b, at: bStart + k * columns, to: &result,
          at: row * columns, count: columns)
      }
    }
    return result
  }

  /// The same for integers, wrapping.
  func product(_ a: [Int64], at aStart: Int, _ b: [Int64], at bStart: Int) -> [Int64] {
    var result = [Int64](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<inner {
        let factor = a[aStart + row * inner + k]
        for column in 0..<columns {
          result[row * columns + column] &+= factor &* b[bStart + k * columns + column]
        }
      }
    }
    return result
  }
}
