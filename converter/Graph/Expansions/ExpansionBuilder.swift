/// Collects the plain nodes that replace one composite node.
struct ExpansionBuilder {
  /// What is known of an input of the node.
  struct Known {
    var elementType: ElementType?
    var rank: Int?
    /// Where every extent is known.
    var shape: [Int]?
    var constant: Tensor?
  }

  let node: Graph.Node
  /// Version of ONNX's own operators.
  let opset: Int
  let stage: Expansion.Stage
  private let inputs: [Known?]
  /// Values beside the graph's, numbered from `firstValue` on.
  private(set) var values: [Graph.Value] = []
  private var names: GraphNames
  private var nodes: [Graph.Node] = []
  private let firstValue: Int
  private var hasNamesake = false

  init(
    _ node: Graph.Node, opset: Int, stage: Expansion.Stage, inputs: [Known?], firstValue: Int,
    names: GraphNames
  ) {
    (self.node, self.opset, self.stage, self.inputs) = (node, opset, stage, inputs)
    (self.firstValue, self.names) = (firstValue, names)
  }

  /// The nodes, once the node's outputs are given away.
  func finished() -> [Graph.Node] { nodes }

  /// The names in use by now. Only one holds them, else they would be copied for each node.
  mutating func takeNames() -> GraphNames {
    defer { names = GraphNames() }
    return names
  }

  // MARK: The composite node

  var context: NodeContext { node.context(opset: opset) }

  /// An optional input.
  func input(_ index: Int) -> Graph.ValueID? {
    index < node.inputs.count ? node.inputs[index] : nil
  }

  /// A required input.
  /// - Throws: `GraphError` with code `.badArity` where it is left out.
  func operand(_ index: Int) throws(GraphError) -> Graph.ValueID {
    guard let value = input(index) else {
      throw GraphError(.badArity, "input \(index) is required but left out")
    }
    return value
  }

  func known(_ index: Int) -> Known? { index < inputs.count ? inputs[index] : nil }

  /// The value of a required input that the file must hold.
  /// - Throws: `GraphError` with code `.needsConstant`.
  func constant(_ index: Int, _ name: String) throws(GraphError) -> Tensor {
    _ = try operand(index)
    guard let tensor = known(index)?.constant else {
      throw GraphError(.needsConstant, "is supported only where \(name) is a constant")
    }
    return tensor
  }

  /// The shape of a required input.
  /// - Throws: `GraphError` with code `.symbolicShape` where it is not known.
  func shape(_ index: Int, _ name: String) throws(GraphError) -> [Int] {
    _ = try operand(index)
    guard let shape = known(index)?.shape else {
      throw GraphError(.symbolicShape, "the shape of \(name) is not known")
    }
    return shape
  }

  /// The floating-point type of the first of some inputs that has one.
  /// - Throws: `GraphError` with code `.badType` where none is known.
  func floatType(_ indices: Int...) throws(GraphError) -> ElementType {
    let types = indices.compactMap { known($0)?.elementType }
    guard let type = types.first(where: \.isFloatingPoint) else {
      throw GraphError(.badType, "no input is known to be of a floating-point type")
    }
    return type
  }

  /// Whether something may read an output.
  func isWanted(_ output: Int) -> Bool {
    output < node.outputs.count && node.outputs[output] != nil
  }

  /// - Throws: `GraphError` with code `.unsupportedVariant` where such an output is asked for.
  func refuseOutput(_ output: Int, _ name: String) throws(GraphError) {
    if isWanted(output) { throw unsupported("the output \(name)") }
  }

  /// - Throws: `GraphError` with code `.unsupportedVariant` where such an input is there.
  func refuseInput(_ index: Int, _ name: String) throws(GraphError) {
    if input(index) != nil { throw unsupported("the input \(name)") }
  }

  /// - Throws: `GraphError` with code `.unsupportedVariant` where a flag is set.
  func refuseFlag(_ name: String) throws(GraphError) {
    if try context.integer(name, default: 0) != 0 { throw unsupported("the attribute \(name)") }
  }

  func unsupported(_ what: String) -> GraphError {
    GraphError(.unsupportedVariant, "\(node.operation) with \(what) is not supported")
  }

  // MARK: Its replacement

  /// Appends a node and returns its outputs.
  /// - Parameter isNamesake: Whether the node is what the composite one is known for, and keeps its name.
  mutating func add(
    _ operation: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:],
    outputs count: Int, isNamesake: Bool = false
  ) -> [Graph.ValueID] {
    let keepsName = isNamesake && !hasNamesake
    hasNamesake = hasNamesake || isNamesake
    let name = keepsName ? node.name : names.nodes.unused("\(node.name)_\(operation)")
    let outputs = (0..<count).map { _ in
      value(Graph.Value(name: "\(node.name)_\(operation)"))
    }
    nodes.append(
      Graph.Node(
        name: name, operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
    return outputs
  }

  /// Appends a node of one output.
  mutating func add(
    _ operation: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:],
    isNamesake: Bool = false
  ) -> Graph.ValueID {
    add(operation, inputs, attributes, outputs: 1, isNamesake: isNamesake)[0]
  }

  /// Adds an initializer.
  mutating func add(constant tensor: Tensor, _ name: String) -> Graph.ValueID {
    value(
      Graph.Value(
        name: "\(node.name)_\(name)", elementType: tensor.elementType,
        shape: tensor.shape.map { .fixed($0) }, constant: tensor))
  }

  mutating func scalar(_ number: Double, _ type: ElementType) -> Graph.ValueID {
    add(constant: Tensor(elementType: type, shape: [], doubles: [number]), "constant")
  }

  mutating func integer(_ number: Int) -> Graph.ValueID {
    add(constant: Tensor(integers: [Int64(number)], shape: []), "constant")
  }

  mutating func list(_ numbers: [Int]) -> Graph.ValueID {
    add(constant: Tensor(integers: numbers.map { Int64($0) }), "constant")
  }

  private mutating func value(_ value: Graph.Value) -> Graph.ValueID {
    var value = value
    value.name = names.values.unused(value.name)
    values.append(value)
    return firstValue + values.count - 1
  }

  /// Declares what an output of the composite node is.
  mutating func give(_ value: Graph.ValueID, to output: Int = 0) {
    guard output < node.outputs.count, let target = node.outputs[output] else { return }
    // Its maker writes the output itself, if only this output is it.
    let isOwn = value >= firstValue && values[value - firstValue].constant == nil
    guard isOwn, nodes.contains(where: { $0.outputs.contains(value) }) else {
      let name = names.nodes.unused("\(node.name)_Identity")
      nodes.append(
        Graph.Node(name: name, operation: "Identity", inputs: [value], outputs: [target]))
      return
    }
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0 == value ? target : $0 }
      nodes[index].outputs = nodes[index].outputs.map { $0 == value ? target : $0 }
    }
  }
}
