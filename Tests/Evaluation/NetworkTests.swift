import EspalierGraph
import EspalierSeeded
import EspalierZoo
import Testing

@testable import EspalierEvaluation

@Suite struct NetworkTests {
  /// Whole networks, as the reference computes them: rounding adds up over their depth.
  @Test(arguments: ["resnet18", "mobilenet_v2", "efficientnet_b0", "vit_b_16"])
  func `networks of the zoo answer as the reference does`(name: String) throws {
    let graph = try #require(Zoo.architecture(named: name)).graph(seed: 3, imageSize: 64)
    let specialised = try Specialised(graph)
    let inputs = specialised.randomInputs(seed: 4)
    let wanted = try Interpreter(specialised).run(inputs)
    let found = try Evaluator(specialised).run(inputs)
    #expect(found.keys == wanted.keys)
    for (name, tensor) in wanted {
      let scale = tensor.floats.map(abs).max()!
      let worst = TensorDifference(found[name]!, tensor, relative: 0, absolute: 0).maximumAbsolute
      #expect(worst < 1e-5 * Double(scale), "\(name): \(worst / Double(scale))")
    }
  }

  private func chain() throws -> Specialised {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 2]))
    let weight = graph.addConstant("w", Tensor([1, 0, 0, 1], shape: [2, 2]))
    let y = graph.addNode("MatMul", [x, weight])
    let z = graph.addNode("Relu", [y])
    graph.outputs = [graph.addNode("Add", [z, x])]
    return try Specialised(graph)
  }

  @Test func `values go after their last use, and constants can be replaced between steps`() throws
  {
    let specialised = try chain()
    var evaluator = Evaluator(specialised)
    let nodes = specialised.graph.nodes
    let (weight, y) = (nodes[0].inputs[1]!, nodes[0].outputs[0]!)
    var values = try evaluator.start(["x": Tensor([1, -2], shape: [1, 2])])
    evaluator.replaceConstant(weight, by: Tensor([0, 3, 5, 0], shape: [2, 2]))
    #expect(evaluator.inputs(ofNode: 0, values).map { $0!.floats } == [[1, -2], [0, 3, 5, 0]])
    try evaluator.compute(0, &values)
    #expect(values[y]?.floats == [-10, 3])
    try evaluator.compute(1, &values)
    #expect(values[y] == nil)
    try evaluator.compute(2, &values)
    #expect(evaluator.outputs(values).values.map(\.floats) == [[1, 1]])
  }

  @Test func `samples walk side by side as each does alone`() throws {
    let evaluator = try Evaluator(chain())
    var random = Seeded(seed: 21)
    let inputs = (0..<7).map { _ in ["x": random.tensor([1, 2])] }
    var samples = try inputs.map { try evaluator.start($0) }
    for node in evaluator.nodes.indices { try evaluator.compute(node, all: &samples) }
    #expect(try samples.map(evaluator.outputs) == inputs.map { try evaluator.run($0) })
  }

  @Test func `the first sample that fails is named`() throws {
    var graph = Graph()
    let index = graph.addInput("index", TensorType(.int64, [1]))
    let table = graph.addConstant("table", Tensor([1, 2, 3], shape: [3]))
    graph.outputs = [graph.addNode("Gather", [table, index])]
    let evaluator = try Evaluator(Specialised(graph))
    var samples = try [0, 2, 3, 1, 4].map {
      try evaluator.start(["index": Tensor(elementType: .int64, shape: [1], integers: [$0])])
    }
    let error = #expect(throws: Evaluator.SampleError.self) {
      try evaluator.compute(0, all: &samples)
    }
    #expect(error?.sample == 2 && error?.error.code == .badIndex)
  }

  @Test func `memory is the most that is alive at one time`() throws {
    // x and y, then x, y and z, then x, z and the sum: at most three pairs of numbers.
    #expect(try Evaluator(chain()).peakByteCount == 3 * 8)
  }

  @Test func `inputs are checked`() throws {
    let evaluator = try Evaluator(chain())
    let x = Tensor([1, 2], shape: [1, 2])
    #expect(throws: GraphError.self) { try evaluator.run([:]) }
    #expect(throws: GraphError.self) { try evaluator.run(["x": x, "y": x]) }
    #expect(throws: GraphError.self) { try evaluator.run(["x": x.reshaped([2])]) }
  }
}
