/// How layers are timed while a model is converted.
public struct MeasuringOptions: Sendable {
  /// Workers that the model will run on.
  public var threads = 1
  /// Whether to time again what earlier conversions have timed.
  public var ignoresCache = false

  public init(threads: Int = 1, ignoresCache: Bool = false) {
    self.threads = threads
    self.ignoresCache = ignoresCache
  }
}
