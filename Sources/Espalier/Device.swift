internal import EspalierLatencyReport

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
