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

  /// A branch that the width decides is taken before the steps, which see a fixed width then.
  @Test func whatABranchFixesIsSaid() throws {
    var graph = network()
    let (x, last) = (graph.inputs[0], graph.outputs[0])
    let width = graph.addNode(
      "Gather",
      [graph.addNode("Shape", [x]), graph.addConstant("three", Tensor(integers: [3], shape: []))])
    let six = graph.addConstant("six", Tensor(integers: [6], shape: []))
    let branch = graph.addNode(
      "If", [graph.addNode("Equal", [width, six])], name: "wide or not")
    graph.nodes[graph.nodes.count - 1].captures = [last]
    for (name, operation) in [("then_branch", "Relu"), ("else_branch", "Identity")] {
      var inside = Graph()
      let outer = inside.add(Graph.Value(name: graph.values[last].name))
      inside.outputs = [inside.addNode(operation, [outer], name: "inside")]
      graph.nodes[graph.nodes.count - 1].subgraphs[name] = Subgraph(inside)
    }
    graph.outputs = [branch]
    let recipe = try Recipe(
      text: "steps:\n  - {pattern: channel, sparsity: 0.4, align: 1, refit: false}", file: "r.yaml")
    let result = try graph.pruned(
      by: recipe, inputShapes: ["x": [1, 3, 6, 6]], file: "g", force: true)
    let said = result.report.warnings.filter {
      $0.contains("x.3 is free in the file and fixed now")
    }
    #expect(said.count == 1 && said[0].contains("\"wide or not\""))
    #expect(result.graph.values[result.graph.inputs[0]].shape?[0] == .symbol("B"))
    #expect(result.graph.values[result.graph.inputs[0]].shape?[3] == .fixed(6))
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
