internal import EspalierBoard
internal import EspalierLatencyReport

/// How long to measure.
public struct MeasuringLimits: Sendable {
  /// Most nanoseconds spent warming up.
  public var warmup: UInt64 = 3_000_000_000
  /// Samples stop after this many nanoseconds, once there are `leastSamples`.
  public var sampling: UInt64 = 5_000_000_000
  public var leastSamples = 10
  public var mostSamples = 1000
  /// Runs of the per-step profile.
  public var profiledRuns = 20

  public init() {}
}

/// Repeats work until two batches in a row agree, so that caches, clocks and branch history settle.
///
/// Batches double. Gives whether the last two medians agreed within 1 % before the time was up.
func warmUp<Failure: Error>(
  limit: UInt64, _ work: () throws(Failure) -> UInt64
) throws(Failure) -> Bool {
  let start = Board.now
  var batch = 2
  var previous: UInt64?
  while true {
    var taken: [UInt64] = []
    for _ in 0..<batch {
      taken.append(try work())
      guard Board.now - start < limit else { return false }
    }
    let median = Samples(nanoseconds: taken).median ?? 0
    if let previous {
      let difference = median > previous ? median - previous : previous - median
      if difference <= previous / 100 { return true }
    }
    previous = median
    batch *= 2
  }
}
