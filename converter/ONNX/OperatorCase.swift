public import EspalierGraph
import Glibc

/// One of ONNX's test cases: a folder with `model.onnx` beside `test_data_set_N/{input,output}_K.pb`.
public struct OperatorCase: Sendable {
  public var graph: Graph
  public var dataSets: [DataSet]

  /// Inputs to give and the outputs to expect, both by name.
  public struct DataSet: Sendable {
    public var inputs: [String: Tensor]
    public var outputs: [String: Tensor]
  }

  /// Reads a case's model and data.
  /// - Throws: `ImportFailure` if a file is missing or not acceptable.
  public init(contentsOf folder: String) throws(ImportFailure) {
    graph = try importONNX(contentsOf: folder + "/model.onnx")
    dataSets = []
    let (inputs, outputs) = (graph.inputs, graph.outputs)
    while unsafe access("\(folder)/test_data_set_\(dataSets.count)", F_OK) == 0 {
      let set = "\(folder)/test_data_set_\(dataSets.count)"
      dataSets.append(
        DataSet(
          inputs: try Self.tensors("\(set)/input_", inputs, of: graph),
          outputs: try Self.tensors("\(set)/output_", outputs, of: graph)))
    }
  }

  /// The graph with the shapes of a data set; inputs that decide shapes are bound to their values.
  /// - Throws: `GraphProblems` with every unsupported operator or variant.
  public func specialised(for set: DataSet) throws(GraphProblems) -> Specialised {
    let shapes = set.inputs.mapValues(\.shape)
    let integers = set.inputs.filter { !$0.value.elementType.isFloatingPoint }
    var failure = GraphProblems([])
    for binding in [[:], integers, set.inputs] {
      do throws(GraphProblems) {
        return try Specialised(graph, inputShapes: shapes, binding: binding)
      } catch {
        failure = error
        guard error.problems.contains(where: { $0.code == .needsConstant }) else { break }
      }
    }
    throw failure
  }

  /// The tensors of numbered files, matched to values by position as ONNX's own runner does.
  private static func tensors(
    _ prefix: String, _ values: [Graph.ValueID], of graph: Graph
  ) throws(ImportFailure) -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (index, id) in values.enumerated() {
      guard graph.values[id].opaqueType == nil else {
        throw ImportFailure([GraphError.noTensor.at("value \"\(graph.values[id].name)\"")])
      }
      result[graph.values[id].name] = try importTensor(contentsOf: "\(prefix)\(index).pb").tensor
    }
    return result
  }
}
