import EspalierGraph
import Testing

/// Branches that shapes or bound inputs decide.
@Suite struct BranchTests {
  /// `y = extent == wanted ? -x : |x|` for the last extent of `x`.
  private func deciding(_ wanted: Int64, _ shape: [Graph.Dimension]) -> Graph {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, shape.map { _ in 1 }))
    graph.values[input].shape = shape
    let extents = graph.addNode("Shape", [input], name: "extents")
    let last = graph.addConstant("last", Tensor(integers: [Int64(shape.count - 1)], shape: []))
    let extent = graph.addNode("Gather", [extents, last], name: "extent")
    let number = graph.addConstant("wanted", Tensor(integers: [wanted], shape: []))
    let truth = graph.addNode("Equal", [extent, number], name: "truth")
    graph.outputs = [graph.addIf(truth, reading: input, then: "Neg", otherwise: "Abs")]
    return graph
  }

  @Test func `a shape decides`() throws {
    let graph = deciding(3, [.fixed(2), .symbol("n")])
    for (extent, operation) in [(3, "Neg"), (4, "Abs")] {
      let typed = try Specialised(graph, inputShapes: ["x": [2, extent]])
      #expect(typed.graph.nodes.map(\.operation) == [operation])
    }
  }

  @Test func `an extent that decided stays as it was assumed`() throws {
    // Neither 1, which is assumed, nor what it is compared with decides like 5.
    let decided = try Specialised.forRewriting(
      deciding(5, [.fixed(2), .symbol("n")]), inputShapes: ["x": [2, 4]])
    #expect(decided.graph.values[decided.graph.inputs[0]].shape == [.fixed(2), .fixed(4)])
    let free = try Specialised.forRewriting(deciding(5, [.symbol("batch"), .fixed(4)]))
    #expect(free.graph.values[free.graph.inputs[0]].shape == [.symbol("batch"), .fixed(4)])
    #expect(free.graph.nodes.map(\.operation) == ["Abs"])
  }

  /// `y = number == wanted ? -x : |x|`, the number that of axes, or of elements.
  @Test(arguments: [("axes", 2), ("elements", 8)])
  func `a number of axes holds for every extent, one of elements does not`(
    counted: String, wanted: Int64
  ) throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [1, 4]))
    graph.values[input].shape = [.symbol("batch"), .fixed(4)]
    let read = counted == "axes" ? graph.addNode("Shape", [input], name: "extents") : input
    let number = graph.addConstant("wanted", Tensor(integers: [wanted], shape: []))
    let truth = graph.addNode("Equal", [graph.addNode("Size", [read]), number], name: "truth")
    graph.outputs = [graph.addIf(truth, reading: input, then: "Neg", otherwise: "Abs")]
    let typed = try Specialised.forRewriting(graph, inputShapes: ["x": [2, 4]])
    #expect(typed.graph.nodes.map(\.operation) == ["Neg"])
    let batch = counted == "axes" ? Graph.Dimension.symbol("batch") : .fixed(2)
    #expect(typed.graph.values[typed.graph.inputs[0]].shape == [batch, .fixed(4)])
  }

  @Test func `a bound input decides and is none any more`() throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2]))
    let rate = graph.addInput("rate", TensorType(.int64, []))
    let wanted = graph.addConstant("wanted", Tensor(integers: [16_000], shape: []))
    let truth = graph.addNode("Equal", [rate, wanted])
    graph.outputs = [graph.addIf(truth, reading: input, then: "Neg", otherwise: "Abs")]
    for (text, operation) in [("16000", "Neg"), ("8000", "Abs")] {
      let bound = try graph.binding(["rate": graph.inputTensor("rate", from: text)])
      #expect(bound.inputs == [input])
      #expect(try Specialised(bound).graph.nodes.map(\.operation) == [operation])
    }
  }

  /// `y = truth ? log x : -x`, the condition a scalar or of one axis.
  @Test(arguments: [[], [1]])
  func `what only a run decides is both branches, and a choice`(_ shape: [Int]) throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, []))
    let truth = graph.addInput("truth", TensorType(.bool, shape))
    graph.outputs = [graph.addIf(truth, reading: input, then: "Log", otherwise: "Neg")]
    let typed = try Specialised(graph)
    #expect(typed.type(of: graph.outputs[0]) == TensorType(.float32, []))
    // The branch not taken is not a number.
    for (taken, expected) in [(false, Float(2)), (true, -.infinity)] {
      let condition = Tensor(booleans: [taken], shape: shape)
      let value = Tensor([taken ? 0 : -2], shape: [])
      let result = try Interpreter(typed).run(["x": value, "truth": condition])
      #expect(result[graph.values[graph.outputs[0]].name]?.floats == [expected])
    }
    // To be rewritten, it stays.
    #expect(try Specialised.forRewriting(graph).opaqueNodes.map(\.node) == ["if"])
  }

  @Test func `branches of two shapes are refused with what helps`() throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2, 3]))
    let truth = graph.addInput("truth", TensorType(.bool, []))
    graph.outputs = [graph.addIf(truth, reading: input, then: "Neg", otherwise: "Transpose")]
    do {
      _ = try Specialised(graph)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.unsupportedOperator])
      #expect(error.problems.map(\.node) == ["if"])
      #expect(error.problems[0].message.contains("--input-value NAME=VALUE"))
    }
    #expect(
      try Specialised(graph, binding: ["truth": Tensor(booleans: [false], shape: [])]).graph.nodes
        .count == 1)
  }

  @Test func `a branch may hand on what is outside, a constant, and one value twice`() throws {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2]))
    let truth = graph.addConstant("truth", Tensor(booleans: [true], shape: [1]))
    var branch = Graph()
    let outer = branch.add(Graph.Value(name: "x"))
    let own = branch.addConstant("own", vector([7]))
    let made = branch.addNode("Neg", [outer], name: "made")
    branch.outputs = [outer, own, made, made]
    let outputs = graph.addNode("If", [truth], outputs: 4, name: "if")
    graph.nodes[0].captures = [input]
    graph.nodes[0].subgraphs = ["then_branch": Subgraph(branch), "else_branch": Subgraph(branch)]
    graph.outputs = outputs
    let results = try Interpreter(Specialised(graph)).run(["x": vector([1, 2])])
    #expect(
      outputs.map { results[graph.values[$0].name]!.floats } == [
        [1, 2], [7], [-1, -2], [-1, -2],
      ])
  }

  @Test(arguments: [Tensor(booleans: [true, false], shape: [2]), Tensor(integers: [1], shape: [])])
  func `a condition is one Boolean`(_ condition: Tensor) {
    var graph = Graph()
    let input = graph.addInput("x", TensorType(.float32, [2]))
    let truth = graph.addConstant("truth", condition)
    graph.outputs = [graph.addIf(truth, reading: input, then: "Neg", otherwise: "Abs")]
    do {
      _ = try Specialised(graph)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.code) == [.badType])
      #expect(error.problems.map(\.node) == ["if"])
    }
  }

  @Test func `text becomes a value of the input's type, or an error`() throws {
    var graph = Graph()
    for (name, type, shape) in [
      ("integer", ElementType.int64, []), ("byte", .uint8, []), ("truth", .bool, []),
      ("half", .float16, [1]), ("list", .int32, [3]), ("table", .float32, [2, 2]),
    ] { graph.addInput(name, TensorType(type, shape)) }
    #expect(try graph.inputTensor("integer", from: "-5") == Tensor(integers: [-5], shape: []))
    #expect(try graph.inputTensor("truth", from: "true") == Tensor(booleans: [true], shape: []))
    #expect(try graph.inputTensor("half", from: "0.5").doubles == [0.5])
    #expect(try graph.inputTensor("list", from: "1,2,3").integers == [1, 2, 3])
    for (name, text) in [
      ("integer", "1.5"), ("integer", "99999999999999999999"), ("byte", "256"), ("byte", "-1"),
      ("truth", "2"), ("half", "nan"), ("list", "1,,3"), ("integer", "1,2"), ("table", "1,2,3,4"),
      ("nosuch", "1"), ("integer", ""),
    ] {
      #expect(throws: GraphError.self, "\(name)=\(text)") {
        try graph.inputTensor(name, from: text)
      }
    }
    for (name, tensor) in [
      ("list", Tensor(elementType: .int32, shape: [2], integers: [1, 2])),
      ("integer", vector([1])), ("nosuch", vector([1])),
    ] { #expect(throws: GraphProblems.self) { try graph.binding([name: tensor]) } }
  }
}

extension Graph {
  /// Adds an If whose branches apply one operator each to a value from outside.
  fileprivate mutating func addIf(
    _ condition: ValueID, reading input: ValueID, then: String, otherwise: String
  ) -> ValueID {
    let output = addNode("If", [condition], name: "if")
    nodes[nodes.count - 1].captures = [input]
    for (name, operation) in [("then_branch", then), ("else_branch", otherwise)] {
      var branch = Graph()
      let outer = branch.add(Value(name: values[input].name))
      branch.outputs = [branch.addNode(operation, [outer], name: "result")]
      nodes[nodes.count - 1].subgraphs[name] = Subgraph(branch)
    }
    return output
  }
}
