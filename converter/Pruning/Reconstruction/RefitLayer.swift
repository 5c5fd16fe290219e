public import EspalierGraph

/// A layer of a pruned graph that can be refitted, with its place in the dense graph.
struct RefitLayer: Sendable {
  /// The layer as it is left, and as it was.
  let pruned: LinearLayer
  let dense: LinearLayer
  /// Which of the dense layer's outputs are left, in order.
  let kept: [Int]
  /// Where a constant is added to the output; `nil` where the layer has no bias.
  let bias: Bias?
  /// What the output is added to further on.
  let residual: Residual?
  /// What limits the output further on.
  let activation: LayerActivation?

  struct Bias: Sendable {
    let value: Graph.ValueID
    /// Whether the layer's own output contains it.
    let isInside: Bool
    /// What one of it counts for: a `Gemm`'s beta.
    let factor: Double
  }

  struct Residual: Sendable {
    let value: Graph.ValueID
    /// What one of it counts for in the layer's own output; a batch normalisation stands between.
    let factors: [Float]
  }
}

extension Specialised {
  /// The shape of each input by name, those included that were assumed.
  public var inputShapes: [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for input in graph.inputs { shapes[graph.values[input].name] = types[input]?.shape }
    return shapes
  }

  /// For each value, how often nodes, their subgraphs and outputs read it.
  var useCounts: [Int] {
    var counts = [Int](repeating: 0, count: graph.values.count)
    for case let input? in graph.nodes.flatMap(\.dependencies) { counts[input] += 1 }
    for output in graph.outputs { counts[output] += 1 }
    return counts
  }
}

extension Graph {
  /// The same graph with biases that refitting can change: each layer has its own, zero where there
  /// was none, and so has each batch normalisation its statistics.
  func withOwnBiases() -> Graph {
    var builder = OwnBiases(graph: self)
    for index in nodes.indices where nodes[index].domain.isEmpty { builder.visit(index) }
    return builder.graph
  }
}

private struct OwnBiases {
  var graph: Graph
  private var names: Set<String>
  /// For each value, how often nodes, their subgraphs and outputs read it.
  private var counts: [Int]

  init(graph: Graph) {
    self.graph = graph
    names = Set(graph.values.map(\.name))
    counts = [Int](repeating: 0, count: graph.values.count)
    for case let input? in graph.nodes.flatMap(\.dependencies) { counts[input] += 1 }
    for output in graph.outputs { counts[output] += 1 }
  }

  mutating func visit(_ index: Int) {
    let places: [Int]
    switch graph.nodes[index].operation {
    case "Conv", "ConvTranspose", "Gemm":
      addBias(index)
      places = [2]
    case "BatchNormalization": places = [3, 4]
    case "Add": places = [0, 1]
    default: return
    }
    for place in places where place < graph.nodes[index].inputs.count {
      guard let id = graph.nodes[index].inputs[place], id < counts.count, counts[id] > 1,
        let constant = graph.values[id].constant, constant.shape.count(where: { $0 > 1 }) <= 1
      else { continue }
      counts[id] -= 1
      graph.nodes[index].inputs[place] = add(graph.values[id].name, constant)
    }
  }

  /// Gives a convolution or product without a bias one of zeros.
  private mutating func addBias(_ index: Int) {
    let node = graph.nodes[index]
    guard node.inputs.count >= 2, node.inputs.count == 2 || node.inputs[2] == nil,
      let weight = node.inputs[1].flatMap({ graph.values[$0].constant }), weight.rank >= 2,
      weight.elementType == .float32
    else { return }
    let context = node.context(opset: graph.opset)
    let count: Int
    switch node.operation {
    case "Conv": count = weight.shape[0]
    case "ConvTranspose":
      guard let groups = try? context.integer("group", default: 1) else { return }
      count = weight.shape[1] * groups
    default:
      guard let transposes = try? context.boolean("transB", default: false) else { return }
      count = weight.shape[transposes ? 0 : 1]
    }
    let zeros = Tensor([Float](repeating: 0, count: count), shape: [count])
    graph.nodes[index].inputs = [node.inputs[0], node.inputs[1], add("\(node.name)_bias", zeros)]
  }

  /// Adds a constant under a name that no value has.
  private mutating func add(_ base: String, _ constant: Tensor) -> Graph.ValueID {
    var (name, number) = (base, 2)
    while !names.insert(name).inserted {
      name = "\(base)_\(number)"
      number += 1
    }
    return graph.addConstant(name, constant)
  }
}

/// Finds what surrounds the layers of a graph.
struct LayerSurroundings {
  let graph: Specialised
  private let counts: [Int]
  /// For each value, the only node that reads it; `nil` where several do, or the graph's outputs.
  private(set) var reader: [Int?]

  init(_ graph: Specialised) {
    self.graph = graph
    counts = graph.useCounts
    reader = [Int?](repeating: nil, count: graph.graph.values.count)
    for (index, node) in graph.graph.nodes.enumerated() {
      for case let input? in node.inputs where counts[input] == 1 { reader[input] = index }
    }
  }

  /// Whether a layer alone uses its weight.
  func ownsWeight(_ layer: LinearLayer) -> Bool { counts[layer.weight] == 1 }

  func bias(of layer: LinearLayer) -> RefitLayer.Bias? {
    let node = graph.graph.nodes[layer.node]
    switch graph.operators[layer.node] {
    case is Conv, is ConvTranspose:
      return vector(node.inputs.count > 2 ? node.inputs[2] : nil, layer).map {
        RefitLayer.Bias(value: $0, isInside: true, factor: 1)
      }
    case let gemm as Gemm:
      guard gemm.beta != 0, layer.inputPlace == 0 else { return nil }
      return vector(node.inputs.count > 2 ? node.inputs[2] : nil, layer).map {
        RefitLayer.Bias(value: $0, isInside: true, factor: Double(gemm.beta))
      }
    default:
      guard layer.inputPlace == 0, let next = reader[layer.output],
        graph.operators[next] is Add
      else { return nil }
      let other = graph.graph.nodes[next].inputs.first { $0 != layer.output } ?? nil
      return vector(other, layer).map { RefitLayer.Bias(value: $0, isInside: false, factor: 1) }
    }
  }

  /// A constant of one number for each output, which the layer alone uses.
  private func vector(_ id: Graph.ValueID?, _ layer: LinearLayer) -> Graph.ValueID? {
    let count = layer.groups * layer.rows
    guard let id, counts[id] == 1, let constant = graph.constants[id],
      constant.elementType == .float32, constant.count == count, constant.shape.last == count
    else { return nil }
    return id
  }

  /// Whether a product or convolution adds something that is not a constant vector.
  func addsMore(_ layer: LinearLayer, _ bias: RefitLayer.Bias?) -> Bool {
    guard bias == nil else { return false }
    let inputs = graph.graph.nodes[layer.node].inputs
    return inputs.count > 2 && inputs[2] != nil
  }

  /// The value that a layer's output is added to, past constants and a batch normalisation.
  func residual(of layer: LinearLayer) -> RefitLayer.Residual? {
    let type = graph.type(of: layer.output)
    let count = layer.groups * layer.rows
    var value = layer.output
    var factors = [Float](repeating: 1, count: count)
    while let next = reader[value] {
      let node = graph.graph.nodes[next]
      switch graph.operators[next] {
      case is Add:
        guard let other = node.inputs.first(where: { $0 != value }) ?? nil else { return nil }
        if graph.constants[other] == nil {
          return graph.types[other] == type
            ? RefitLayer.Residual(value: other, factors: factors) : nil
        }
      case let norm as BatchNormalization:
        guard layer.outputAxis == 1, !norm.isTraining,
          let scale = node.inputs[1].flatMap({ graph.constants[$0] }),
          let variance = node.inputs[4].flatMap({ graph.constants[$0] }), scale.count == count
        else { return nil }
        // A nearly silent channel would ask for huge outputs.
        for (index, (scale, variance)) in zip(scale.floats, variance.floats).enumerated() {
          let factor = (variance + norm.epsilon).squareRoot() / scale
          factors[index] *= factor.isFinite ? min(max(factor, -20), 20) : 0
        }
      default: return nil
      }
      guard let output = node.outputs[0], graph.types[output] == type else { return nil }
      value = output
    }
    return nil
  }
}
