public import EspalierGraph
internal import EspalierONNX

extension Graph {
  /// Reads an ONNX model.
  /// - Throws: `EspalierError` with every fault found: 66 where there is no file, else 65.
  public init(contentsOf path: String) throws(EspalierError) {
    do throws(ImportFailure) {
      self = try importONNX(contentsOf: path)
    } catch {
      throw EspalierError(error, in: path)
    }
  }

  /// The graph with inputs as constants: `espalier --input-value NAME=VALUE`.
  /// - Parameters:
  ///   - inputValues: For each input by name a number, `true` or `false`, or some with commas between.
  ///   - file: What messages call the model.
  /// - Throws: `EspalierError` (65) for names that are no inputs and text that does not fit them.
  public func binding(
    inputValues: [String: String], file: String = "the model"
  ) throws(EspalierError) -> Graph {
    let values = try inputTensors(inputValues, file: file)
    do throws(GraphProblems) { return try binding(values) } catch {
      throw EspalierError(error, in: file)
    }
  }

  /// The tensors of inputs from text.
  /// - Throws: `EspalierError` (65) with every name and text that does not fit.
  func inputTensors(_ texts: [String: String], file: String) throws(EspalierError) -> [String:
    Tensor]
  {
    var tensors: [String: Tensor] = [:]
    var problems: [GraphError] = []
    for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
      do throws(GraphError) { tensors[name] = try inputTensor(name, from: text) } catch {
        problems.append(error)
      }
    }
    guard problems.isEmpty else { throw EspalierError(GraphProblems(problems), in: file) }
    return tensors
  }

  /// Writes the graph as an ONNX file, whole or not at all.
  /// - Throws: `EspalierError`: 65 for a graph that is not well-formed or too large for the format, 73 where
  ///   the file cannot be written.
  public func write(to path: String) throws(EspalierError) {
    try Graph.write([(self, path)])
  }

  /// Writes several graphs, each as an ONNX file: all appear, or none does.
  /// - Throws: As for one.
  package static func write(_ graphs: [(graph: Graph, path: String)]) throws(EspalierError) {
    let paths = graphs.map(\.path).joined(separator: ", ")
    do throws(ExportFailure) {
      try exportONNX(graphs)
    } catch {
      throw EspalierError(
        exitCode: error.reason == .cannotWrite ? 73 : 65,
        EspalierError.lines(error.problems, paths))
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
