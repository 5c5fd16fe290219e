public import EspalierGraph
internal import EspalierLowering
internal import EspalierONNX

/// Every problem of an ONNX model: `espalier check`.
public struct CheckReport: Sendable, Encodable {
  public var schema = "espalier.check/1"
  /// 0 where the file was not read to its end, as are the operators.
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
    (nodes, operators, held, warnings) = (0, [], [], [])
    let read: Graph
    do throws(ImportFailure) {
      read = try importONNX(contentsOf: path)
    } catch {
      guard error.reason == .rejected, error.problems.contains(where: { $0.code != .badFile })
      else { throw EspalierError(error, in: path) }
      problems = Self.causes(of: error.problems)
      return
    }
    let graph = try read.binding(inputValues: inputValues, file: path)
    nodes = graph.nodes.count
    operators = Set(graph.nodes.map(\.operation)).sorted()
    warnings = graph.warnings(inputShapes: inputShapes)
    var found = Self.faults(graph, inputShapes)
    guard !found.isEmpty else {
      problems = []
      return
    }
    // What no extent decides is judged while one is unknown too.
    let isOpen = found.contains { $0.code == .symbolicShape }
    let hidden = isOpen ? Self.faultsAtAnyExtent(graph, inputShapes) : []
    for problem in graph.unsupportedNodes() + hidden where !found.contains(problem) {
      found.append(problem)
    }
    problems = Self.causes(of: found)
    do throws(GraphProblems) {
      held = try Specialised(graph, inputShapes: inputShapes, purpose: .rewriting).opaqueNodes
    } catch {
      // What keeps rewriting from the graph is among the problems already.
    }
  }

  private static func faults(_ graph: Graph, _ inputShapes: [String: [Int]]) -> [GraphError] {
    do throws(GraphProblems) {
      _ = try buildProgram(Specialised(graph, inputShapes: inputShapes))
      return []
    } catch {
      return error.problems
    }
  }

  /// What is wrong at several made-up extents alike, where the graph takes some of them at those.
  private static func faultsAtAnyExtent(
    _ graph: Graph, _ inputShapes: [String: [Int]]
  ) -> [GraphError] {
    let all = [16, 64, 224].map { faults(graph, graph.madeUpShapes($0, given: inputShapes)) }
    let fitting = all.filter { found in !found.contains { ofExtents.contains($0.code) } }
    let judged = fitting.isEmpty ? all : fitting
    return judged[0].filter { problem in
      !ofExtents.contains(problem.code)
        && judged.allSatisfy { found in
          found.contains { $0.code == problem.code && $0.node == problem.node }
        }
    }
  }

  /// Codes of what other extents may mend.
  private static let ofExtents: Set<GraphError.Code> = [
    .symbolicShape, .badShape, .shapeTooLarge, .foldingBudget, .badIndex, .badInput,
  ]

  /// One problem for all nodes whose messages differ in numbers alone.
  private static func causes(of problems: [GraphError]) -> [Problem] {
    var result: [Problem] = []
    var places: [String: Int] = [:]
    for problem in problems {
      let cause = problem.code.rawValue + GraphError.withoutNumbers(problem.message)
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
    let saysIt = problem.message.contains("; ")
    return switch problem.code {
    case .unsupportedOperator:
      "cut the model before it (onnx.utils.extract_model) or export it with other operators; "
        + "`groups` and `prune` carry it as it is"
    case .unsupportedVariant:
      saysIt ? nil : "export the model with plainer attributes, or cut it before the node"
    case .needsConstant:
      "if an input decides it, give that with --input-value NAME=VALUE; else simplify the model "
        + "with onnxsim or onnxslim"
    case .symbolicShape: "give the shape with --input-shape NAME=EXTENT,..."
    case .shapeTooLarge, .foldingBudget: "give smaller shapes with --input-shape NAME=EXTENT,..."
    case .internalFault: "this is a fault of Espalier, please report it with the model"
    case .badType, .badAttribute, .badArity, .badShape, .badIndex, .cycle, .danglingInput,
      .duplicateName:
      saysIt
        ? nil
        : "if onnx.checker.check_model(model, full_check=True) takes it, please report it; else export "
          + "the model again"
    case .badInput, .badFile: nil
    }
  }
}
