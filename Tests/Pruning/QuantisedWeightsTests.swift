import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Weights behind DequantizeLinear take zeros as floats do, and stay in the type and on the scale of the file.
@Suite struct QuantisedWeightsTests {
  /// Two products whose weights are int8: one scale for all, or one for each column.
  private func network(zeroPoint: Int64, byColumn: Bool) -> Graph {
    var random = Seeded(seed: 43)
    var graph = Graph()
    graph.opset = 17
    var last = graph.addInput("x", TensorType(.float32, [1, 16]))
    for name in ["w1", "w2"] {
      let numbers = random.tensor([16, 16]).floats.map { Int64(max(-90, min(90, $0 * 60))) }
      let count = byColumn ? 16 : 1
      let shape = byColumn ? [16] : []
      let integers = graph.addConstant(
        name, Tensor(elementType: .int8, shape: [16, 16], integers: numbers))
      let scale = graph.addConstant(
        "\(name)_scale", Tensor((0..<count).map { 0.01 * Float($0 + 1) }, shape: shape))
      let zero = graph.addConstant(
        "\(name)_zero",
        Tensor(
          elementType: .int8, shape: shape, integers: [Int64](repeating: zeroPoint, count: count)))
      let weight = graph.addNode(
        "DequantizeLinear", [integers, scale, zero], name: "\(name)_float")
      last = graph.addNode("MatMul", [last, weight], name: "\(name)_product")
    }
    graph.outputs = [last]
    return graph
  }

  @Test(arguments: [(Int64(0), false), (5, false), (0, true), (-7, true)])
  func `zeros are the zero point, and the rest stays`(_ zeroPoint: Int64, _ byColumn: Bool) throws {
    let dense = network(zeroPoint: zeroPoint, byColumn: byColumn)
    let step = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    let pruned = try PruningPipeline([.zeros(step)]).run(on: dense, force: true).graph
    #expect(pruned.nodes.map(\.operation).sorted() == dense.nodes.map(\.operation).sorted())
    _ = try Specialised(pruned)
    for name in ["w1", "w2"] {
      let before = try #require(dense.values.first { $0.name == name }?.constant)
      let after = try #require(pruned.values.first { $0.name == name }?.constant)
      #expect(after.elementType == .int8 && after.shape == before.shape)
      let pairs = zip(before.integers, after.integers)
      #expect(pairs.allSatisfy { $0 == $1 || $1 == zeroPoint })
      #expect(pairs.count { $0 != $1 } > 100)
      // Of each four inputs of an output at most two are left.
      for column in 0..<16 {
        for start in stride(from: 0, to: 16, by: 4) {
          let left = (start..<start + 4).count { after.integers[$0 * 16 + column] != zeroPoint }
          #expect(left <= 2)
        }
      }
    }
  }
}
