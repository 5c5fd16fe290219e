/// A tensor of attention heads: `[batch, heads, tokens, size]`, or `[batch, tokens, heads * size]`
/// where the number of heads comes from an attribute.
public struct HeadLayout: Sendable, Hashable {
  public var batch: Int
  public var heads: Int
  public var tokens: Int
  public var size: Int
  /// Whether tokens come before heads, as in three axes.
  public var isPacked: Bool

  /// - Throws: `GraphError` where the shape has other than three or four axes, or three and no
  ///   number of heads that divides the last.
  init(_ shape: [Int], heads: Int?, _ name: String) throws(GraphError) {
    switch shape.count {
    case 4:
      (batch, self.heads, tokens, size) = (shape[0], shape[1], shape[2], shape[3])
      isPacked = false
      guard heads == nil || heads == shape[1] else {
        throw GraphError(.badShape, "\(name) \(shape) has not \(heads!) heads")
      }
    case 3:
      guard let heads, heads > 0, shape[2] % heads == 0 else {
        throw GraphError(
          .badShape, "\(name) \(shape) does not divide into \(heads ?? 0) heads")
      }
      (batch, self.heads, tokens, size) = (shape[0], heads, shape[1], shape[2] / heads)
      isPacked = true
    default:
      throw GraphError(.badShape, "\(name) \(shape) has neither three nor four axes")
    }
  }

  /// Flat position of a token's first element within a head.
  func position(_ item: Int, _ head: Int, _ token: Int) -> Int {
    isPacked
      ? ((item * tokens + token) * heads + head) * size
      : ((item * heads + head) * tokens + token) * size
  }

  /// The elements in the order `[batch, heads, tokens, size]`.
  func unpacked(_ values: [Double]) -> [Double] {
    guard isPacked else { return values }
    var result: [Double] = []
    result.reserveCapacity(values.count)
    for item in 0..<batch {
      for head in 0..<heads {
        for token in 0..<tokens {
          let start = position(item, head, token)
          result += values[start..<start + size]
        }
      }
    }
    return result
  }
}
