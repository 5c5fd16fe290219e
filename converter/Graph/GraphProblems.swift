/// Everything found wrong with a graph, all at once.
public struct GraphProblems: Error, Sendable, CustomStringConvertible {
  /// At least one.
  public var problems: [GraphError]

  public init(_ problems: [GraphError]) { self.problems = problems }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
