package import EspalierGraph
package import EspalierModelFile

/// What lowering may decide, and how.
package struct LoweringOptions {
  /// Whether zeros may be packed away; otherwise every weight stays dense.
  package var allowsSparse = true
  /// Decides by measurement; without one the cost model decides.
  package var timer: (any LayerTimer)?
  /// How many layers may be looked at together; what is chosen does not depend on it.
  package var threads: Int

  package init(allowsSparse: Bool = true, timer: (any LayerTimer)? = nil, threads: Int = 1) {
    self.allowsSparse = allowsSparse
    self.timer = timer
    self.threads = threads
  }
}

/// A network ready to be written, and what was decided about each layer with weights.
package struct LoweredModel: Sendable {
  package var description: ModelDescription
  package var layers: [LoweredLayer]
  package var arenaByteCount: Int
}

/// One layer with weights: the decision about it, for tables.
package struct LoweredLayer: Sendable {
  package var name: String
  package var operation: String
  package var shape: [Int]
  package var parameters: Int
  package var multiplyAccumulates: Int
  package var density: Double
  package var encoding: String
  package var reason: String
  /// As chosen and dense; nil where nothing was measured.
  package var times: MeasuredTimes?
  /// Every way that was timed; empty where nothing was measured.
  package var ways: [TimedWay]
}

/// Translates a specialised graph into the steps of a model file.
/// - Throws: `GraphProblems` with everything the runtime cannot do, all at once.
package func lower(
  _ graph: Specialised, options: LoweringOptions = LoweringOptions(), source: String = "",
  progress: ((Double) -> Void)? = nil
) throws(GraphProblems) -> LoweredModel {
  var program = try buildProgram(graph)
  Fusion.apply(to: &program)
  AttentionFusion.apply(to: &program)
  do throws(GraphError) { try program.checkOrder() } catch { throw GraphProblems([error]) }
  return emit(program, options: options, source: source, progress: progress)
}

/// Steps for every node, before fusion.
package func buildProgram(_ graph: Specialised) throws(GraphProblems) -> Program {
  var builder = ProgramBuilder(graph)
  var problems: [GraphError] = []
  func attempt(_ place: String, _ body: () throws(GraphError) -> Void) {
    do throws(GraphError) { try body() } catch { problems.append(error.at(place)) }
  }
  for input in graph.graph.inputs where graph.constants[input] == nil {
    attempt("input \"\(graph.graph.values[input].name)\"") { () throws(GraphError) in
      try builder.addInput(input)
    }
  }
  for (node, operation) in zip(graph.graph.nodes, graph.operators) {
    // Of an input that the runtime has no type for there is no operand; only that itself is worth telling.
    if !problems.isEmpty && builder.lacksOperand(of: node) { continue }
    let before = problems.count
    attempt(node.name) { () throws(GraphError) in
      guard let operation = operation as? any Lowerable else {
        throw GraphError(
          .unsupportedOperator, "operator \(node.operation) is not executed by the runtime")
      }
      builder.begin(node)
      try operation.lower(&builder)
    }
    if problems.count > before { builder.standIn(for: node) }
  }
  for output in graph.graph.outputs {
    if !problems.isEmpty { break }
    attempt("output \"\(graph.graph.values[output].name)\"") { () throws(GraphError) in
      try builder.addOutput(output)
    }
  }
  guard problems.isEmpty else { throw GraphProblems(problems) }
  return builder.program
}
