/// A machine that a model can be made for, so that its times decide how each layer is stored.
public enum Device: String, Sendable, CaseIterable {
  /// The machine this program runs on.
  case host

  /// The device of that name.
  /// - Throws: `EspalierError` with 69, which names the devices there are.
  public init(named name: String) throws(EspalierError) {
    guard let device = Device(rawValue: name) else {
      let names = Device.allCases.map(\.rawValue).joined(separator: ", ")
      throw EspalierError(
        exitCode: 69,
        "no device \"\(escapingControls(name, keepsLines: false))\"; there is: \(names)")
    }
    self = device
  }
}

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
