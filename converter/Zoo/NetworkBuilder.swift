import EspalierGraph

/// Builds a graph layer by layer, with seeded weights and names as training frameworks give them.
struct NetworkBuilder {
  private(set) var graph = Graph()
  /// Height of the image, in pixels.
  let imageSize: Int
  /// What batch normalisation adds to variances.
  var batchNormEpsilon: Float = 1e-5
  private let seed: UInt64

  init(name: String, seed: UInt64, imageSize: Int) {
    graph.name = name
    graph.opset = 17
    graph.metadata.producerName = "espalier zoo"
    graph.metadata.opsets = [(domain: "", version: 17)]
    self.seed = seed
    self.imageSize = imageSize
  }

  /// The image to look at, [1, 3, imageSize, aspect * imageSize].
  mutating func image(aspect: Int = 1) -> Feature {
    let type = TensorType(.float32, [1, 3, imageSize, aspect * imageSize])
    return Feature(
      value: graph.addInput("input", type), means: [0, 0, 0], variances: [1, 1, 1])
  }

  /// A graph input of any type.
  mutating func input(_ name: String, _ type: TensorType) -> Graph.ValueID {
    graph.addInput(name, type)
  }

  /// Makes a value an output of the graph, with a type so that the file says it.
  mutating func output(_ name: String, _ value: Graph.ValueID, _ shape: [Int]) {
    graph.values[value].name = name
    graph.values[value].elementType = .float32
    graph.values[value].shape = shape.map { .fixed($0) }
    graph.outputs.append(value)
  }

  /// The generator of one tensor's numbers.
  func random(_ name: String) -> NormalGenerator { NormalGenerator(seed: seed, name: name) }

  /// An initializer with normal numbers.
  mutating func weight(_ name: String, _ shape: [Int], deviation: Double) -> Graph.ValueID {
    var generator = random(name)
    let values = generator.normals(shape.reduce(1, *), deviation: Float(deviation))
    return graph.addConstant(name, Tensor(values, shape: shape))
  }

  /// An initializer with uniform numbers.
  mutating func vector(_ name: String, _ count: Int, _ range: ClosedRange<Float>) -> Graph.ValueID {
    var generator = random(name)
    return graph.addConstant(
      name, Tensor((0..<count).map { _ in generator.uniform(range) }, shape: [count]))
  }

  /// An initializer with given numbers.
  mutating func constant(_ name: String, _ tensor: Tensor) -> Graph.ValueID {
    graph.addConstant(name, tensor)
  }

  /// A constant that training does not change, in a node of its own as exporters write it.
  mutating func fixed(_ name: String, _ tensor: Tensor) -> Graph.ValueID {
    node("Constant", [], name: name, attributes: ["value": .tensor(tensor)])
  }

  /// A node with one output.
  mutating func node(
    _ operation: String, _ inputs: [Graph.ValueID?], name: String,
    attributes: [String: Attribute] = [:]
  ) -> Graph.ValueID {
    graph.addNode(operation, inputs, name: name, attributes: attributes)
  }

  /// Equal parts of a value along its last axis.
  mutating func split(_ x: Graph.ValueID, _ name: String, _ parts: Int) -> [Graph.ValueID] {
    nodes("Split", [x], outputs: parts, name: name, attributes: ["axis": .integer(-1)])
  }

  /// Parts of given sizes along the last axis.
  mutating func split(
    _ x: Graph.ValueID, _ name: String, sizes: Graph.ValueID, count: Int
  ) -> [Graph.ValueID] {
    nodes("Split", [x, sizes], outputs: count, name: name, attributes: ["axis": .integer(-1)])
  }

  /// A node with several outputs.
  mutating func nodes(
    _ operation: String, _ inputs: [Graph.ValueID?], outputs: Int, name: String,
    attributes: [String: Attribute] = [:]
  ) -> [Graph.ValueID] {
    graph.addNode(operation, inputs, outputs: outputs, name: name, attributes: attributes)
  }

  /// The elements of an initializer.
  func elements(_ constant: Graph.ValueID) -> [Float] { graph.values[constant].constant!.floats }
}
