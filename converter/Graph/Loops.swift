/// Replaces a Loop or a Scan by the nodes of all its steps, where it is known how many there are.
///
/// A loop is looked at once for each step: its condition may be what the nodes of the step before made of
/// constants. So one step's nodes are followed by the loop itself, which goes on or ends.
struct Loops {
  private static let body = "body"

  /// What a loop has done so far.
  private struct Progress {
    var body: Graph
    /// Steps after which it ends whatever its condition says.
    var limit: Int?
    var step = 0
    /// Whether the body is given its step's number and the condition, and gives a condition: a Loop.
    var isConditional: Bool
    /// Whether to go on; nil for always.
    var condition: Graph.ValueID?
    /// What the last step handed on.
    var carried: [Graph.ValueID]
    /// What each step gave out, for each output that collects.
    var collected: [[Graph.ValueID]]
    /// Where the body's constants stand in the graph.
    var constants: [Graph.ValueID: Graph.ValueID] = [:]
    /// What a Scan walks through: value and axis, and whether from the end.
    var sequences: [(value: Graph.ValueID, axis: Int, isReversed: Bool)] = []
    /// Along which axis each collecting output grows, and whether at its front.
    var growth: [(axis: Int, isReversed: Bool)]
  }
  private var progress: [String: Progress] = [:]

  /// What is known of the graph's values so far.
  typealias Known = (types: [TensorType?], constants: [Tensor?])

  /// The nodes of the next step and the loop again, or what gives its outputs; where an earlier fault hides
  /// what is needed, a node that hands that on.
  /// - Throws: `GraphProblems` where only a run tells how many steps there are, or there are too many, and for
  ///   a body that does not fit.
  mutating func next(
    _ node: Graph.Node, _ known: Known, in graph: inout Graph, _ splicing: inout Splicing
  ) throws(GraphProblems) -> [Graph.Node] {
    if let untyped = node.inputs.compactMap({ $0 }).first(where: { known.types[$0] == nil }) {
      return hidden(node, behind: untyped)
    }
    var state: Progress
    if let begun = progress[node.name] {
      state = begun
    } else {
      state =
        node.operation == "Loop"
        ? try loop(node, known) : try scan(node, known, opset: graph.opset)
    }
    let made =
      state.carried + state.collected.compactMap(\.last) + [state.condition].compactMap { $0 }
    if let untyped = made.first(where: { known.types[$0] == nil }) {
      progress[node.name] = nil
      return hidden(node, behind: untyped)
    }
    var isOver = state.limit.map { state.step >= $0 } ?? false
    if let condition = state.condition, !isOver {
      guard let value = known.constants[condition], value.count == 1, value.elementType == .bool
      else {
        throw Splicing.fault(
          .unsupportedVariant,
          "a Loop whose condition only a run tells is not supported; export the model with a fixed number "
            + "of steps", node)
      }
      isOver = value.integers[0] == 0
    }
    if isOver {
      progress[node.name] = nil
      return try end(state, node, in: &graph, &splicing)
    }
    let nodes = try step(&state, node, known, in: &graph, &splicing)
    progress[node.name] = state
    return nodes + [node]
  }

  /// What connects a loop's outputs to the fault before it.
  private func hidden(_ node: Graph.Node, behind value: Graph.ValueID) -> [Graph.Node] {
    [Graph.Node(name: node.name, operation: "Identity", inputs: [value], outputs: node.outputs)]
  }

  /// A loop before its first step.
  private func loop(_ node: Graph.Node, _ known: Known) throws(GraphProblems) -> Progress {
    let body = try body(of: node)
    let carried = node.inputs.dropFirst(2).compactMap { $0 }
    guard node.inputs.count >= 2, carried.count == node.inputs.count - 2,
      body.inputs.count == carried.count + 2, body.outputs.count > carried.count,
      node.outputs.count < body.outputs.count
    else { throw Self.misfit(node) }
    var limit: Int?
    if let input = node.inputs[0] {
      guard let count = known.constants[input], count.count == 1, count.elementType == .int64 else {
        throw Splicing.fault(
          .needsConstant,
          "a Loop is supported only where its number of steps is known; if an input decides it, give that "
            + "with --input-value NAME=VALUE", node)
      }
      limit = Int(count.integers[0])
    }
    let growing = body.outputs.count - 1 - carried.count
    return Progress(
      body: body, limit: limit, isConditional: true, condition: node.inputs[1], carried: carried,
      collected: Array(repeating: [], count: growing),
      growth: Array(repeating: (0, false), count: growing))
  }

  /// A scan before its first step.
  private func scan(
    _ node: Graph.Node, _ known: Known, opset: Int
  ) throws(GraphProblems) -> Progress {
    guard opset >= 9 else {
      throw Splicing.fault(.unsupportedVariant, "Scan is supported from opset 9 on", node)
    }
    let body = try body(of: node)
    let context = node.context(opset: opset)
    do throws(GraphError) {
      let inputs = node.inputs.compactMap { $0 }
      let walked = try context.integer("num_scan_inputs", default: 1)
      guard walked >= 1, walked <= inputs.count, inputs.count == node.inputs.count,
        body.inputs.count == inputs.count, body.outputs.count >= inputs.count - walked,
        node.outputs.count <= body.outputs.count
      else { throw Self.misfit(node).problems[0] }
      let carried = inputs.count - walked
      let growing = body.outputs.count - carried
      let axes = try Self.list("scan_input_axes", walked, context)
      let directions = try Self.list("scan_input_directions", walked, context)
      let outputAxes = try Self.list("scan_output_axes", growing, context)
      let outputDirections = try Self.list("scan_output_directions", growing, context)
      var sequences: [(value: Graph.ValueID, axis: Int, isReversed: Bool)] = []
      var extents: Set<Int> = []
      for place in 0..<walked {
        let value = inputs[carried + place]
        let shape = known.types[value]!.shape
        let axis = try normalise(axis: axes[place], rank: shape.count)
        sequences.append((value, axis, directions[place] == 1))
        extents.insert(shape[axis])
      }
      guard extents.count == 1 else {
        throw GraphError(.badShape, "walks through sequences of the lengths \(extents.sorted())")
      }
      return Progress(
        body: body, limit: extents.first!, isConditional: false,
        carried: Array(inputs.prefix(carried)),
        collected: Array(repeating: [], count: growing), sequences: sequences,
        growth: (0..<growing).map { (outputAxes[$0], outputDirections[$0] == 1) })
    } catch {
      throw GraphProblems([error.at(node.name)])
    }
  }

  /// Numbers of an attribute, one for each of so many; 0 where it is left out.
  private static func list(
    _ name: String, _ count: Int, _ context: NodeContext
  ) throws(GraphError) -> [Int] {
    let values = try context.integers(name) ?? Array(repeating: 0, count: count)
    guard values.count == count else {
      throw GraphError(.badAttribute, "\(name) has \(values.count) numbers instead of \(count)")
    }
    return values
  }

  private func body(of node: Graph.Node) throws(GraphProblems) -> Graph {
    var body = try node.subgraphs[Self.body]!.read()
    body.removeDeadNodes()
    return body
  }

  private static func misfit(_ node: Graph.Node) -> GraphProblems {
    Splicing.fault(
      .badArity, "its body's inputs and outputs are not those that its own ask for", node)
  }

  private func step(
    _ state: inout Progress, _ node: Graph.Node, _ known: Known, in graph: inout Graph,
    _ splicing: inout Splicing
  ) throws(GraphProblems) -> [Graph.Node] {
    var places = state.constants
    var nodes: [Graph.Node] = []
    let inputs = state.body.inputs
    var offset = 0
    if state.isConditional {
      places[inputs[0]] = splicing.addValue(
        "\(node.name)_step", to: &graph, constant: Tensor(integers: [Int64(state.step)], shape: []))
      places[inputs[1]] =
        state.condition
        ?? splicing.addValue(
          "\(node.name)_condition", to: &graph, constant: Tensor(booleans: [true], shape: []))
      offset = 2
    }
    for (place, value) in state.carried.enumerated() { places[inputs[offset + place]] = value }
    for (place, sequence) in state.sequences.enumerated() {
      let index = sequence.isReversed ? state.limit! - 1 - state.step : state.step
      let position = splicing.addValue(
        "\(node.name)_step", to: &graph, constant: Tensor(integers: [Int64(index)], shape: []))
      let element = splicing.addValue("\(node.name)_element", to: &graph)
      nodes.append(
        splicing.node(
          "\(node.name)_element", "Gather", [sequence.value, position], element,
          ["axis": .integer(Int64(sequence.axis))], in: graph))
      places[inputs[state.carried.count + place]] = element
    }
    let conditionCount = state.isConditional ? 1 : 0
    let targets = state.body.outputs.map { output in
      splicing.addValue("\(node.name)_\(state.body.values[output].name)", to: &graph)
    }
    nodes += try splicing.copy(
      state.body, Self.body, of: node, into: &graph, places: &places, to: targets)
    for (id, value) in state.body.values.enumerated() where value.constant != nil {
      state.constants[id] = places[id]
    }
    if state.isConditional { state.condition = targets[0] }
    state.carried = Array(targets[conditionCount..<conditionCount + state.carried.count])
    for (place, value) in targets.dropFirst(conditionCount + state.carried.count).enumerated() {
      state.collected[place].append(value)
    }
    state.step += 1
    return nodes
  }

  /// The nodes that give the outputs what was carried and what was collected.
  private func end(
    _ state: Progress, _ node: Graph.Node, in graph: inout Graph, _ splicing: inout Splicing
  ) throws(GraphProblems) -> [Graph.Node] {
    var nodes: [Graph.Node] = []
    for (value, output) in zip(state.carried, node.outputs) {
      guard let output else { continue }
      nodes.append(splicing.node("\(node.name)_output", "Identity", [value], output, in: graph))
    }
    for (place, output) in node.outputs.dropFirst(state.carried.count).enumerated() {
      guard let output else { continue }
      guard state.step > 0 else {
        let declared = Array(state.body.outputs.suffix(state.collected.count))[place]
        nodes.append(try nothing(of: declared, state.body, output, node, in: &graph, &splicing))
        continue
      }
      let growth = state.growth[place]
      try splicing.count(state.step + 1, of: node)
      var rows: [Graph.ValueID] = []
      for value in state.collected[place] {
        let row = splicing.addValue("\(node.name)_row", to: &graph)
        var inputs = [value]
        var attributes: [String: Attribute] = [:]
        if graph.opset >= 13 {
          inputs.append(
            splicing.addValue(
              "\(node.name)_axis", to: &graph, constant: Tensor(integers: [Int64(growth.axis)])))
        } else {
          attributes["axes"] = .integers([Int64(growth.axis)])
        }
        nodes.append(
          splicing.node("\(node.name)_row", "Unsqueeze", inputs, row, attributes, in: graph))
        rows.append(row)
      }
      nodes.append(
        splicing.node(
          "\(node.name)_output", "Concat", growth.isReversed ? rows.reversed() : rows, output,
          ["axis": .integer(Int64(growth.axis))], in: graph))
    }
    return nodes
  }

  /// What a loop without steps collects: no rows of the declared type.
  private func nothing(
    of value: Graph.ValueID, _ body: Graph, _ output: Graph.ValueID, _ node: Graph.Node,
    in graph: inout Graph, _ splicing: inout Splicing
  ) throws(GraphProblems) -> Graph.Node {
    let declared = body.values[value]
    let extents = declared.shape?.compactMap { if case .fixed(let n) = $0 { n } else { nil } }
    guard let type = declared.elementType, type != .string, let extents,
      extents.count == declared.shape?.count
    else {
      throw Splicing.fault(
        .symbolicShape, "takes no step, and its body does not declare the shape of its outputs",
        node)
    }
    let empty = splicing.addValue(
      "\(node.name)_nothing", to: &graph,
      constant: Tensor(elementType: type, shape: [0] + extents, doubles: []))
    return splicing.node("\(node.name)_output", "Identity", [empty], output, in: graph)
  }
}
