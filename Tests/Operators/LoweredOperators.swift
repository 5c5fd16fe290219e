import Espalier
import EspalierGraph
import Testing

/// What single nodes with values of a usual size do not show: `OperatorCaseTests` runs those.
@Suite struct LoweredOperators {
  @Test func constantsTooLargeToFoldAreFilledWhenRun() throws {
    var graph = Graph()
    graph.opset = 24
    let shape = graph.addConstant("shape", Tensor(integers: [4_200, 4_096]))
    let large = graph.addNode(
      "ConstantOfShape", [shape], attributes: ["value": .tensor(Tensor([3], shape: [1]))])
    let x = graph.addInput("x", TensorType(.float32, [1]))
    let sum = graph.addNode("Add", [large, x])
    graph.outputs = [graph.addNode("ReduceMax", [sum], attributes: ["keepdims": .integer(0)])]
    let bytes = try Conversion(specialise(graph, file: "large"), file: "large").bytes()
    #expect(bytes.count < 1 << 16)
    let results = try loadModel(bytes: bytes, name: "large").run(
      ["x": Tensor([0.5], shape: [1])])
    #expect(results[0].tensor.floats == [3.5])
  }

  @Test func whatTheRuntimeCannotDoIsSaidAtConversion() throws {
    var graph = Graph()
    graph.opset = 24
    let nine = TensorType(.float32, Array(repeating: 2, count: 9))
    let x = graph.addInput("x", nine)
    graph.outputs = [graph.addNode("Transpose", [x])]
    let typed = try specialise(graph, file: "nine")
    #expect {
      try Conversion(typed, file: "nine")
    } throws: { error in
      "\(error)".contains("eight axes")
    }
  }
}
