import Espalier
import EspalierGraph
import EspalierONNX
import EspalierSeeded
import Testing

/// A network with a free batch, height and width: pruned and written at one extent, run at others.
@Suite struct OpenExtentTests {
  /// Convolutions around a gate by channel, which exporters stretch to the plane's shape, and a resize
  /// to twice the plane.
  private func network() -> Graph {
    var random = Seeded(seed: 21)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 3, 6, 6]))
    graph.values[x].shape = [.symbol("B"), .fixed(3), .symbol("H"), .symbol("W")]
    func weight(_ name: String, _ shape: [Int]) -> Graph.ValueID {
      graph.addConstant(name, random.tensor(shape))
    }
    func numbers(_ values: [Int64]) -> Graph.ValueID {
      graph.addConstant("numbers_\(graph.values.count)", Tensor(integers: values))
    }
    func extents(_ value: Graph.ValueID, _ from: Int64, _ to: Int64) -> Graph.ValueID {
      graph.addNode(
        "Slice",
        [graph.addNode("Shape", [value]), numbers([from]), numbers([to]), numbers([0])])
    }
    func joined(_ parts: [Graph.ValueID]) -> Graph.ValueID {
      graph.addNode("Concat", parts, attributes: ["axis": .integer(0)])
    }
    let pads = ["pads": Attribute.integers([1, 1, 1, 1])]
    let a = graph.addNode(
      "Relu",
      [graph.addNode("Conv", [x, weight("w1", [16, 3, 3, 3])], name: "first", attributes: pads)])
    let mean = graph.addNode(
      "ReduceMean", [a], attributes: ["axes": .integers([2, 3]), "keepdims": .integer(0)])
    let gate = graph.addNode(
      "Sigmoid", [graph.addNode("Gemm", [mean, weight("w2", [16, 16]), weight("b2", [16])])])
    let apart = graph.addNode("Reshape", [gate, joined([extents(a, 0, 2), numbers([1, 1])])])
    let wide = graph.addNode("Expand", [apart, graph.addNode("Shape", [a])])
    let gated = graph.addNode("Mul", [a, wide])
    let twice = graph.addNode("Mul", [extents(a, 2, 4), numbers([2])])
    let larger = graph.addNode("Resize", [gated, nil, nil, joined([extents(a, 0, 2), twice])])
    graph.outputs = [
      graph.addNode("Conv", [larger, weight("w3", [4, 16, 3, 3])], name: "last", attributes: pads)
    ]
    return graph
  }

  @Test(arguments: ["refit: false,", "refit: true, data: [noise], samples: 4,"])
  func runsAtOtherExtents(calibration: String) throws {
    let recipe = try Recipe(
      text: "steps:\n  - {pattern: channel, sparsity: 0.4, align: 1, \(calibration) scope: layer}",
      file: "r.yaml")
    let dense = network()
    let result = try dense.pruned(
      by: recipe, inputShapes: ["x": [1, 3, 6, 6]], file: "g", wantsReference: true)
    #expect(result.report.steps.flatMap(\.fixed).isEmpty)
    let pruned = try importONNX(bytes: exportONNX(result.graph))
    let reference = try importONNX(bytes: exportONNX(try #require(result.reference)))
    for graph in [pruned, reference] {
      #expect(graph.values[graph.inputs[0]].shape == dense.values[dense.inputs[0]].shape)
    }
    #expect(pruned.parameterCount < dense.parameterCount)
    for shape in [[1, 3, 6, 6], [3, 3, 6, 6], [2, 3, 10, 4]] {
      let typed = try specialise(pruned, inputShapes: ["x": shape], file: "pruned")
      let inputs = typed.randomInputs(seed: 3)
      let expected = try interpret(
        calibration.hasPrefix("refit: false")
          ? specialise(reference, inputShapes: ["x": shape], file: "reference") : typed,
        inputs: inputs, file: "reference")
      #expect(expected[0].tensor.shape == [shape[0], 4, 2 * shape[2], 2 * shape[3]])
      let model = try loadModel(bytes: Conversion(typed, file: "pruned").bytes(), name: "pruned")
      let found = difference(try model.run(inputs)[0].tensor, expected[0].tensor)
      #expect(found == nil, "\(shape): \(found ?? "")")
    }
  }
}
