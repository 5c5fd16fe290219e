public import EspalierExecutor
public import EspalierLatencyReport
internal import EspalierMeasure

extension BenchReport {
  /// Measures a packed model's latency on this machine: `espalier bench`.
  /// - Parameters:
  ///   - threads: Workers that share each layer's work.
  ///   - seconds: Of sampling, once the times have settled.
  ///   - instructionSet: Kernels to use; nil for the best this processor has.
  /// - Throws: `EspalierError`: 66 where there is no file, 65 where it is no model or a run fails, 69
  ///   where this machine lacks what it needs.
  public init(
    measuring model: String, threads: Int = 1, seconds: Double = 2,
    instructionSet: InstructionSet? = nil
  ) throws(EspalierError) {
    var options = BenchOptions()
    options.threads = threads
    options.instructionSet = instructionSet
    options.limits.sampling = UInt64(seconds * 1e9)
    do throws(BenchError) {
      self = try bench(modelAt: model, options: options)
    } catch {
      switch error {
      case .load(let error): throw EspalierError(error)
      case .run: throw EspalierError(exitCode: error.exitCode, "\(model): \(error)")
      }
    }
  }
}
