public import EspalierExecutor
public import EspalierLatencyReport
internal import EspalierMeasure

/// Measures a packed model's latency on this machine.
/// - Throws: `EspalierError` with the load's or the run's exit code.
public func measure(
  _ model: String, threads: Int = 1, seconds: Double = 2, instructionSet: InstructionSet? = nil
) throws(EspalierError) -> BenchReport {
  var options = BenchOptions()
  options.threads = threads
  options.instructionSet = instructionSet
  options.limits.sampling = UInt64(seconds * 1e9)
  do throws(BenchError) {
    return try bench(modelAt: model, options: options)
  } catch {
    switch error {
    case .load(let error): throw EspalierError(error)
    case .run: throw EspalierError(exitCode: error.exitCode, "\(model): \(error)")
    }
  }
}
