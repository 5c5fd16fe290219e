import EspalierGraph
import Testing

/// Which of the extents that a file leaves free stay free.
@Suite struct FreeExtentTests {
  /// The rows of `x` before those of `state`, by a matrix: both have as many columns of rows, and as
  /// many numbers in a row as the matrix has rows.
  private func network(_ x: [Graph.Dimension], _ state: [Graph.Dimension], width: Int) -> Graph {
    var graph = Graph()
    graph.opset = 17
    let first = graph.addInput("x", TensorType(.float32, [1, width]))
    let second = graph.addInput("state", TensorType(.float32, [2, 1, width]))
    (graph.values[first].shape, graph.values[second].shape) = (x, state)
    let axis = graph.addConstant("axis", Tensor(integers: [0]))
    let both = graph.addNode(
      "Concat", [graph.addNode("Unsqueeze", [first, axis]), second],
      attributes: ["axis": .integer(0)])
    let matrix = graph.addConstant(
      "matrix", Tensor([Float](repeating: 1, count: width * 2), shape: [width, 2]))
    graph.outputs = [graph.addNode("MatMul", [both, matrix], name: "product")]
    return graph
  }

  @Test(arguments: [(1, 3), (4, 3), (1, 1), (4, 4)])
  func `a batch without a name is one, wherever it stands`(rows: Int, width: Int) throws {
    let graph = network([.unknown, .unknown], [.fixed(2), .unknown, .fixed(width)], width: width)
    let typed = try Specialised.forRewriting(
      graph, inputShapes: ["x": [rows, width], "state": [2, rows, width]])
    let shapes = typed.graph.inputs.map { typed.graph.values[$0].shape }
    #expect(shapes == [[.unknown, .fixed(width)], [.fixed(2), .unknown, .fixed(width)]])
    let open = try #require(typed.open)
    #expect(open.fixed.map(\.axes) == [["x.1"]])
    #expect(open.others.count == 2)
    for other in open.others {
      #expect(other.inputs["x"]?[0] != rows && other.inputs["state"]?[1] == other.inputs["x"]?[0])
    }
  }

  @Test func `what no other extent is taken of, alone or with others, is fixed`() throws {
    // The last axis of the second is fixed, so that the first's is too, and no row may be added to one.
    let graph = network([.unknown, .unknown], [.fixed(2), .fixed(1), .fixed(3)], width: 3)
    let typed = try Specialised.forRewriting(graph, inputShapes: ["x": [1, 3]])
    #expect(typed.graph.values[typed.graph.inputs[0]].shape == [.fixed(1), .fixed(3)])
    #expect(typed.open?.fixed.map(\.axes) == [["x.0"], ["x.1"]])
  }
}
