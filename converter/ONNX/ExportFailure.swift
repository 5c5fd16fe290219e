public import EspalierGraph

/// Why a graph was not written as an ONNX file.
public struct ExportFailure: Error, Sendable, CustomStringConvertible {
  /// Whether the graph cannot be a file, or the file could not be written.
  public enum Reason: Sendable, Hashable {
    case rejected
    case cannotWrite
  }

  public var reason: Reason
  /// At least one.
  public var problems: [GraphError]

  public init(_ problems: [GraphError], reason: Reason = .rejected) {
    self.problems = problems
    self.reason = reason
  }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
