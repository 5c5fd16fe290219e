import EspalierGraph
import Testing

@Suite struct SpecialisedTests {
  @Test func `shape chains fold away`() throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2, 3, 4]))
    let shape = graph.addNode("Shape", [input])
    let zero = graph.addConstant("zero", Tensor(integers: [0], shape: [1]))
    let batch = graph.addNode("Gather", [shape, zero])
    let rest = graph.addConstant("rest", Tensor(integers: [-1]))
    let target = graph.addNode("Concat", [batch, rest], attributes: ["axis": .integer(0)])
    graph.outputs = [graph.addNode("Reshape", [input, target], name: "flat")]
    let specialised = try Specialised(graph)
    #expect(specialised.graph.nodes.map(\.name) == ["flat"])
    #expect(specialised.operators.count == 1)
    #expect(specialised.constants[target]?.integers == [2, -1])
    #expect(specialised.types[shape] == nil, "an unused value keeps its type")
    #expect(specialised.type(of: graph.outputs[0]) == TensorType(.float32, [2, 12]))
    #expect(specialised.graph.values.count == graph.values.count)
    let output = try Interpreter(specialised).run(["x": ramp([2, 3, 4])])
    #expect(output == ["flat": ramp([2, 12])])
  }

  @Test func `the first axis is one where nothing is said, other axes must be given`() throws {
    var graph = Graph()
    let input = graph.addInput("image", TensorType(.float32, [1, 1]))
    graph.values[input].shape = [.symbol("n"), .fixed(3), .symbol("height")]
    graph.outputs = [graph.addNode("Relu", [input])]
    do {
      _ = try Specialised(graph)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.symbolicShape])
      #expect(error.problems[0].description.contains("--input-shape image=1,3,N"))
    }
    let specialised = try Specialised(graph, inputShapes: ["image": [2, 3, 5]])
    #expect(specialised.type(of: graph.outputs[0]).shape == [2, 3, 5])
    for shapes in [["image": [2, 4, 5]], ["image": [2, 3]], ["other": [1]]] {
      #expect(throws: GraphProblems.self) { try Specialised(graph, inputShapes: shapes) }
    }
  }

  @Test func `a symbol has one value for all inputs`() throws {
    var graph = Graph()
    let first = graph.addInput("first", TensorType(.float32, [1, 1]))
    let second = graph.addInput("second", TensorType(.float32, [1, 1]))
    graph.values[first].shape = [.symbol("batch"), .symbol("length")]
    graph.values[second].shape = [.symbol("batch"), .symbol("length")]
    graph.outputs = [graph.addNode("Add", [first, second])]
    let specialised = try Specialised(graph, inputShapes: ["first": [3, 7]])
    #expect(specialised.type(of: second).shape == [3, 7])
  }

  @Test func `a bound input is a constant and no input any more`() throws {
    var graph = Graph()
    let data = graph.addInput("data", TensorType(.float32, [6]))
    let shape = graph.addInput("shape", TensorType(.int64, [2]))
    graph.outputs = [graph.addNode("Reshape", [data, shape], name: "y")]
    do {
      _ = try Specialised(graph)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.needsConstant])
    }
    let specialised = try Specialised(graph, binding: ["shape": Tensor(integers: [2, 3])])
    #expect(specialised.graph.inputs == [data])
    #expect(try Interpreter(specialised).run(["data": ramp([6])])["y"] == ramp([2, 3]))
    #expect(throws: GraphProblems.self) {
      try Specialised(graph, binding: ["shape": Tensor([2, 3], shape: [2])])
    }
  }

  /// A constant of some extent that only a node computes.
  private func bomb(_ shape: [Int64], into reader: String?) -> Graph {
    var graph = Graph()
    let extents = graph.addConstant("extents", Tensor(integers: shape))
    let large = graph.addNode("ConstantOfShape", [extents], name: "large")
    if reader == "Reshape" {
      let input = graph.addInput("x", TensorType(.float32, [4]))
      let cast = graph.addNode("Cast", [large], name: "cast", attributes: ["to": .integer(7)])
      graph.outputs = [graph.addNode("Reshape", [input, cast], name: "y")]
    } else {
      graph.outputs = [large]
    }
    return graph
  }

  @Test func `results beyond the folding limits stay nodes`() throws {
    let specialised = try Specialised(bomb([1 << 25], into: nil))
    #expect(specialised.graph.nodes.map(\.name) == ["large"])
    #expect(throws: GraphError.self) {
      try Interpreter(specialised, byteLimit: 1 << 26).run([:])
    }
    let folded = try Specialised(bomb([1 << 10], into: nil))
    #expect(folded.graph.nodes.isEmpty)
    #expect(try Interpreter(folded).run([:])["large"]?.count == 1 << 10)
  }

  @Test func `a result that is needed but beyond the limits is an error`() throws {
    do {
      _ = try Specialised(bomb([1 << 25], into: "Reshape"))
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.foldingBudget])
      #expect(error.problems[0].node == "y")
    }
  }

  @Test(arguments: [[1 << 20, 1 << 20], [1 << 62, 4], [-1], [0, 1 << 60]] as [[Int64]])
  func `shapes beyond any limit are errors`(_ shape: [Int64]) throws {
    do {
      _ = try Specialised(bomb(shape, into: nil))
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.shapeTooLarge])
    }
  }

  @Test func `the total of folded results is limited`() throws {
    var graph = Graph()
    let extents = graph.addConstant("extents", Tensor(integers: [1 << 20]))
    graph.outputs = (0..<8).map { graph.addNode("ConstantOfShape", [extents], name: "large\($0)") }
    let limits = FoldingLimits(
      bytesPerResult: 1 << 23, bytesInTotal: 3 << 22, multiplyAccumulates: 1 << 20)
    #expect(try Specialised(graph, limits: limits).graph.nodes.count == 5)
  }

  @Test func `a weight larger than the limit is still transposed`() throws {
    var graph = Graph()
    let weight = graph.addConstant("weight", ramp([64, 64]))
    graph.outputs = [graph.addNode("Transpose", [weight])]
    let limits = FoldingLimits(bytesPerResult: 16, bytesInTotal: 16, multiplyAccumulates: 1)
    #expect(try Specialised(graph, limits: limits).graph.nodes.isEmpty)
  }

  @Test func `text is carried but not computed with`() throws {
    var graph = Graph()
    let text = graph.addConstant(
      "text", Tensor(elementType: .string, shape: [1], storage: .text(["a"])))
    graph.outputs = [graph.addNode("Relu", [text])]
    do {
      _ = try Specialised(graph)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.badType])
    }
  }

  @Test func `the interpreter checks its inputs`() throws {
    var graph = Graph()
    graph.outputs = [
      graph.addNode("Relu", [graph.addInput("x", TensorType(.float32, [2]))], name: "y")
    ]
    let interpreter = Interpreter(try Specialised(graph))
    #expect(try interpreter.run(["x": vector([-1, 2])])["y"] == vector([0, 2]))
    for inputs in [[:], ["x": vector([1])], ["x": vector([1, 2]), "z": vector([1])]] {
      #expect(throws: GraphError.self) { try interpreter.run(inputs) }
    }
  }

  @Test func `dead nodes are neither judged nor kept`() throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2]))
    graph.addNode("Frobnicate", [input])
    graph.outputs = [graph.addNode("Relu", [input])]
    #expect(try Specialised(graph).graph.nodes.map(\.operation) == ["Relu"])
  }
}
