extension Graph {
  /// The graph in which a sum that is divided by the number of its terms is a mean; `nil` where it has
  /// none.
  ///
  /// Some exporters write the mean of a layer normalisation as `ReduceSum` and a product with 1/N. When
  /// channels go, a mean is of those that are left, but a sum goes on being divided by N.
  /// - Parameter typed: The same graph with types.
  func withMeansOfSums(_ typed: Specialised) -> Graph? {
    let sums = typed.sumsOfKnownCount()
    guard !sums.isEmpty else { return nil }
    let outputs = Set(typed.graph.outputs)
    let captured = Set(typed.graph.nodes.flatMap(\.captures))
    var readers: [ValueID: [Node]] = [:]
    for node in typed.graph.nodes {
      for case let input? in node.inputs where sums[input] != nil {
        readers[input, default: []].append(node)
      }
    }
    var means: [String: Node] = [:]
    for (value, sum) in sums where !outputs.contains(value) && !captured.contains(value) {
      let own = readers[value] ?? []
      guard !own.isEmpty, own.allSatisfy({ typed.divides($0, sum.output, by: sum.count) }) else {
        continue
      }
      for node in own { means[node.name] = mean(of: sum, in: node) }
    }
    guard !means.isEmpty else { return nil }
    var result = self
    for index in result.nodes.indices {
      if let mean = means[result.nodes[index].name] { result.nodes[index] = mean }
    }
    return result
  }

  /// A node that writes another's outputs, the mean of what a sum is of.
  private func mean(of sum: SumOfKnownCount, in node: Node) -> Node {
    var mean = Node(
      name: node.name, operation: "ReduceMean", inputs: [sum.input], outputs: node.outputs,
      attributes: ["keepdims": .integer(sum.keepsDimensions ? 1 : 0)])
    if opset >= MeanReduction.axesAreInputSince {
      mean.inputs.append(sum.axesInput)
    } else {
      mean.attributes["axes"] = .integers(sum.axes.map { Int64($0) })
    }
    return mean
  }
}

/// A sum over axes whose extents are known and fixed.
private struct SumOfKnownCount {
  var input: Graph.ValueID
  var output: Graph.ValueID
  var axes: [Int]
  /// The input that says the axes; `nil` where there is none.
  var axesInput: Graph.ValueID?
  var keepsDimensions: Bool
  /// Terms of each sum.
  var count: Int
}

extension Specialised {
  /// By the value that each makes.
  fileprivate func sumsOfKnownCount() -> [Graph.ValueID: SumOfKnownCount] {
    var result: [Graph.ValueID: SumOfKnownCount] = [:]
    for (node, operation) in zip(graph.nodes, operators) {
      guard let reduction = operation as? ReduceSum, let input = node.inputs[0],
        let output = node.outputs[0], let type = types[input], type.elementType.isFloatingPoint
      else { continue }
      let axesInput = node.inputs.count > 1 ? node.inputs[1] : nil
      let constant = axesInput.flatMap { constants[$0] }
      guard let axes = try? reduction.axes(constant, rank: type.rank), !axes.isEmpty,
        // Else a mean of this opset has no input that says them.
        axesInput != nil || graph.opset < MeanReduction.axesAreInputSince,
        !axes.contains(where: { open?.isOpen(input, axis: $0) ?? false })
      else { continue }
      let count = axes.reduce(1) { $0 * type.shape[$1] }
      guard count > 1 else { continue }
      result[output] = SumOfKnownCount(
        input: input, output: output, axes: axes, axesInput: axesInput,
        keepsDimensions: reduction.keepsDimensions, count: count)
    }
    return result
  }

  /// Whether a node divides a value by a number, and does nothing else.
  fileprivate func divides(_ node: Graph.Node, _ value: Graph.ValueID, by count: Int) -> Bool {
    guard node.domain.isEmpty, node.inputs.count == 2, let type = types[value],
      let output = node.outputs.first ?? nil, types[output] == type
    else { return false }
    let place = node.inputs[0] == value ? 1 : 0
    guard let other = node.inputs[place], other != value, let constant = constants[other],
      constant.count == 1, !(open?.isOpen(other) ?? false)
    else { return false }
    let quotient: Double
    switch node.operation {
    case "Mul": quotient = constant.doubles[0] * Double(count)
    case "Div" where place == 1: quotient = Double(count) / constant.doubles[0]
    default: return false
    }
    // As near as the number's type can be to 1/N.
    let rounding = [.float16, .bfloat16].contains(constant.elementType) ? 0x1p-7 : 0x1p-22
    return abs(quotient - 1) <= rounding
  }
}
