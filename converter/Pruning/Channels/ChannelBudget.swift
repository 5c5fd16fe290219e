/// How much structured pruning is to remove.
public enum ChannelBudget: Sendable, Hashable, CustomStringConvertible {
  /// The dense model's multiply-accumulate operations over those of the pruned one, at least.
  case operations(ratio: Double)
  /// The dense model's parameters over those of the pruned one, at least.
  case parameters(ratio: Double)
  /// The share of all prunable channels that go.
  case channels(share: Double)

  /// Reads `flops:R` or `params:R`.
  /// - Throws: `PruningError` with code `.badBudget`.
  public init(parsing text: String) throws(PruningError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].wholeMatch(of: /[0-9]+(\.[0-9]+)?([eE][0-9]+)?/) != nil,
      let ratio = Double(parts[1]), ratio >= 1, ratio.isFinite
    else {
      throw PruningError(
        .badBudget, "budget \"\(text)\" is not flops:R or params:R with R a number from 1 up")
    }
    switch parts[0] {
    case "flops": self = .operations(ratio: ratio)
    case "params": self = .parameters(ratio: ratio)
    default:
      throw PruningError(
        .badBudget, "budget \"\(text)\" is neither flops:R nor params:R")
    }
  }

  public var description: String {
    switch self {
    case .operations(let ratio): "flops:\(ratio)"
    case .parameters(let ratio): "params:\(ratio)"
    case .channels(let share): "sparsity \(share)"
    }
  }
}
