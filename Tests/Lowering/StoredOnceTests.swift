import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// What a file holds once, however many layers or steps of a loop read it, and what it need not hold.
@Suite struct StoredOnceTests {
  private func lowered(_ network: Network, _ outputs: [Graph.ValueID]) throws -> ModelDescription {
    var graph = network.graph
    graph.outputs = outputs
    return try lower(Specialised(graph)).description
  }

  /// Initializers of the same numbers, as an exporter or an unrolled loop leaves them.
  @Test func equalWeightsAndConstants() throws {
    var network = Network([2, 8])
    var random = Seeded(seed: 3)
    var numbers = random.tensor([8, 8]).floats
    let table = random.tensor([2, 8])
    func weight() -> Tensor { Tensor(numbers, shape: [8, 8]) }
    var y = network.x
    for _ in 0..<3 {
      y = network.node("MatMul", [y, network.constant(weight())])
      y = network.node("Mul", [y, network.constant(Tensor(table.floats, shape: [2, 8]))])
      y = network.node("Tanh", [y])
    }
    // One number of 64 is another.
    numbers[37] += 1
    y = network.node("MatMul", [y, network.constant(weight())])
    let model = try lowered(network, [y])
    #expect(model.weights.count == 2)
    #expect(model.steps.compactMap(\.weight) == [0, 0, 0, 1])
    #expect(model.constants.count == 1)
  }

  /// Weights that are scaled otherwise are others, though their numbers came from one initializer.
  @Test func scaledWeightsAreOthers() throws {
    var network = Network([1, 4, 3, 3])
    var random = Seeded(seed: 4)
    let weight = network.constant(random.tensor([4, 4, 1, 1]))
    var y = network.x
    for factor: Float in [1, 2, 2] {
      y = network.node("Conv", [y, weight, nil])
      if factor != 1 {
        y = network.node(
          "Mul", [y, network.constant(Tensor([factor, 1, 1, 1], shape: [1, 4, 1, 1]))])
      }
      y = network.node("Tanh", [y])
    }
    let model = try lowered(network, [y])
    #expect(model.weights.count == 2 && model.steps.compactMap(\.weight) == [0, 1, 1])
  }

  /// Borders are copied, forwards or backwards, where a table of places would be larger than the weights.
  @Test(arguments: ["reflect", "edge", "wrap"])
  func bordersTakeNoTable(mode: String) throws {
    var network = Network([1, 1000])
    let amounts = network.constant(Tensor(integers: [0, 3, 0, 2]))
    let y = network.node("Pad", [network.x, amounts], ["mode": .string(Array(mode.utf8))])
    let model = try lowered(network, [y])
    #expect(model.constants.isEmpty)
    #expect(model.steps.map(\.kind) == [StepKind](repeating: .copy, count: 3))
  }
}
