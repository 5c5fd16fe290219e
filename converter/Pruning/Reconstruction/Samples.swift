import EspalierEvaluation
import EspalierGraph

/// Calls what may fail for one of several samples, and says which it was.
/// - Parameter first: The number of the first of them.
func namingSample(
  after first: Int = 0, _ body: () throws(Evaluator.SampleError) -> Void
) throws(PruningError) {
  do throws(Evaluator.SampleError) {
    try body()
  } catch {
    throw PruningError(
      .badCalibration, "sample \(first + error.sample): \(error.error.message)",
      at: error.error.node)
  }
}

extension Evaluator {
  /// Samples that are walked through side by side where nothing asks for more of them.
  var bundle: Int { min(max((1 << 30) / max(peakByteCount, 1), 1), 16) }

  /// Some samples before the first node.
  /// - Parameter first: The number of the first of them.
  func start(
    _ runs: ArraySlice<[String: Tensor]>, first: Int = 0
  ) throws(PruningError) -> [Values] {
    var values: [Values] = []
    for inputs in runs {
      do throws(GraphError) {
        values.append(try start(inputs))
      } catch {
        throw PruningError(
          .badCalibration, "sample \(first + values.count): \(error.message)", at: error.node)
      }
    }
    return values
  }
}
