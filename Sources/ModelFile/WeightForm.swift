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
