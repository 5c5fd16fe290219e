package import EspalierGraph
package import EspalierModelFile

/// Collects steps while nodes are lowered one by one.
///
/// Each node's lowering asks for its inputs' tensors, appends steps, and binds its outputs.
package struct ProgramBuilder {
  package private(set) var program = Program()
  /// The tensor that holds each graph value, once it is known.
  private var tensorOfValue: [Program.TensorID?]
  private let graph: Specialised
  /// The node being lowered.
  private var node = Graph.Node(name: "", operation: "", inputs: [], outputs: [])

  package init(_ graph: Specialised) {
    self.graph = graph
    tensorOfValue = Array(repeating: nil, count: graph.graph.values.count)
  }

  // MARK: Values

  package mutating func begin(_ node: Graph.Node) { self.node = node }

  package mutating func addInput(_ value: Graph.ValueID) throws(GraphError) {
    let type = try runtimeType(graph.types[value]!)
    let tensor = add(type, name: graph.graph.values[value].name)
    tensorOfValue[value] = tensor
    program.inputs.append(tensor)
  }

  /// Outputs are found by name: one whose tensor is also an input, a constant or another output
  /// becomes a copy under its own name.
  package mutating func addOutput(_ value: Graph.ValueID) throws(GraphError) {
    let name = graph.graph.values[value].name
    var output = try tensor(of: value)
    let isShared =
      program.inputs.contains(output) || program.tensors[output].constant != nil
      || program.outputs.contains(output)
    if isShared && program.tensors[output].name != name {
      let source = output
      let type = type(of: source)
      node = Graph.Node(name: name, operation: "Identity", inputs: [], outputs: [])
      output = add(type, name: name)
      let flat = [type.count]
      emitCopy(from: source, 0, [1], to: output, 0, [1], flat)
    }
    program.tensors[output].name = name
    program.outputs.append(output)
  }

  /// The tensor of a graph value; constants become tensors when first asked for.
  package mutating func tensor(of value: Graph.ValueID) throws(GraphError) -> Program.TensorID {
    if let tensor = tensorOfValue[value] { return tensor }
    guard let constant = graph.constants[value] else {
      throw GraphError(.danglingInput, "the value \(graph.graph.values[value].name) has no source")
    }
    let tensor = add(constant: try runtimeConstant(constant), name: graph.graph.values[value].name)
    tensorOfValue[value] = tensor
    return tensor
  }

  /// The node's input as a tensor, or nil where it is left out.
  package mutating func input(_ index: Int) throws(GraphError) -> Program.TensorID? {
    guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
    return try tensor(of: value)
  }

  /// The node's required input; inference has proved that it is there.
  package mutating func operand(_ index: Int) throws(GraphError) -> Program.TensorID {
    guard let tensor = try input(index) else {
      throw GraphError(.badArity, "input \(index) is required but left out")
    }
    return tensor
  }

  /// Number of inputs the node lists.
  package var inputCount: Int { node.inputs.count }

  /// The constant value of a node's input, where it has one.
  package func constant(_ index: Int) -> Tensor? {
    guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
    return graph.constants[value]
  }

  /// The name of the value that feeds a node's input.
  package func sourceName(_ index: Int) -> String {
    guard index < node.inputs.count, let value = node.inputs[index] else { return "" }
    return graph.graph.values[value].name
  }

  package func inputType(_ index: Int) -> TensorType? {
    guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
    return graph.types[value]
  }

  package func outputType(_ index: Int = 0) throws(GraphError) -> TensorType {
    guard index < node.outputs.count, let value = node.outputs[index], let type = graph.types[value]
    else { throw GraphError(.badArity, "output \(index) has no type") }
    return try runtimeType(type)
  }

  package func hasOutput(_ index: Int) -> Bool {
    index < node.outputs.count && node.outputs[index] != nil
  }

  /// Declares which tensor holds a node's output.
  package mutating func bind(_ index: Int = 0, to tensor: Program.TensorID) {
    guard index < node.outputs.count, let value = node.outputs[index] else { return }
    tensorOfValue[value] = tensor
    if program.tensors[tensor].constant == nil {
      // A graph input handed through keeps its own name.
      guard !program.inputs.contains(tensor) else { return }
      program.tensors[tensor].name = graph.graph.values[value].name
    }
  }

  /// Gives the outputs of a node that cannot be lowered tensors all the same, so that its readers are judged as
  /// well. The program is not to be used.
  package mutating func standIn(for node: Graph.Node) {
    for case let output? in node.outputs where tensorOfValue[output] == nil {
      guard let type = graph.types[output], let held = try? runtimeType(type) else { continue }
      tensorOfValue[output] = add(held)
    }
  }

  /// Whether some input of a node has no tensor and is no constant.
  package func lacksOperand(of node: Graph.Node) -> Bool {
    node.inputs.contains { value in
      value.map { tensorOfValue[$0] == nil && graph.constants[$0] == nil } ?? false
    }
  }

  // MARK: Tensors and steps

  package mutating func add(_ type: TensorType, name: String = "") -> Program.TensorID {
    program.tensors.append(.init(name: name.isEmpty ? node.name : name, type: type))
    return program.tensors.count - 1
  }

  package mutating func add(constant: Tensor, name: String = "") -> Program.TensorID {
    program.tensors.append(
      .init(name: name.isEmpty ? node.name : name, type: constant.type, constant: constant))
    return program.tensors.count - 1
  }

  package func type(of tensor: Program.TensorID) -> TensorType { program.tensors[tensor].type }
  package func shape(of tensor: Program.TensorID) -> [Int] { program.tensors[tensor].type.shape }
  package func constant(of tensor: Program.TensorID) -> Tensor? { program.tensors[tensor].constant }

  /// Appends a step that writes a new tensor, and returns that tensor.
  @discardableResult
  package mutating func emit(
    _ kind: StepKind, _ inputs: [Program.TensorID?], _ type: TensorType, integers: [Int] = [],
    floats: [Float] = [], weight: Program.Weight? = nil, multiplyAccumulates: Int = 0
  ) -> Program.TensorID {
    let output = add(type)
    emit(
      kind, inputs, writing: [output], integers: integers, floats: floats, weight: weight,
      multiplyAccumulates: multiplyAccumulates)
    return output
  }

  /// Appends a step that writes given tensors, whole or in part.
  package mutating func emit(
    _ kind: StepKind, _ inputs: [Program.TensorID?], writing outputs: [Program.TensorID?],
    integers: [Int] = [], floats: [Float] = [], weight: Program.Weight? = nil,
    multiplyAccumulates: Int = 0
  ) {
    program.steps.append(
      .init(
        kind: kind, name: node.name, operation: node.operation, inputs: inputs, outputs: outputs,
        integers: integers, floats: floats, weight: weight,
        multiplyAccumulates: multiplyAccumulates))
  }

  /// The same bytes under another shape; no work at run time.
  package mutating func view(_ tensor: Program.TensorID, _ shape: [Int]) -> Program.TensorID {
    let source = program.tensors[tensor]
    if source.type.shape == shape { return tensor }
    if let constant = source.constant {
      return add(constant: constant.reshaped(shape), name: source.name)
    }
    program.tensors.append(
      .init(
        name: source.name, type: TensorType(source.type.elementType, shape),
        viewOf: source.viewOf ?? tensor))
    return program.tensors.count - 1
  }

  /// The same bytes as elements of another type of the same width; no work at run time.
  package mutating func reinterpreted(
    _ tensor: Program.TensorID, as elementType: ElementType
  ) -> Program.TensorID {
    let source = program.tensors[tensor]
    program.tensors.append(
      .init(
        name: source.name, type: TensorType(elementType, source.type.shape),
        viewOf: source.viewOf ?? tensor))
    return program.tensors.count - 1
  }

  /// A tensor whose axes stand in another order; `axes[i]` is the source of axis i.
  package mutating func transposed(
    _ tensor: Program.TensorID, _ axes: [Int]
  ) -> Program.TensorID {
    if axes == Array(axes.indices) { return tensor }
    let source = type(of: tensor)
    if let constant = constant(of: tensor) {
      return add(constant: constant.transposed(axes), name: program.tensors[tensor].name)
    }
    let shape = axes.map { source.shape[$0] }
    let own = strides(of: source.shape)
    let output = add(TensorType(source.elementType, shape))
    emitCopy(
      from: tensor, 0, axes.map { own[$0] }, to: output, 0, strides(of: shape), shape)
    return output
  }

  /// Copies a box of elements between two tensors; strides and offsets in elements.
  package mutating func emitCopy(
    from source: Program.TensorID, _ sourceOffset: Int, _ sourceStrides: [Int],
    to target: Program.TensorID, _ targetOffset: Int, _ targetStrides: [Int], _ shape: [Int]
  ) {
    guard !shape.contains(0) else {
      // Every tensor has a step that writes it, an empty one too.
      if type(of: target).count == 0 { emit(.fill, [], writing: [target], integers: [0]) }
      return
    }
    let box = mergedBox(shape, sourceStrides, targetStrides)
    emit(
      .copy, [source], writing: [target],
      integers: [box.shape.count] + box.shape + [sourceOffset] + box.source + [targetOffset]
        + box.target)
  }
}

/// A box copy with adjacent axes merged wherever both sides allow it, so that any rank fits the file.
private func mergedBox(
  _ shape: [Int], _ source: [Int], _ target: [Int]
) -> (shape: [Int], source: [Int], target: [Int]) {
  var result: (shape: [Int], source: [Int], target: [Int]) = ([], [], [])
  for axis in shape.indices where shape[axis] != 1 {
    if let last = result.shape.indices.last,
      result.source[last] == source[axis] * shape[axis],
      result.target[last] == target[axis] * shape[axis]
    {
      result.shape[last] *= shape[axis]
      result.source[last] = source[axis]
      result.target[last] = target[axis]
    } else {
      result.shape.append(shape[axis])
      result.source.append(source[axis])
      result.target.append(target[axis])
    }
  }
  return result.shape.isEmpty ? ([1], [1], [1]) : result
}

extension Tensor {
  /// The tensor with its axes in another order; `axes[i]` is the source of axis i.
  package func transposed(_ axes: [Int]) -> Tensor {
    if axes == [1, 0], case .float(let values) = storage {
      return Tensor(
        elementType: elementType, shape: [shape[1], shape[0]],
        storage: .float(transposedMatrix(values, rows: shape[0], columns: shape[1])))
    }
    let own = strides(of: shape)
    let result = axes.map { shape[$0] }
    var positions: [Int] = []
    positions.reserveCapacity(count)
    forEachIndex(of: result) { index in
      var position = 0
      for axis in index.indices { position += index[axis] * own[axes[axis]] }
      positions.append(position)
    }
    return gathering(positions, shape: result)
  }
}

/// A row-major matrix turned, in squares that stay in the cache: weights are large.
func transposedMatrix(_ values: [Float], rows: Int, columns: Int) -> [Float] {
  let edge = 32
  return unsafe [Float](unsafeUninitializedCapacity: values.count) { target, count in
    unsafe values.withUnsafeBufferPointer { source in
      for firstRow in stride(from: 0, to: rows, by: edge) {
        for firstColumn in stride(from: 0, to: columns, by: edge) {
          for column in firstColumn..<min(firstColumn + edge, columns) {
            for row in firstRow..<min(firstRow + edge, rows) {
              unsafe target.initializeElement(
                at: column * rows + row, to: source[row * columns + column])
            }
          }
        }
      }
    }
    count = values.count
  }
}

/// The type a value has at run time: narrower floats and float64 run as float32.
package func runtimeType(_ type: TensorType) throws(GraphError) -> TensorType {
  guard type.rank <= 8 else {
    throw GraphError(
      .unsupportedVariant,
      "the runtime has tensors of up to eight axes, not \(type.shape); merge some by a Reshape")
  }
  switch type.elementType {
  case .float32, .int64, .int32, .bool, .uint8, .int8: return type
  case .float16, .bfloat16, .float64: return TensorType(.float32, type.shape)
  default:
    throw GraphError(
      .badType,
      "the runtime has no \(type.elementType) tensors; cast to float32, int64, int32, uint8, int8 or bool"
    )
  }
}

/// A constant as the runtime keeps it.
package func runtimeConstant(_ tensor: Tensor) throws(GraphError) -> Tensor {
  let type = try runtimeType(tensor.type)
  guard type.elementType != tensor.elementType else { return tensor }
  return Tensor(tensor.floats, shape: tensor.shape)
}
