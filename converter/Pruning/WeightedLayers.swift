import EspalierGraph

/// A node that multiplies by a constant weight.
struct WeightedLayer: Sendable {
  let node: Int
  /// The value at the node's weight input.
  let weight: Graph.ValueID
  /// Where the weight stands; `nil` where it is computed from constants by other nodes.
  let view: WeightView?
  /// How it is laid out; `nil` also where shape and groups disagree.
  let matrix: WeightMatrix?
  /// Whether no weighted layer stands between the graph's inputs and this one.
  var isFirst = false
  /// Whether no weighted layer stands between this one and the graph's outputs.
  var isLast = false
}

/// The weighted layers of a graph: convolutions and products whose right operand is constant.
struct WeightedLayers: Sendable {
  private(set) var layers: [WeightedLayer] = []
  /// For each value, the nodes that read it.
  private var readers: [[Int]]
  /// The node whose subgraph reads a value, where one does.
  private var capturing: [Graph.ValueID: Int] = [:]
  /// For each node, its place among `layers`.
  private var layerOfNode: [Int?]
  private let graph: Graph

  init(of graph: Graph) throws(PruningError) {
    self.graph = graph
    readers = Array(repeating: [], count: graph.values.count)
    layerOfNode = Array(repeating: nil, count: graph.nodes.count)
    var producers = [Int?](repeating: nil, count: graph.values.count)
    var isConstant = graph.values.map { $0.constant != nil }
    for (index, node) in graph.nodes.enumerated() {
      let inputs = node.inputs.compactMap { $0 }
      for input in Set(inputs) { readers[input].append(index) }
      for capture in node.captures { capturing[capture] = index }
      let derived = inputs.allSatisfy { isConstant[$0] }
      for case let output? in node.outputs {
        producers[output] = index
        isConstant[output] = derived
      }
      guard node.domain.isEmpty, let kind = OperatorKind(rawValue: node.operation),
        [.conv, .convTranspose, .gemm, .matMul].contains(kind), node.inputs.count > 1,
        let weight = node.inputs[1], isConstant[weight], !derived
      else { continue }
      let view = view(of: weight, producers)
      let matrix = try matrix(of: view, node)
      layerOfNode[index] = layers.count
      layers.append(WeightedLayer(node: index, weight: weight, view: view, matrix: matrix))
    }
    markEnds()
  }

  /// The initializer behind a value that transposes, identities and casts separate from it.
  private func view(of value: Graph.ValueID, _ producers: [Int?]) -> WeightView? {
    var value = value
    var transposes: [[Int]?] = []
    // A loop, not recursion: a chain of nodes may be as long as the file likes.
    while graph.values[value].constant == nil {
      guard let producer = producers[value], graph.nodes[producer].passesNumbersOn,
        let input = graph.nodes[producer].inputs.first ?? nil
      else { return nil }
      let node = graph.nodes[producer]
      if node.operation == "Transpose" {
        guard let axes = try? Transposition(node, graph.opset) else { return nil }
        transposes.append(axes.permutation)
      }
      value = input
    }
    let source = WeightView(value, shape: graph.values[value].constant!.shape)
    return transposes.reversed().reduce(source) { view, axes in view?.permuted(axes) }
  }

  private func matrix(
    of view: WeightView?, _ node: Graph.Node
  ) throws(PruningError) -> WeightMatrix? {
    guard let view else { return nil }
    do throws(GraphError) {
      switch try node.makeOperator(opset: graph.opset) {
      case let conv as Conv: return view.convolution(groups: conv.groups)
      case let conv as ConvTranspose: return view.transposedConvolution(groups: conv.groups)
      case let gemm as Gemm:
        guard view.shape.count == 2 else { return nil }
        return (gemm.transposesB ? view.permuted([1, 0]) : view)?.rightOperand()
      default: return view.rightOperand()
      }
    } catch {
      throw PruningError(.badGraph, error.description)
    }
  }

  /// Finds the layers that meet the graph's inputs or outputs without another layer in between.
  private mutating func markEnds() {
    var follows = [Bool](repeating: false, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      let behind = node.dependencies.contains { $0.map { follows[$0] } ?? false }
      if let layer = layerOfNode[index] { layers[layer].isFirst = !behind }
      for case let output? in node.outputs {
        follows[output] = !node.asksForShape && (behind || isWeighted(index))
      }
    }
    var leads = [Bool](repeating: false, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated().reversed() {
      let ahead = node.outputs.contains { $0.map { leads[$0] } ?? false }
      if let layer = layerOfNode[index] { layers[layer].isLast = !ahead }
      for case let input? in node.dependencies where !node.asksForShape {
        leads[input] = leads[input] || ahead || isWeighted(index)
      }
    }
  }

  /// Whether a node is a layer with weights, or an unknown operator that reads a matrix of them.
  private func isWeighted(_ index: Int) -> Bool {
    let node = graph.nodes[index]
    if layerOfNode[index] != nil { return true }
    guard !node.domain.isEmpty || OperatorKind(rawValue: node.operation) == nil else {
      return false
    }
    return node.inputs.contains { input in
      guard let constant = input.flatMap({ graph.values[$0].constant }) else { return false }
      return constant.elementType.isFloatingPoint && constant.rank >= 2
    }
  }

  /// Something that uses an initializer other than as the weight of a layer; `nil` if nothing does.
  func otherUse(of initializer: Graph.ValueID) -> String? {
    var pending = [initializer]
    while let value = pending.popLast() {
      if graph.outputs.contains(value) {
        return "as the graph output \"\(graph.values[value].name)\""
      }
      if let node = capturing[value].map({ graph.nodes[$0] }) {
        return "by a subgraph of node \"\(node.name)\" (\(node.operation))"
      }
      for reader in readers[value] {
        let node = graph.nodes[reader]
        if node.passesNumbersOn {
          pending += node.outputs.compactMap { $0 }
        } else if layerOfNode[reader].map({ layers[$0].weight }) != value
          || node.inputs.filter({ $0 == value }).count > 1
        {
          return "by node \"\(node.name)\" (\(node.operation))"
        }
      }
    }
    return nil
  }
}

/// The axes of a Transpose node; reversed where it names none.
private struct Transposition {
  let permutation: [Int]?

  init(_ node: Graph.Node, _ opset: Int) throws(GraphError) {
    permutation = try node.context(opset: opset).integers("perm")
  }
}

extension Graph.Node {
  /// Whether the output has the first input's elements, at most in another order of axes or rounded.
  fileprivate var passesNumbersOn: Bool {
    guard domain.isEmpty else { return false }
    switch operation {
    case "Transpose", "Identity": return true
    case "Cast":
      // A half-precision weight; what is zero stays so, and the largest stay the largest.
      guard case .integer(let code)? = attributes["to"] else { return false }
      return Int32(exactly: code).flatMap(ElementType.init)?.isFloatingPoint == true
    default: return false
    }
  }

  /// Whether the output tells the input's shape and nothing of its values.
  fileprivate var asksForShape: Bool {
    domain.isEmpty && (operation == "Shape" || operation == "Size")
  }
}
