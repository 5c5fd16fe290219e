internal import EspalierGraph

/// A graph whose weights behind DequantizeLinear are plain initializers, in which zeros are chosen and
/// weights refitted, and the way back to the types and scales of the file.
///
/// A zero is the zero point, exactly; what a refit changes is rounded to the weight's own scale.
struct QuantisedWeights {
  /// The graph with float weights; nil where none is behind DequantizeLinear.
  let plain: Graph?
  private var weights: [QuantisedWeight] = []

  init(_ graph: Graph) {
    var plain = graph
    var uses: [Graph.ValueID: Int] = [:]
    for value in graph.outputs + graph.nodes.flatMap(\.dependencies).compactMap({ $0 }) {
      uses[value, default: 0] += 1
    }
    let captured = Set(graph.nodes.flatMap(\.captures) + graph.outputs)
    for node in graph.nodes {
      guard let weight = QuantisedWeight(node, of: graph), uses[weight.integers] == 1,
        let output = node.outputs[0], !captured.contains(output),
        let numbers = weight.dequantised(graph)
      else { continue }
      weights.append(weight)
      plain.values[weight.integers].constant = numbers
      plain.values[weight.integers].elementType = numbers.elementType
      plain.nodes.removeAll { $0.name == node.name }
      plain.replace(output, by: weight.integers)
    }
    self.plain = weights.isEmpty ? nil : plain
  }

  /// A graph that a step made of the plain one, with weights in the file's types.
  /// - Returns: the graph, and initializers that stay float, since channels of them are gone whose scales are
  ///   not known apart.
  func restored(_ graph: Graph) -> (graph: Graph, plain: [String]) {
    var result = graph
    var left: [String] = []
    for weight in weights {
      let name = weight.original.name
      guard let numbers = result.values[weight.integers].constant else { continue }
      let place = result.nodes.firstIndex { $0.inputs.contains(weight.integers) }
      guard let place, let integers = weight.quantised(numbers, opset: graph.opset) else {
        left.append(name)
        continue
      }
      result.replace(weight.integers, by: weight.node.outputs[0]!)
      result.nodes.insert(weight.node, at: place)
      result.values[weight.integers] = weight.original
      result.values[weight.integers].constant = integers
      if weight.original.shape != nil {
        result.values[weight.integers].shape = integers.shape.map { .fixed($0) }
      }
      // Nothing read them meanwhile.
      for case (let value?, let tensor?) in zip(
        weight.node.inputs.dropFirst(), [weight.scale, weight.zeroPoint])
      { result.values[value].constant = tensor }
    }
    return (result, left)
  }
}

/// One weight and the node that makes numbers of it.
private struct QuantisedWeight {
  var node: Graph.Node
  var integers: Graph.ValueID
  var original: Graph.Value
  var scale: Tensor
  var zeroPoint: Tensor?
  var shape: [Int]
}

extension QuantisedWeight {
  init?(_ node: Graph.Node, of graph: Graph) {
    guard node.domain.isEmpty, node.operation == OperatorKind.dequantizeLinear.rawValue,
      node.inputs.count > 1, let integers = node.inputs[0],
      let tensor = graph.values[integers].constant, tensor.rank > 1,
      let scale = node.inputs[1].flatMap({ graph.values[$0].constant })
    else { return nil }
    let zero = node.inputs.count > 2 ? node.inputs[2] : nil
    let zeroPoint = zero.flatMap { graph.values[$0].constant }
    guard zero == nil || zeroPoint != nil else { return nil }
    self.init(
      node: node, integers: integers, original: graph.values[integers], scale: scale,
      zeroPoint: zeroPoint, shape: tensor.shape)
  }

  func dequantised(_ graph: Graph) -> Tensor? {
    let operation = try? node.makeOperator(opset: graph.opset)
    let inputs = [original.constant, scale] + (zeroPoint.map { [$0] } ?? [])
    return try? operation?.evaluate(inputs)[0]
  }

  /// - Returns: nil where the weight's shape is another, and more than one scale was given.
  func quantised(_ numbers: Tensor, opset: Int) -> Tensor? {
    guard let type = original.constant?.elementType,
      numbers.shape == shape || scale.count == 1
    else { return nil }
    var attributes = node.attributes
    attributes["output_dtype"] = nil
    var inverse = Graph.Node(
      name: node.name, operation: OperatorKind.quantizeLinear.rawValue, inputs: node.inputs,
      outputs: node.outputs, attributes: attributes)
    // Without a zero point its type would be uint8.
    let zero =
      zeroPoint
      ?? Tensor(
        elementType: type, shape: scale.shape,
        integers: [Int64](repeating: 0, count: scale.count))
    if inverse.inputs.count < 3 { inverse.inputs.append(node.inputs[0]) }
    let operation = try? inverse.makeOperator(opset: opset)
    let wide = Tensor(
      elementType: scale.elementType, shape: numbers.shape, doubles: numbers.doubles)
    return try? operation?.evaluate([wide, scale, zero])[0]
  }
}

extension Graph {
  /// Lets whatever reads a value read another one.
  fileprivate mutating func replace(_ value: ValueID, by other: ValueID) {
    for index in nodes.indices where nodes[index].inputs.contains(value) {
      nodes[index].inputs = nodes[index].inputs.map { $0 == value ? other : $0 }
    }
  }
}
