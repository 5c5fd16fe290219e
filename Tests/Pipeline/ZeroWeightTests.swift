import Espalier
import EspalierGraph
import EspalierSeeded
import Testing

/// Layers whose weights are all zero: nothing is left to multiply, and nothing may be divided by it.
@Suite struct ZeroWeightTests {
  private static func layer(
    _ operation: String, _ input: [Int], _ weight: [Int], _ attributes: [String: Attribute] = [:]
  ) -> Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, input))
    let zeros = graph.addConstant(
      "w", Tensor(Array(repeating: 0, count: weight.reduce(1, *)), shape: weight))
    graph.outputs = [graph.addNode(operation, [x, zeros], name: "layer", attributes: attributes)]
    return graph
  }

  static let layers: [Graph] = [
    layer("Gemm", [1, 40], [24, 40], ["transB": .integer(1)]),
    layer("Gemm", [30, 40], [40, 24]),
    layer("MatMul", [1, 1], [1, 1]),
    layer("MatMul", [9, 3], [3, 5]),
    layer("Conv", [1, 16, 12, 12], [24, 16, 3, 3]),
    layer("Conv", [1, 16, 3, 3], [6, 8, 1, 1], ["group": .integer(2)]),
    layer("Conv", [1, 6, 7, 7], [6, 1, 3, 3], ["group": .integer(6)]),
    layer("ConvTranspose", [1, 4, 5, 5], [4, 3, 2, 2]),
  ]

  @Test(arguments: layers.indices) func packsRunsAndIsInspected(index: Int) throws {
    let graph = Self.layers[index]
    let packed = try Packed(graph, seed: 1)
    let found = try packed.differences(packed.results())
    #expect(found.isEmpty, "\(found)")
    let layers = packed.conversion.layers
    #expect(layers.map(\.density) == [0] && layers.allSatisfy { !$0.reason.isEmpty })
    let inspection = try Inspection(specialise(graph, file: "test"), file: "test")
    #expect(inspection.nonzero == 0 && inspection.layers.map(\.density) == [0])
  }
}
