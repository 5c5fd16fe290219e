import EspalierGraph

/// Numbers that follow open extents, while a graph loses channels: they stay computed by the file's own
/// nodes, with what is needed to make them what they were.
extension Pruned {
  /// Puts back the nodes that compute open numbers before a node, and notes what they give now.
  mutating func takeSteps(before index: Int) {
    guard let open = coupling.graph.open else { return }
    while stepsTaken < open.steps.count, open.steps[stepsTaken].place <= index {
      let step = open.steps[stepsTaken]
      stepsTaken += 1
      steps.append((step.place, step.node))
      evaluate(step.node, step.operation)
    }
    guard index < graph.nodes.count, open.computed.contains(index) else { return }
    let node = coupling.graph.graph.nodes[index]
    // Numbers that others are computed from; no weights.
    let isNumbers = node.outputs.allSatisfy { output in
      output.flatMap { coupling.graph.types[$0] }?.elementType.isFloatingPoint == false
    }
    if isNumbers { evaluate(node, coupling.graph.operators[index]) }
  }

  private mutating func evaluate(_ node: Graph.Node, _ operation: any Operator) {
    let inputs = node.inputs.map { input in
      input.map { input -> OperatorInput in
        let constant =
          computed[input] ?? open.constants[input]
          ?? (open.isOpen(input) ? nil : coupling.graph.constants[input])
        if let constant { return OperatorInput(constant) }
        let type = coupling.graph.types[input] ?? TensorType(.float32, [])
        let shape = coupling.valueAxes[input]?.map { keptChannels.count($0) } ?? type.shape
        return OperatorInput(TensorType(type.elementType, shape))
      }
    }
    var results = operation.valuesKnownFromTypes(inputs)
    if results == nil, inputs.allSatisfy({ $0 == nil || $0!.constant != nil }),
      (try? operation.infer(inputs)) != nil
    {
      results = try? operation.evaluate(inputs.map { $0?.constant })
    }
    for case (let output?, let tensor) in zip(node.outputs, results ?? []) {
      computed[output] = tensor
    }
  }

  /// Makes the open numbers that a node reads what they were, where fewer channels changed them.
  mutating func settle(_ index: Int) {
    guard coupling.graph.open != nil else { return }
    for (place, value) in graph.nodes[index].inputs.enumerated() where !stated.contains(place) {
      guard let value, open.isOpen(value), let old = coupling.graph.constants[value] else {
        continue
      }
      settle(index, place, old)
    }
  }

  /// Lets an input be these numbers at the assumed extents, and follow free ones as before.
  mutating func settle(_ index: Int, _ place: Int, _ wanted: Tensor) {
    stated.insert(place)
    let value = graph.nodes[index].inputs[place]!
    promises.append(
      OpenPromise(node: graph.nodes[index].name, input: place, value: value, now: wanted))
    guard let now = computed[value], now.shape == wanted.shape,
      now.elementType == wanted.elementType
    else { return fix(index, place, wanted) }
    let isFree = open.elements[value]!
    let (have, want) = (now.doubles, wanted.doubles)
    let differing = have.indices.filter { have[$0] != want[$0] }
    guard !differing.isEmpty else { return }
    var result = value
    let scaled = differing.filter { isFree[$0] }
    if !scaled.isEmpty {
      guard scaled.allSatisfy({ have[$0] > 0 && want[$0] > 0 }) else {
        return fix(index, place, wanted)
      }
      // An extent that is free times channels: the channels' share is what went.
      func constant(_ numbers: [Double]) -> Graph.ValueID {
        var factors = have.map { _ in 1.0 }
        for place in scaled { factors[place] = numbers[place] }
        return add(
          index, Tensor(elementType: now.elementType, shape: now.shape, doubles: factors), "factor")
      }
      result = append(index, "Mul", [result, constant(want)])
      result = append(index, "Div", [result, constant(have)])
    }
    let others = differing.filter { !isFree[$0] }
    if !others.isEmpty {
      let choice = have.indices.map { others.contains($0) }
      let mask = add(index, Tensor(booleans: choice, shape: now.shape), "stated")
      result = append(index, "Where", [mask, add(index, wanted, "extents"), result])
    }
    graph.nodes[index].inputs[place] = result
  }

  mutating func add(_ index: Int, _ tensor: Tensor, _ what: String) -> Graph.ValueID {
    graph.addConstant(unique("\(graph.nodes[index].name)_\(what)"), tensor)
  }

  private mutating func append(
    _ index: Int, _ operation: String, _ inputs: [Graph.ValueID]
  ) -> Graph.ValueID {
    let name = unique("\(graph.nodes[index].name)_\(operation)")
    let output = graph.add(Graph.Value(name: name))
    let node = Graph.Node(name: name, operation: operation, inputs: inputs, outputs: [output])
    steps.append((index, node))
    return output
  }

  /// States the numbers of the assumed extents.
  private mutating func fix(_ index: Int, _ place: Int, _ wanted: Tensor) {
    graph.nodes[index].inputs[place] = add(index, wanted, "extents")
    fixed.append(
      FixedExtent(
        axes: graph.openAxes, node: graph.nodes[index].name,
        reason: "needs numbers at input \(place) that do not follow once channels are gone"))
  }

  /// Puts the nodes that compute open numbers among the others.
  mutating func addSteps() {
    guard let open = coupling.graph.open else { return }
    takeSteps(before: graph.nodes.count)
    for value in open.elements.keys { graph.values[value].constant = nil }
    for (value, tensor) in open.constants where graph.values[value].constant != tensor {
      guard graph.values[value].constant != nil else {
        graph.values[value].constant = tensor
        continue
      }
      // It is cut where channels read it.
      let whole = graph.addConstant(unique(graph.values[value].name), tensor)
      for place in steps.indices {
        steps[place].node.inputs = steps[place].node.inputs.map { $0 == value ? whole : $0 }
      }
    }
    var byPlace: [Int: [Graph.Node]] = [:]
    for step in steps { byPlace[step.place, default: []].append(step.node) }
    graph.nodes =
      graph.nodes.enumerated().flatMap { (byPlace[$0] ?? []) + [$1] }
      + (byPlace[graph.nodes.count] ?? [])
  }
}
