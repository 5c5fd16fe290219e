public import EspalierGraph

extension Coupling {
  /// The original graph in which every consumer of a removed channel sees zero, and statistics run
  /// over what is kept: it computes what the pruned graph must compute, at the original size.
  ///
  /// Exact for every coupling (the consumer-zero oracle). Sums are masked in their constant operand,
  /// or in an activation where both are; means and deviations are written out over a mask.
  public func maskedReference(_ keptChannels: KeptChannels) -> Graph {
    masked(keptChannels).graph
  }

  /// As `maskedReference`, with the extents that could not be kept free.
  public func masked(_ keptChannels: KeptChannels) -> (graph: Graph, fixed: [FixedExtent]) {
    var result = Masked(self, keptChannels)
    for index in graph.graph.nodes.indices { result.append(index) }
    let fixed = result.fixed
    return fixing(result.finished(), fixed)
  }
}

struct Masked {
  let coupling: Coupling
  let keptChannels: KeptChannels
  var graph: Graph
  /// What is not free any more, and why.
  var fixed: [FixedExtent] = []
  private var count = 0
  private var stepsTaken = 0
  /// Names of the original, which may be a masked reference itself.
  private let taken: Set<String>

  init(_ coupling: Coupling, _ keptChannels: KeptChannels) {
    self.coupling = coupling
    self.keptChannels = keptChannels
    graph = coupling.graph.openGraph
    taken = Set(
      graph.values.map(\.name) + graph.nodes.map(\.name)
        + coupling.graph.graph.values.map(\.name) + coupling.graph.graph.nodes.map(\.name))
    graph.nodes = []
  }

  /// The graph without constants that only their masked copies replace.
  consuming func finished() -> Graph {
    takeSteps(before: coupling.graph.graph.nodes.count)
    let used = Set(graph.outputs + graph.nodes.flatMap(\.dependencies).compactMap { $0 })
    for value in graph.values.indices where !used.contains(value) {
      graph.values[value].constant = nil
    }
    return graph
  }

  /// Puts back the nodes that compute numbers from free extents: they are the file's.
  private mutating func takeSteps(before index: Int) {
    guard let open = coupling.graph.open else { return }
    while stepsTaken < open.steps.count, open.steps[stepsTaken].place <= index {
      graph.nodes.append(open.steps[stepsTaken].node)
      stepsTaken += 1
    }
  }

  mutating func append(_ index: Int) {
    takeSteps(before: index)
    var node = coupling.graph.graph.nodes[index]
    let facts = coupling.facts[index]
    for contraction in facts.contractions where keptChannels.touches(contraction.contracted) {
      mask(&node, index, contraction.input)
    }
    let axes = facts.statisticAxes.isEmpty ? [] : coupling.valueAxes[node.inputs[0]!]!
    guard keptChannels.touches(facts.statisticAxes.map { axes[$0] }) else {
      graph.nodes.append(node)
      return
    }
    appendStatistics(node, index, axes)
  }

  /// Multiplies an operand by the mask of what is kept of it.
  private mutating func mask(_ node: inout Graph.Node, _ index: Int, _ input: Int) {
    // An operand of two sums is masked once: the mask is that of all its axes.
    let value = coupling.graph.graph.nodes[index].inputs[input]!
    guard node.inputs[input] == value else { return }
    guard let constant = coupling.graph.constants[value] else {
      node.inputs[input] = masked(value)
      return
    }
    let use = coupling.use(node: index, input: input)!
    let mask = TensorSelection(use.axes, keptChannels).mask(of: constant.shape)
    node.inputs[input] = constantValue(
      Tensor(
        elementType: constant.elementType, shape: constant.shape,
        doubles: zip(constant.doubles, mask).map { $0 * Double($1) }))
  }

  /// An activation with zeros in place of removed channels.
  private mutating func masked(_ value: Graph.ValueID) -> Graph.ValueID {
    apply("Mul", [value, maskValue(value)])
  }

  /// The mask of an activation, of extent 1 along axes that lose nothing and decide nothing.
  mutating func maskValue(_ value: Graph.ValueID) -> Graph.ValueID {
    let leaves = coupling.valueAxes[value]!.map(coupling.algebra.leaves)
    let deciding = Set(leaves.joined().compactMap { keptChannels.partner(of: $0) })
    let axes = zip(coupling.valueAxes[value]!, leaves).map { axis, leaves in
      keptChannels.touches(axis) || leaves.contains(where: deciding.contains) ? axis : .unit
    }
    let type = coupling.graph.type(of: value).elementType
    if let along = axes.indices.first(where: {
      isOpen(value, $0) && axes[$0].segments != Axis.unit.segments
    }) {
      return openMask(value, axes, along: along)
    }
    let shape = axes.map(coupling.algebra.size)
    let mask = TensorSelection(axes, keptChannels).mask(of: shape)
    return constantValue(
      Tensor(elementType: type, shape: shape, doubles: mask.map(Double.init)))
  }

  mutating func name() -> String {
    repeat { count += 1 } while taken.contains("masked_reference_\(count)")
    return "masked_reference_\(count)"
  }

  mutating func constantValue(_ tensor: Tensor) -> Graph.ValueID {
    graph.addConstant(name(), tensor)
  }

  mutating func scalar(_ value: Double, like other: Graph.ValueID) -> Graph.ValueID {
    constantValue(
      Tensor(elementType: coupling.graph.type(of: other).elementType, shape: [], doubles: [value]))
  }

  mutating func apply(
    _ operation: String, _ inputs: [Graph.ValueID], _ attributes: [String: Attribute] = [:]
  ) -> Graph.ValueID {
    let name = name()
    return graph.addNode(operation, inputs, name: name, attributes: attributes)
  }

  mutating func sum(
    _ value: Graph.ValueID, _ axes: [Int], keepsDimensions: Bool = true
  ) -> Graph.ValueID {
    let list = axes.map { Int64($0) }
    let keep = Attribute.integer(keepsDimensions ? 1 : 0)
    guard graph.opset >= 13 else {
      return apply("ReduceSum", [value], ["axes": .integers(list), "keepdims": keep])
    }
    return apply("ReduceSum", [value, constantValue(Tensor(integers: list))], ["keepdims": keep])
  }

  // MARK: Statistics

  private mutating func appendStatistics(_ node: Graph.Node, _ index: Int, _ axes: [Axis]) {
    let x = node.inputs[0]!
    let over = coupling.facts[index].statisticAxes
    let result: Graph.ValueID
    switch coupling.graph.operators[index] {
    case let reduction as Reduction<MeanReduction>:
      let total = sum(masked(x), over, keepsDimensions: reduction.keepsDimensions)
      result = apply("Div", [total, keptCount(x, over)])
    case let layer as LayerNormalization:
      result = scaled(normalised(x, over, layer.epsilon, centred: true), node)
    case let root as RMSNormalization:
      result = scaled(normalised(x, over, root.epsilon, centred: false), node)
    case let instance as InstanceNormalization:
      let rest = coupling.graph.type(of: x).rank - 2
      result = scaled(
        normalised(x, over, instance.epsilon, centred: true), node, trailing: rest)
    case let group as GroupNormalization:
      result = grouped(node, group)
    case is MeanVarianceNormalization:
      result = meanVariance(x, over)
    case is LRN:
      result = neighbours(node, axes[1])
    default:
      preconditionFailure("\(node.operation) has no masked form")
    }
    rename(result, node.outputs[0]!)
  }

  /// The last node's output under the number that others read.
  private mutating func rename(_ value: Graph.ValueID, _ output: Graph.ValueID) {
    let last = graph.nodes.indices.last!
    precondition(graph.nodes[last].outputs == [value])
    graph.nodes[last].outputs = [output]
  }

  /// `(x - mean) / sqrt(variance + epsilon)` over the kept elements, zero elsewhere.
  private mutating func normalised(
    _ x: Graph.ValueID, _ over: [Int], _ epsilon: Float, centred: Bool
  ) -> Graph.ValueID {
    let (values, kept) = centredValues(x, over, centred)
    let squares = apply("Mul", [values, values])
    let variance = apply("Div", [sum(squares, over), kept])
    let root = apply(
      "Sqrt", [apply("Add", [variance, scalar(Double(epsilon), like: x)])])
    return apply("Div", [values, root])
  }

  private mutating func meanVariance(_ x: Graph.ValueID, _ over: [Int]) -> Graph.ValueID {
    let (values, kept) = centredValues(x, over, true)
    let squares = apply("Mul", [values, values])
    let deviation = apply("Sqrt", [apply("Div", [sum(squares, over), kept])])
    return apply("Div", [values, apply("Add", [deviation, scalar(1e-9, like: x)])])
  }

  /// Masked values, less their mean, and the number of kept elements of each row.
  private mutating func centredValues(
    _ x: Graph.ValueID, _ over: [Int], _ centred: Bool
  ) -> (values: Graph.ValueID, kept: Graph.ValueID) {
    let mask = maskValue(x)
    let count = keptCount(x, over)
    var values = apply("Mul", [x, mask])
    if centred {
      let mean = apply("Div", [sum(values, over), count])
      values = apply("Mul", [apply("Sub", [values, mean]), mask])
    }
    return (values, count)
  }

  /// Times scale plus shift, which broadcast once given trailing axes.
  private mutating func scaled(
    _ value: Graph.ValueID, _ node: Graph.Node, trailing: Int = 0
  ) -> Graph.ValueID {
    func parameter(_ input: Int) -> Graph.ValueID? {
      guard input < node.inputs.count, let value = node.inputs[input] else { return nil }
      guard trailing > 0 else { return value }
      let shape = coupling.graph.type(of: value).shape + [Int](repeating: 1, count: trailing)
      return apply("Reshape", [value, constantValue(Tensor(integers: shape.map { Int64($0) }))])
    }
    var result = value
    if let scale = parameter(1) { result = apply("Mul", [result, scale]) }
    if let shift = parameter(2) { result = apply("Add", [result, shift]) }
    return result
  }

  /// Group normalisation as an instance normalisation of `[N, G, K x positions]`.
  private mutating func grouped(
    _ node: Graph.Node, _ operation: GroupNormalization
  ) -> Graph.ValueID {
    let x = node.inputs[0]!
    let shape = coupling.graph.type(of: x).shape
    let mask = maskValue(x)
    // 0 copies the batch.
    let grouped = [isOpen ? 0 : shape[0], operation.groups, -1]
    func reshape(_ value: Graph.ValueID, _ shape: [Int]) -> Graph.ValueID {
      apply("Reshape", [value, constantValue(Tensor(integers: shape.map { Int64($0) }))])
    }
    // The mask is stretched over the positions first: groups cut across them.
    let whole = reshape(stretched(mask, like: x), grouped)
    var values = apply("Mul", [reshape(x, grouped), whole])
    // A group that is removed altogether counts one, not zero: its NaN would survive every mask.
    let count = apply("Max", [sum(whole, [2]), scalar(1, like: x)])
    let mean = apply("Div", [sum(values, [2]), count])
    values = apply("Mul", [apply("Sub", [values, mean]), whole])
    let variance = apply("Div", [sum(apply("Mul", [values, values]), [2]), count])
    let root = apply(
      "Sqrt", [apply("Add", [variance, scalar(Double(operation.epsilon), like: x)])])
    values = apply("Div", [values, root])
    func back(_ value: Graph.ValueID) -> Graph.ValueID {
      isOpen ? apply("Reshape", [value, apply("Shape", [x])]) : reshape(value, shape)
    }
    guard !operation.scalesChannels else {
      return scaled(back(values), node, trailing: shape.count - 2)
    }
    return back(scaled(values, node, trailing: 1))
  }

  /// Local response normalisation of the kept channels alone, put back in their places.
  private mutating func neighbours(_ node: Graph.Node, _ axis: Axis) -> Graph.ValueID {
    let kept = TensorSelection([axis], keptChannels).positions(along: 0)!
    var back = [Int64](repeating: 0, count: coupling.algebra.size(axis))
    for (place, position) in kept.enumerated() { back[position] = Int64(place) }
    let alone = apply(
      "Gather", [node.inputs[0]!, constantValue(Tensor(integers: kept.map { Int64($0) }))],
      ["axis": .integer(1)])
    let result = apply("LRN", [alone], node.attributes)
    return apply("Gather", [result, constantValue(Tensor(integers: back))], ["axis": .integer(1)])
  }
}
