/// A graph whose every type is known: shapes inferred, constants folded, dead nodes removed. In one
/// for rewriting, what opaque nodes make may have no type.
///
/// Values keep the numbers they have in the graph it was made from.
public struct Specialised: Sendable {
  /// The graph without folded and dead nodes; folded values are constants of it.
  public internal(set) var graph: Graph
  /// The type of each value; `nil` where nothing that remains uses it, and where it is not known.
  public internal(set) var types: [TensorType?]
  /// The values of initializers, bound inputs and folded results that what remains uses.
  public internal(set) var constants: [Tensor?]
  /// One for each node of `graph`.
  public internal(set) var operators: [any Operator] = []
  /// What of the graph follows extents that the file leaves free; `nil` where it leaves none, and in
  /// a graph that is not to be written.
  public internal(set) var open: OpenExtents?
  /// What was found out before unused parts were dropped, where it was asked for.
  var everything: Everything?
  /// What decided which branches were taken.
  private(set) var decisions = Decisions()

  /// What the graph is for.
  public enum Purpose: Sendable {
    /// To be evaluated or lowered: every operator is known.
    case execution
    /// To be rewritten and exported: what is not known stays as it is, as `OpaqueOperator`, and
    /// quantised weights stay quantised.
    case rewriting
  }

  /// Infers all types of a graph and folds what is constant.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - binding: Values of inputs to treat as constants, such as those that decide shapes.
  /// - Throws: `GraphProblems` with every fault found and, but for rewriting, every unsupported operator
  ///   or variant.
  public init(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], binding: [String: Tensor] = [:],
    limits: FoldingLimits = .default, purpose: Purpose = .execution
  ) throws(GraphProblems) {
    try self.init(
      graph, inputShapes: inputShapes, binding: binding, limits: limits, purpose: purpose,
      keepsEverything: false)
  }

  /// As the public one.
  /// - Parameter keepsEverything: Whether to note what folding found out of every value.
  init(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], binding: [String: Tensor] = [:],
    limits: FoldingLimits = .default, purpose: Purpose, keepsEverything: Bool
  ) throws(GraphProblems) {
    var problems = graph.validate()
    guard problems.isEmpty else { throw GraphProblems(problems) }
    self.graph = graph
    self.graph.removeDeadNodes()
    types = graph.values.map { $0.constant?.type }
    constants = graph.values.map(\.constant)
    try takeInputs(inputShapes, binding, purpose)

    var folding = Folding(limits: limits, constants: constants, purpose: purpose)
    var opaque = OpaqueNodes(in: self.graph, types)
    var kept: [(node: Graph.Node, operation: any Operator)] = []
    var steps: [Everything.Step] = []
    var replacing = Replacing()
    var judged: [JudgedNode] = []
    var conditionals: [Graph.Node] = []
    var pending = Array(self.graph.nodes.reversed())
    while let node = pending.popLast() {
      do throws(GraphProblems) {
        let replacement = try replacement(of: node, &replacing, &folding, purpose)
        if case .nodes(let nodes, let isDecided) = replacement {
          if isDecided { conditionals.append(node) }
          pending += nodes.reversed()
          continue
        }
        judged.append(JudgedNode(node: node))
        try replacing.check(node, types)
        guard let step = try known(node, replacement, &folding, &opaque, purpose) else { continue }
        if !step.isFolded { kept.append((node, step.operation)) }
        if keepsEverything { steps.append(step) }
      } catch {
        judged.append(JudgedNode(node: node, problems: error.problems.map { $0.at(node.name) }))
      }
    }
    problems = self.graph.problems(of: judged)
    guard problems.isEmpty else { throw GraphProblems(problems) }
    decisions = Decisions(conditionals, judged.map(\.node), constants)
    if keepsEverything {
      everything = Everything(steps: steps, types: types, constants: constants)
    }
    finish(kept)
  }

  /// The type of a value that something uses.
  /// - Precondition: the value is an input, an output or used by a node of `graph`; in a graph for
  ///   rewriting, its type is known.
  public func type(of value: Graph.ValueID) -> TensorType { types[value]! }

  /// Multiply-accumulate operations of one node of `graph`.
  public func multiplyAccumulates(ofNode index: Int) -> Int {
    let node = graph.nodes[index]
    return operators[index].multiplyAccumulates(
      node.inputs.map { $0.flatMap { types[$0] } },
      node.outputs.compactMap { $0.flatMap { types[$0] } })
  }

  /// What becomes of a node before it is given types.
  private mutating func replacement(
    of node: Graph.Node, _ replacing: inout Replacing, _ folding: inout Folding, _ purpose: Purpose
  ) throws(GraphProblems) -> Replacing.Outcome {
    let outcome = try replacing.replacement(of: node, (types, constants), in: &graph, purpose)
    let added = graph.values[types.count...].map(\.constant)
    types += added.map { $0?.type }
    constants += added
    folding.allow(added)
    return outcome
  }

  /// Gives a node's outputs their types; returns nothing where an earlier fault hides what it reads.
  private mutating func known(
    _ node: Graph.Node, _ replacement: Replacing.Outcome, _ folding: inout Folding,
    _ opaque: inout OpaqueNodes, _ purpose: Purpose
  ) throws(GraphProblems) -> Everything.Step? {
    do throws(GraphError) {
      return try judge(node, replacement, &folding, &opaque, purpose)
    } catch {
      throw GraphProblems([error])
    }
  }

  private mutating func judge(
    _ node: Graph.Node, _ replacement: Replacing.Outcome, _ folding: inout Folding,
    _ opaque: inout OpaqueNodes, _ purpose: Purpose
  ) throws(GraphError) -> Everything.Step? {
    let isRewriting = purpose == .rewriting
    let held: OpaqueOperator
    do throws(GraphError) {
      // Behind an untyped value nothing shows what a composite node would become.
      var operation: (any Operator)?
      switch replacement {
      case .refused(let error): throw error
      case .untyped: break
      case .none, .nodes: operation = try node.makeOperator(opset: graph.opset)
      }
      if let operation, let inputs = try knownInputs(of: node) {
        let isFolded = try specialise(node, operation, inputs, &folding)
        opaque.noteKnown(node)
        return Everything.Step(node: node, operation: operation, isFolded: isFolded)
      }
      // Where an earlier fault hides a type there is nothing to say about what follows.
      guard isRewriting else { return nil }
      let untyped = node.inputs.compactMap { $0 }.first { types[$0] == nil }!
      held = opaque.opaque(node, reading: untyped, in: graph)
    } catch {
      guard isRewriting, let found = opaque.opaque(node, error) else { throw error }
      held = found
      guard node.captureNames.isEmpty else {
        throw GraphError(
          .unsupportedVariant,
          "stays in a branch that is taken, but reads values whose names are in use outside of it")
      }
    }
    for case (let output?, let type) in zip(node.outputs, try opaque.note(node, held, in: graph)) {
      types[output] = type
    }
    return Everything.Step(node: node, operation: held, isFolded: false)
  }

  private mutating func takeInputs(
    _ shapes: [String: [Int]], _ binding: [String: Tensor], _ purpose: Purpose
  ) throws(GraphProblems) {
    var shapes = shapes
    for (name, tensor) in binding { shapes[name] = tensor.shape }
    let inputTypes = try graph.inputTypes(shapes: shapes, purpose)
    for (id, type) in zip(graph.inputs, inputTypes) {
      types[id] = type
      guard let bound = binding[graph.values[id].name] else { continue }
      guard bound.type == type else {
        let message =
          "the bound value is \(bound.type) but the input is \(type.map { "\($0)" } ?? "no tensor")"
        throw GraphProblems([
          GraphError(.badInput, message, node: "input \"\(graph.values[id].name)\"")
        ])
      }
      constants[id] = bound
    }
  }

  /// What is known of a node's inputs; `nil` if a type is missing.
  /// - Throws: `GraphError` with code `.badType` for text, with which no operator computes.
  private func knownInputs(of node: Graph.Node) throws(GraphError) -> [OperatorInput?]? {
    var inputs: [OperatorInput?] = []
    for input in node.inputs {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let type = types[input] else { return nil }
      guard type.elementType != .string else {
        throw GraphError(
          .badType,
          "reads \"\(graph.values[input].name)\", which is text; only numbers are supported")
      }
      inputs.append(OperatorInput(type, constant: constants[input]))
    }
    return inputs
  }

  /// Notes a node's output types and, where they are constant, values; returns whether it was folded.
  private mutating func specialise(
    _ node: Graph.Node, _ operation: any Operator, _ inputs: [OperatorInput?],
    _ folding: inout Folding
  ) throws(GraphError) -> Bool {
    let outputs: [TensorType]
    do throws(GraphError) {
      outputs = try operation.infer(inputs)
    } catch {
      throw folding.explain(error, node)
    }
    guard outputs.count >= node.outputs.count else {
      throw GraphError(
        .badArity, "has \(node.outputs.count) outputs but the operator gives \(outputs.count)")
    }
    for case (let id?, let type) in zip(node.outputs, outputs) { types[id] = try type.checked() }
    guard let folded = try folding.fold(node, operation, inputs, outputs) else { return false }
    for case (let id?, let tensor) in zip(node.outputs, folded) {
      guard tensor.type == types[id] else {
        throw GraphError(.badShape, "evaluates to \(tensor.type) instead of \(types[id]!)")
      }
      constants[id] = tensor
    }
    return true
  }

  private mutating func finish(_ kept: [(node: Graph.Node, operation: any Operator)]) {
    var needed = Set(graph.outputs)
    var live: [(node: Graph.Node, operation: any Operator)] = []
    for entry in kept.reversed() {
      guard entry.node.outputs.contains(where: { $0.map(needed.contains) ?? false }) else {
        continue
      }
      live.append(entry)
      for case let input? in entry.node.dependencies { needed.insert(input) }
      for case let output? in entry.node.outputs { needed.insert(output) }
    }
    graph.nodes = live.reversed().map(\.node)
    operators = live.reversed().map(\.operation)
    needed.formUnion(graph.inputs)
    for id in graph.values.indices {
      if !needed.contains(id) {
        types[id] = nil
        constants[id] = nil
      }
      graph.values[id].constant = constants[id]
    }
    // A bound input is a constant now.
    graph.inputs.removeAll { constants[$0] != nil }
  }
}
