import EspalierGraph
import Testing

@testable import Espalier
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
      let worst = zip(tensor.floats, found[name]!.floats).map { abs($0 - $1) }.max()!
      #expect(worst < 1e-5 * scale, "\(name): \(worst / scale)")
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
    var seen: [[Float]] = []
    try evaluator.step(0, &values) { inputs, outputs in
      seen = inputs.map { $0!.floats } + outputs.map(\.floats)
    }
    #expect(seen == [[1, -2], [0, 3, 5, 0], [-10, 3]])
    #expect(values[y]?.floats == [-10, 3])
    try evaluator.step(1, &values)
    #expect(values[y] == nil)
    try evaluator.step(2, &values)
    #expect(evaluator.outputs(values).values.map(\.floats) == [[1, 1]])
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
