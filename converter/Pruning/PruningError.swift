/// Why pruning is not possible: a stable code, the place, the cause and what would fix it.
public struct PruningError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Stable codes; scripts may rely on them, so they are added but never reused.
  public enum Code: String, Sendable, Hashable {
    case badPattern = "E2001"
    case badSparsity = "E2002"
    case badExclusion = "E2003"
    case nonFiniteWeight = "E2004"
    case badGraph = "E2005"
    case badBudget = "E2006"
    case unreachableBudget = "E2007"
    case badCalibration = "E2008"
    case tooLarge = "E2009"
    case badStep = "E2010"
    case missingFile = "E2011"
    case nonFiniteScore = "E2012"
    /// What is not known of a node is in the way.
    case opaqueNode = "E2013"
    /// The request would have left the model as it was.
    case nothingDone = "E2014"
    /// The pruned model's outputs have little to do with the dense one's.
    case brokenModel = "E2015"
    case badScores = "E2202"
  }

  public var code: Code
  /// The initializer, or what else the error is about; empty where the message says it all.
  public var place: String
  public var message: String

  public init(_ code: Code, _ message: String, at place: String = "") {
    self.code = code
    self.place = place
    self.message = message
  }

  public var description: String {
    place.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue) at \(place): \(message)"
  }
}
