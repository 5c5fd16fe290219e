internal import EspalierBoard
internal import EspalierExecutor
package import EspalierLowering

/// Times layers on this machine, each once: what an earlier conversion has timed comes from the cache.
package final class HostTimer: LayerTimer {
  package let device: String
  private let conditions: String
  private var cache: MeasurementCache
  private let ignoresCache: Bool
  /// What this conversion has timed itself.
  private var fresh: Set<String> = []
  private let measure: (TimedLayer) -> [UInt64?]

  /// - Parameters:
  ///   - folder: Where the cache lies.
  ///   - identity: Of the processor and the kernels.
  ///   - measure: Times a layer's candidates.
  package init(
    options: MeasuringOptions, cacheFolder folder: String, identity: MachineIdentity,
    measure: @escaping (TimedLayer) -> [UInt64?]
  ) {
    let set = InstructionSet.best.name
    let threads = options.threads == 1 ? "1 thread" : "\(options.threads) threads"
    device = "\(identity.processor), \(set), \(threads)"
    conditions = "\(set), \(threads)"
    ignoresCache = options.ignoresCache
    cache = MeasurementCache(folder: folder, identity: identity.hash)
    self.measure = measure
  }

  /// Times on this machine's cores, with the cache of whoever runs the program.
  /// - Throws: `HostError` (69) where this machine has not so many cores.
  package convenience init(
    _ options: MeasuringOptions, cacheFolder folder: String? = nil
  ) throws(HostError) {
    let stopwatch = try LayerStopwatch(threads: options.threads)
    self.init(
      options: options, cacheFolder: folder ?? MeasurementCache.standardFolder,
      identity: MachineIdentity.current(), measure: stopwatch.nanoseconds)
  }

  package func nanoseconds(of layer: TimedLayer) -> [UInt64?] {
    let key =
      "\(conditions), \(LayerStopwatch.sweptMegabytes(layer.bytesBetweenRuns)) MB between | "
      + layer.key
    if !ignoresCache || fresh.contains(key),
      let known = cache.times(of: key, count: layer.candidateCount)
    {
      return known
    }
    let times = measure(layer)
    cache.store(times, of: key)
    fresh.insert(key)
    return times
  }

  /// Keeps the times for the next conversion.
  /// - Throws: `HostError` (73) where they cannot be written.
  package func saveCache() throws(HostError) { try cache.save() }
}
