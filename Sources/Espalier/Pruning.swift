public import EspalierGraph
public import EspalierONNX
public import EspalierPruning

/// Sets a graph's weights to zero.
/// - Parameter sparing: Names of initializers that stay as they are, since they were pruned before.
/// - Throws: `EspalierError` (65) for weights that are no numbers.
public func prune(
  _ graph: Graph, with pruner: MagnitudePruner, inputShapes: [String: [Int]] = [:],
  sparing: Set<String> = [], file: String, progress: ((Double) -> Void)? = nil
) throws(EspalierError) -> (Graph, PruningReport) {
  do throws(PruningError) {
    return try pruner.pruned(
      graph, inputShapes: inputShapes, sparing: sparing, progress: progress)
  } catch {
    throw EspalierError(error, in: file)
  }
}
