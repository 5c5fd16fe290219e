import EspalierGraph
import EspalierSeeded

/// Builds small networks with random weights that differ everywhere.
struct Net {
  var graph = Graph()
  /// Of inputs and weights.
  var elementType = ElementType.float32
  private var random: Seeded
  private var count = 0

  init(seed: UInt64 = 7, opset: Int = 17) {
    random = Seeded(seed: seed)
    graph.opset = opset
  }

  private mutating func name(_ what: String) -> String {
    count += 1
    return "\(what)_\(count)"
  }

  mutating func input(_ shape: [Int]) -> Graph.ValueID {
    graph.addInput(name("input"), TensorType(elementType, shape))
  }

  mutating func constant(_ what: String, _ values: Tensor) -> Graph.ValueID {
    graph.addConstant(
      name(what), Tensor(elementType: elementType, shape: values.shape, doubles: values.doubles))
  }

  mutating func weight(_ shape: [Int]) -> Graph.ValueID {
    constant("weight", random.tensor(shape))
  }

  /// Values away from zero, as scales and variances have.
  mutating func positive(_ shape: [Int]) -> Graph.ValueID {
    let values = (0..<shape.reduce(1, *)).map { _ in 1.25 + 0.5 * random.float() }
    return constant("scale", Tensor(values, shape: shape))
  }

  mutating func integers(_ values: [Int64]) -> Graph.ValueID {
    graph.addConstant(name("integers"), Tensor(integers: values))
  }

  mutating func node(
    _ operation: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:]
  ) -> Graph.ValueID {
    graph.addNode(operation, inputs, name: name(operation), attributes: attributes)
  }

  mutating func nodes(
    _ operation: String, _ inputs: [Graph.ValueID?], outputs: Int,
    _ attributes: [String: Attribute] = [:]
  ) -> [Graph.ValueID] {
    graph.addNode(
      operation, inputs, outputs: outputs, name: name(operation), attributes: attributes)
  }

  mutating func relu(_ x: Graph.ValueID) -> Graph.ValueID { node("Relu", [x]) }

  /// A convolution of odd kernel that keeps the plane's extent, with bias.
  mutating func conv(
    _ x: Graph.ValueID, _ from: Int, _ to: Int, kernel: Int, groups: Int = 1
  ) -> Graph.ValueID {
    let pad = Int64(kernel / 2)
    return node(
      "Conv", [x, weight([to, from / groups, kernel, kernel]), weight([to])],
      ["group": .integer(Int64(groups)), "pads": .integers([pad, pad, pad, pad])])
  }

  mutating func batchNorm(_ x: Graph.ValueID, _ channels: Int) -> Graph.ValueID {
    node(
      "BatchNormalization",
      [x, positive([channels]), weight([channels]), weight([channels]), positive([channels])])
  }

  mutating func layerNorm(_ x: Graph.ValueID, _ channels: Int) -> Graph.ValueID {
    node("LayerNormalization", [x, positive([channels]), weight([channels])])
  }

  /// A product with a constant matrix, then a bias.
  mutating func linear(_ x: Graph.ValueID, _ from: Int, _ to: Int) -> Graph.ValueID {
    node("Add", [node("MatMul", [x, weight([from, to])]), weight([to])])
  }

  mutating func gemm(_ x: Graph.ValueID, _ from: Int, _ to: Int) -> Graph.ValueID {
    node("Gemm", [x, weight([to, from]), weight([to])], ["transB": .integer(1)])
  }

  mutating func reshape(_ x: Graph.ValueID, _ shape: [Int64]) -> Graph.ValueID {
    node("Reshape", [x, integers(shape)])
  }

  /// The network with these outputs; mutating, so that its argument may add nodes.
  mutating func finished(_ outputs: [Graph.ValueID]) -> Graph {
    graph.outputs = outputs
    return graph
  }
}
