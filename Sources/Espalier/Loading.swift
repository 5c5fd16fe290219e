public import EspalierExecutor
public import EspalierGraph
public import EspalierMeasure
public import EspalierONNX

/// Reads an ONNX model.
/// - Throws: `EspalierError` with every fault found: 66 where there is no file, else 65.
public func loadGraph(_ path: String) throws(EspalierError) -> Graph {
  do throws(ImportFailure) {
    return try importONNX(contentsOf: path)
  } catch {
    throw EspalierError(
      exitCode: error.reason == .unreadable ? 66 : 65,
      EspalierError.lines(error.problems, path))
  }
}

/// Gives every tensor of a graph a type and folds what is constant.
/// - Throws: `EspalierError` with every unsupported operator and unknown extent at once.
public func specialise(
  _ graph: Graph, inputShapes: [String: [Int]] = [:], binding: [String: Tensor] = [:],
  file: String
) throws(EspalierError) -> Specialised {
  do throws(GraphProblems) {
    return try Specialised(graph, inputShapes: inputShapes, binding: binding)
  } catch {
    throw EspalierError(error, in: file)
  }
}

/// Maps a packed model and verifies it.
public func loadModel(_ path: String) throws(EspalierError) -> Model {
  do throws(LoadError) {
    return try Model(contentsOf: path)
  } catch {
    throw EspalierError(error)
  }
}

/// Verifies a packed model that is in memory.
public func loadModel(bytes: [UInt8], name: String) throws(EspalierError) -> Model {
  do throws(ExecutorError) {
    return try Model(copying: bytes.span)
  } catch {
    throw EspalierError(exitCode: error.exitCode, "\(name): \(error)")
  }
}

/// Whether a file begins as a packed model does; false where it cannot be read.
public func isPackedModel(_ path: String) -> Bool { path.hasSuffix(".esp") || hasMagic(path) }
