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

  /// Walks through the graph with all samples, some side by side, as far as a node.
  /// - Parameters:
  ///   - visit: Called before a node is computed with what each sample gives it, and their numbers.
  ///   - progress: Called with the share of the samples that are through.
  func visit(
    _ runs: [[String: Tensor]], upTo last: Int, progress: (Double) -> Void = { _ in },
    _ visit: (_ node: Int, _ inputs: () -> [[Tensor?]], _ samples: Range<Int>) -> Void
  ) throws(PruningError) {
    for first in stride(from: 0, to: runs.count, by: bundle) {
      let samples = first..<min(first + bundle, runs.count)
      var values = try start(runs[samples], first: first)
      for node in 0...last {
        visit(node, { values.map { inputs(ofNode: node, $0) } }, samples)
        try namingSample(after: first) { () throws(SampleError) in
          try compute(node, all: &values)
        }
      }
      progress(Double(samples.upperBound) / Double(runs.count))
    }
  }

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
