import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded

/// A graph under construction with one image input "x", and what fusion makes of it.
struct Network {
  var graph = Graph()
  var random = Seeded(seed: 7)
  let x: Graph.ValueID
  private var constants = 0

  init(_ shape: [Int] = [1, 8, 5, 5]) {
    x = graph.addInput("x", TensorType(.float32, shape))
    graph.opset = 20
  }

  mutating func constant(_ tensor: Tensor) -> Graph.ValueID {
    constants += 1
    return graph.addConstant("c\(constants)", tensor)
  }

  mutating func scalar(_ value: Float) -> Graph.ValueID { constant(Tensor([value], shape: [])) }

  mutating func random(_ shape: [Int], around center: Float = 0) -> Graph.ValueID {
    constant(random.tensor(shape, around: center))
  }

  mutating func node(
    _ operation: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:]
  ) -> Graph.ValueID {
    graph.addNode(operation, inputs, attributes: attributes)
  }

  /// A pointwise convolution with seeded weights.
  mutating func convolution(
    _ input: Graph.ValueID, from inputs: Int = 8, to outputs: Int = 8, bias: Bool = false
  ) -> Graph.ValueID {
    let weight = random([outputs, inputs, 1, 1])
    return node("Conv", [input, weight, bias ? random([outputs]) : nil])
  }

  /// The steps before fusion.
  func unfused(outputs: [Graph.ValueID]) throws -> Program {
    var graph = graph
    graph.outputs = outputs
    return try buildProgram(Specialised(graph))
  }

  /// The steps after fusion.
  func fused(outputs: [Graph.ValueID]) throws -> Program {
    var program = try unfused(outputs: outputs)
    Fusion.apply(to: &program)
    return program
  }
}

extension Program {
  var kinds: [StepKind] { steps.map(\.kind) }
}

extension Program.Step {
  /// What a layer's kernel applies to its sum; nil for nothing.
  var activation: UnaryCode? {
    switch kind {
    case .convolution: UnaryCode(rawValue: integers[8])
    case .linear: UnaryCode(rawValue: integers[0])
    case .matrixProduct: UnaryCode(rawValue: integers[2])
    default: nil
    }
  }
  var bias: Program.TensorID? { inputs[1] }
  var residual: Program.TensorID? { inputs[2] }
}
