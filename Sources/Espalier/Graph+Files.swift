public import EspalierGraph
internal import EspalierONNX

extension Graph {
  /// Reads an ONNX model.
  /// - Throws: `EspalierError` with every fault found: 66 where there is no file, else 65.
  public init(contentsOf path: String) throws(EspalierError) {
    do throws(ImportFailure) {
      self = try importONNX(contentsOf: path)
    } catch {
      throw EspalierError(
        exitCode: error.reason == .unreadable ? 66 : 65,
        EspalierError.lines(error.problems, path))
    }
  }

  /// Writes the graph as an ONNX file, whole or not at all.
  /// - Throws: `EspalierError` with 73.
  public func write(to path: String) throws(EspalierError) {
    do {
      try exportONNX(self, to: path)
    } catch {
      throw EspalierError(exitCode: 73, "\(path): \(error)")
    }
  }
}

/// Gives every tensor of a graph a type and folds what is constant.
/// - Throws: `EspalierError` with every unsupported operator and unknown extent at once.
package func specialise(
  _ graph: Graph, inputShapes: [String: [Int]] = [:], binding: [String: Tensor] = [:],
  file: String
) throws(EspalierError) -> Specialised {
  do throws(GraphProblems) {
    return try Specialised(graph, inputShapes: inputShapes, binding: binding)
  } catch {
    throw EspalierError(error, in: file)
  }
}
