/// Latencies of single inferences, in nanoseconds, in the order they were taken.
public struct Samples: Sendable {
  public private(set) var nanoseconds: [UInt64]
  private let sorted: [UInt64]

  public init(nanoseconds: [UInt64]) {
    self.nanoseconds = nanoseconds
    sorted = nanoseconds.sorted()
  }

  /// The middle sample, or the mean of the two middle ones; nil without samples.
  public var median: UInt64? {
    guard let last = sorted.indices.last else { return nil }
    let low = sorted[last / 2]
    let high = sorted[(last + 1) / 2]
    return low + (high - low) / 2
  }

  /// A percentile above the median that enough samples support to be worth printing.
  public enum Tail: Sendable {
    case p90, p95, p99, p999

    /// Samples needed for 99 % confidence with one exceedance seen (binomial, as in MLPerf's rule).
    public var samplesNeeded: Int {
      switch self {
      case .p90: 64
      case .p95: 130
      case .p99: 662
      case .p999: 6636
      }
    }

    /// How many of a thousand samples lie at or below it.
    var perMille: Int {
      switch self {
      case .p90: 900
      case .p95: 950
      case .p99: 990
      case .p999: 999
      }
    }
  }

  /// The least sample that the tail's share of samples does not exceed; nil from too few samples.
  public func percentile(_ tail: Tail) -> UInt64? {
    guard sorted.count >= tail.samplesNeeded else { return nil }
    return sorted[(sorted.count * tail.perMille + 999) / 1000 - 1]
  }

  public var minimum: UInt64? { sorted.first }
  public var maximum: UInt64? { sorted.last }
}
