/// An axis of a tensor as channels make it up: a sum of segments, each a row-major product of factors.
///
/// `Concat` adds segments, a reshape that merges axes multiplies factors. Two axes that hold the same
/// factors at the same places keep and lose the same indices. An axis of extent 1 has one segment
/// without factors.
public struct Axis: Hashable, Sendable {
  /// Outermost factor first in every segment.
  public var segments: [[Factor]]

  public init(segments: [[Factor]]) { self.segments = segments }
  init(_ factor: Factor) { segments = [[factor]] }

  /// The axis of extent 1.
  public static let unit = Axis(segments: [[]])

  /// The axes of one tensor laid end to end.
  static func sum(_ axes: [Axis]) -> Axis { Axis(segments: axes.flatMap(\.segments)) }
}

/// A set of indices that tensors share: the unit that can be pruned. Meaningful within one `AxisAlgebra`.
public struct Factor: Hashable, Sendable {
  public let number: Int32

  init(_ number: Int) { self.number = Int32(number) }
  var place: Int { Int(number) }
}

/// Why the indices of an axis cannot be removed.
public enum FreezeReason: Hashable, Sendable {
  /// The caller gives this input.
  case input(String)
  /// The caller reads this output.
  case output(String)
  /// Pixels, kernel taps, window positions.
  case spatial
  /// Something of this node depends on the whole axis, or counts it.
  case semantic(node: String, String)
  /// The operator has no channel map.
  case unmapped(node: String, operation: String)
  /// The node is carried as it is, since nothing is known of it.
  case opaque(node: String, operation: String, cause: String)
  /// Two axes that must agree divide into channels in ways that cannot be joined.
  case mismatch(node: String)
}

extension FreezeReason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .input(let name): "extent of the graph input \"\(name)\", which the caller gives"
    case .output(let name): "extent of the graph output \"\(name)\", which the caller reads"
    case .spatial: "positions, not channels"
    case .semantic(let node, let what): "\(what) at \"\(node)\""
    case .unmapped(let node, let operation):
      "passes through \"\(node)\", and nothing is known of what \(operation) does to channels"
    case .opaque(let node, let operation, let cause):
      "meets \"\(node)\" (\(operation)), which is held: \(cause)"
    case .mismatch(let node):
      "\"\(node)\" joins axes that divide into channels in different ways"
    }
  }
}
