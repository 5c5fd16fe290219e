import EspalierGraph
import EspalierONNX

/// A model of a few hundred bytes with a convolution, a shape chain and a matrix product.
func smallModel() -> Graph {
  var graph = Graph()
  graph.name = "small"
  graph.opset = 17
  graph.metadata.producerName = "Espalier tests"
  graph.metadata.producerVersion = "1"
  graph.metadata.documentation = "A small model."
  graph.metadata.properties = [("author", "someone"), ("empty", "")]
  graph.metadata.opsets = [("", 17), ("ai.onnx.ml", 3)]
  let input = graph.addInput("image", TensorType(.float32, [1, 2, 4, 4]))
  graph.values[input].shape = [.symbol("batch"), .fixed(2), .fixed(4), .fixed(4)]
  let weight = graph.addConstant("weight", ramp([3, 2, 3, 3]))
  let convolved = graph.addNode(
    "Conv", [input, weight, nil], name: "conv",
    attributes: ["pads": .integers([1, 1, 1, 1]), "auto_pad": .string(Array("NOTSET".utf8))])
  let shape = graph.addNode("Shape", [convolved], name: "shape")
  let first = graph.addConstant("first", Tensor(integers: [0], shape: [1]))
  let batch = graph.addNode(
    "Gather", [shape, first], name: "batch", attributes: ["axis": .integer(0)])
  let rest = graph.addNode(
    "Constant", [], name: "rest", attributes: ["value": .tensor(Tensor(integers: [-1]))])
  let target = graph.addNode(
    "Concat", [batch, rest], name: "target", attributes: ["axis": .integer(0)])
  let flat = graph.addNode("Reshape", [convolved, target], name: "flat")
  let half = graph.addConstant(
    "half",
    Tensor(elementType: .float16, shape: [48, 2], doubles: (0..<96).map { Double($0) / 64 }))
  let matrix = graph.addNode("Cast", [half], name: "matrix", attributes: ["to": .integer(1)])
  let product = graph.addNode(
    "Gemm", [flat, matrix], name: "product", attributes: ["alpha": .float(0.5)])
  graph.outputs = [product]
  return graph
}

/// The numbers 0, 1, 2, … under a shape.
func ramp(_ shape: [Int]) -> Tensor {
  Tensor((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape)
}

/// A small deterministic generator (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The problems with which importing fails; empty where it succeeds.
func problems(importing message: Message, directory: String? = nil) -> [GraphError] {
  problems(importing: message.bytes, directory: directory)
}

func problems(importing bytes: [UInt8], directory: String? = nil) -> [GraphError] {
  do {
    _ = try importONNX(bytes: bytes, directory: directory)
    return []
  } catch {
    return error.problems
  }
}
