internal import CEspalierBoard

/// Why the operating system refused something: what was tried, on which path, and its reason.
public struct BoardError: Error, Sendable, CustomStringConvertible {
  /// What was tried.
  public enum Action: Sendable { case read, write, makeFolder }

  public var action: Action
  public var path: String
  /// A negative errno value or one of the shim's own codes.
  var status: Int32

  public var description: String {
    let verb =
      switch action {
      case .read: "cannot read"
      case .write: "cannot write"
      case .makeFolder: "cannot make the folder"
      }
    return unsafe "\(verb) \(path): \(String(cString: esp_board_explain(status)))"
  }

  /// The command's exit code: 66 no input, 73 cannot create.
  public var exitCode: Int32 {
    switch action {
    case .read: 66
    case .write, .makeFolder: 73
    }
  }
}
