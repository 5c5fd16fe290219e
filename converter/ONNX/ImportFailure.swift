public import EspalierGraph

/// Why a file did not become a graph: every problem found, each with a code and a place.
public struct ImportFailure: Error, Sendable, CustomStringConvertible {
  /// Whether the file could not be read at all, or was read and is not acceptable.
  public enum Reason: Sendable, Hashable {
    case unreadable
    case rejected
  }

  public var reason: Reason
  /// At least one; a malformed file has exactly one, with the byte offset as its place.
  public var problems: [GraphError]

  /// Problems kept; a small file can have very many.
  static let maximumProblems = 1000

  public init(_ problems: [GraphError], reason: Reason = .rejected) {
    self.problems = Array(problems.prefix(Self.maximumProblems))
    if problems.count > Self.maximumProblems {
      let rest = problems.count - Self.maximumProblems
      self.problems.append(GraphError(.badFile, "and \(rest) problems more"))
    }
    self.reason = reason
  }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
