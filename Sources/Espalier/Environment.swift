internal import EspalierEvaluation

/// Refuses what the environment says wrong.
/// - Throws: `EspalierError` (64).
package func checkEnvironment() throws(EspalierError) {
  if let fault = Threads.fault { throw EspalierError(exitCode: 64, fault) }
}
