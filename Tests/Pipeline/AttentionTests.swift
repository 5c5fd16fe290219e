import Espalier
import EspalierGraph
import EspalierSeeded
import Testing

/// Attention as exporters write it becomes one step that reads and writes heads where they lie.
@Suite struct AttentionTests {
  /// How the three operands of the heads are cut out of one product.
  enum Cut: CaseIterable { case gathers, split }

  @Test(arguments: Cut.allCases, [0, 1, 2])
  func `becomes one step and stays right`(cut: Cut, addends: Int) throws {
    let (batch, tokens, heads, size) = (3, 21, 2, 5)
    let width = heads * size
    var random = Seeded(seed: 11)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [batch, tokens, width]))
    func constant(_ name: String, _ tensor: Tensor) -> Graph.ValueID {
      graph.addConstant(name, tensor)
    }
    func shaped(_ value: Graph.ValueID, _ shape: [Int64]) -> Graph.ValueID {
      graph.addNode(
        "Reshape", [value, constant("shape\(graph.nodes.count)", Tensor(integers: shape))])
    }
    func transposed(_ value: Graph.ValueID, _ axes: [Int64]) -> Graph.ValueID {
      graph.addNode("Transpose", [value], attributes: ["perm": .integers(axes)])
    }
    let all = graph.addNode(
      "MatMul", [x, constant("w", random.tensor([width, 3 * width], scale: 0.5))])
    let (b, t, h, s) = (Int64(batch), Int64(tokens), Int64(heads), Int64(size))
    var operands: [Graph.ValueID]
    switch cut {
    case .gathers:
      let parts = transposed(shaped(all, [b, t, 3, h, s]), [2, 0, 3, 1, 4])
      operands = (0..<3).map {
        graph.addNode("Gather", [parts, constant("index\($0)", Tensor(integers: [$0], shape: []))])
      }
    case .split:
      operands = graph.addNode(
        "Split", [all, constant("sizes", Tensor(integers: [h * s, h * s, h * s]))], outputs: 3,
        attributes: ["axis": .integer(2)]
      ).map { transposed(shaped($0, [b, t, h, s]), [0, 2, 1, 3]) }
    }
    let query = graph.addNode("Mul", [operands[0], constant("scale", Tensor([0.4], shape: []))])
    var scores = graph.addNode("MatMul", [query, transposed(operands[1], [0, 1, 3, 2])])
    let shapes = [[1, heads, tokens, tokens], [batch, 1, 1, tokens]]
    for addend in 0..<addends {
      scores = graph.addNode(
        "Add", [scores, constant("addend\(addend)", random.tensor(shapes[addend]))])
    }
    let shares = graph.addNode("Softmax", [scores], attributes: ["axis": .integer(-1)])
    let result = transposed(graph.addNode("MatMul", [shares, operands[2]]), [0, 2, 1, 3])
    graph.outputs = [shaped(result, [b, t, h * s])]

    let packed = try Packed(graph, seed: 12)
    let model = try loadModel(bytes: packed.bytes, name: "test")
    let operations = (0..<model.stepCount).map { model.step($0).operation }
    #expect(operations == ["MatMul", "Attention"])
    for set in availableSets {
      let found = try packed.differences(packed.results(threads: 2, instructionSet: set))
      #expect(found.isEmpty, "\(set.name): \(found)")
    }
  }

  /// Scores that somebody else reads have to be written, so they stay a step.
  @Test func `scores that are an output stay`() throws {
    var random = Seeded(seed: 13)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [2, 7, 4]))
    let keys = graph.addNode("Transpose", [x], attributes: ["perm": .integers([0, 2, 1])])
    let scores = graph.addNode("MatMul", [x, keys])
    let shares = graph.addNode("Softmax", [scores], attributes: ["axis": .integer(-1)])
    let values = graph.addConstant("v", random.tensor([2, 7, 3]))
    graph.outputs = [graph.addNode("MatMul", [shares, values]), scores]
    let packed = try Packed(graph, seed: 14)
    let model = try loadModel(bytes: packed.bytes, name: "test")
    #expect((0..<model.stepCount).allSatisfy { model.step($0).operation != "Attention" })
    #expect(try packed.differences(packed.results()).isEmpty)
  }
}
