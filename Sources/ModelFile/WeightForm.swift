/// Which zeros a weight leaves out; each is specified in `model.fbs`.
public enum WeightEncoding: UInt8, Sendable, CaseIterable {
  case dense = 0
  /// Blocks of rows by channels.
  case block = 1
  /// N of M channels, alike for V rows.
  case vectorwise = 2
  /// N of M channels, each row by itself.
  case strict = 3
  case unstructured = 4
}

/// How the matrix of a weight is stored; each is specified in `model.fbs` and `esp_weight.h`.
public enum WeightPacking: UInt8, Sendable, CaseIterable {
  case panels = 0
  case patternGroups = 1
  case rows = 2
  case depthwise = 3
  /// Transformed for tiles of 2 by 2 outputs.
  case winograd2 = 4
  /// Transformed for tiles of 4 by 4 outputs.
  case winograd4 = 5
  case rowPairs = 6
  /// A few of every four columns, each row by itself, for products with one vector.
  case quads = 7

  /// Outputs of a Winograd tile each way; nil for other packings.
  public var winogradTile: Int? {
    switch self {
    case .winograd2: 2
    case .winograd4: 4
    default: nil
    }
  }

  /// Whether it has lists of what is stored; panels may do without.
  var isListed: Bool { self != .depthwise && winogradTile == nil }

  /// The feature bit of a file that uses this packing.
  public var featureBit: UInt64 { 1 << UInt64(rawValue) }
}

/// Nanoseconds that a step took on the device a file was made for.
public struct MeasuredTimes: Sendable, Hashable {
  /// With the weight as it is stored; never more than `dense`.
  public var chosen: UInt64
  /// With the weight dense in panels.
  public var dense: UInt64

  public init(chosen: UInt64, dense: UInt64) {
    self.chosen = chosen
    self.dense = dense
  }
}
