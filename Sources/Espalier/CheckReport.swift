public import EspalierGraph
internal import EspalierLowering

/// Every problem of an ONNX model: `espalier check`.
public struct CheckReport: Sendable, Encodable {
  public var schema = "espalier.check/1"
  public var nodes: Int
  /// Distinct operators.
  public var operators: [String]
  /// One for each cause.
  public var problems: [Problem]
  /// Nodes that `groups` and `prune` carry as they are, while they work on the rest; empty too where a
  /// fault or an unknown extent keeps them from it.
  public var held: [OpaqueNode]
  /// What whoever converts the model should know.
  public var warnings: [String]

  public struct Problem: Sendable, Encodable {
    public var code: String
    /// The first node that has it.
    public var node: String
    public var message: String
    /// Every node that has it.
    public var nodes: [String]
    /// What helps, where the message does not say.
    public var remedy: String?
  }

  /// Checks import, types and what the runtime executes.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - inputValues: Inputs that are constants, by name; see `Graph.binding(inputValues:file:)`.
  /// - Throws: `EspalierError` where the file is no ONNX model at all.
  public init(
    contentsOf path: String, inputShapes: [String: [Int]] = [:],
    inputValues: [String: String] = [:]
  ) throws(EspalierError) {
    let graph = try Graph(contentsOf: path).binding(inputValues: inputValues, file: path)
    nodes = graph.nodes.count
    operators = Set(graph.nodes.map(\.operation)).sorted()
    held = []
    warnings = graph.warnings(inputShapes: inputShapes)
    do throws(GraphProblems) {
      _ = try buildProgram(Specialised(graph, inputShapes: inputShapes))
      problems = []
    } catch {
      var found = error.problems
      // While an extent is unknown, nothing behind it is judged; what no extent decides is.
      for problem in graph.unsupportedNodes() where !found.contains(problem) {
        found.append(problem)
      }
      problems = Self.causes(of: found)
      do throws(GraphProblems) {
        held = try Specialised(graph, inputShapes: inputShapes, purpose: .rewriting).opaqueNodes
      } catch {
        // What keeps rewriting from the graph is among the problems already.
      }
    }
  }

  /// One problem for all nodes whose messages differ in numbers alone.
  private static func causes(of problems: [GraphError]) -> [Problem] {
    var result: [Problem] = []
    var places: [String: Int] = [:]
    for problem in problems {
      let cause = problem.code.rawValue + problem.message.replacing(/[0-9]+/, with: "#")
      if let place = places[cause] {
        if !result[place].nodes.contains(problem.node) { result[place].nodes.append(problem.node) }
        continue
      }
      places[cause] = result.count
      result.append(
        Problem(
          code: problem.code.rawValue, node: problem.node, message: problem.message,
          nodes: [problem.node], remedy: remedy(for: problem)))
    }
    return result
  }

  private static func remedy(for problem: GraphError) -> String? {
    // Some messages end with what helps.
    guard !problem.message.contains("--input-") else { return nil }
    return switch problem.code {
    case .unsupportedOperator:
      "cut the model before it (onnx.utils.extract_model) or export it with other operators; "
        + "`groups` and `prune` carry it as it is"
    case .unsupportedVariant: "export the model with plainer attributes, or cut it before the node"
    case .needsConstant:
      "if an input decides it, give that with --input-value NAME=VALUE; else simplify the model "
        + "with onnxsim or onnxslim"
    case .symbolicShape: "give the shape with --input-shape NAME=EXTENT,..."
    case .shapeTooLarge, .foldingBudget: "give smaller shapes with --input-shape NAME=EXTENT,..."
    case .internalFault: "this is a fault of Espalier, please report it with the model"
    case .badAttribute, .badArity, .badShape, .badType, .cycle, .danglingInput, .duplicateName,
      .badIndex, .badInput, .badFile:
      nil
    }
  }
}
