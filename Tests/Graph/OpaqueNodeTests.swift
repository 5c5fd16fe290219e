import EspalierGraph
import Testing

/// Nodes of which nothing is known, in graphs that are only rewritten.
@Suite struct OpaqueNodeTests {
  /// `Relu -> unknown -> Relu -> Sigmoid`, and a second branch that meets none of it.
  private func network(_ operation: String, declared: [Graph.Dimension]? = nil) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 3]))
    let first = graph.addNode("Relu", [x], name: "first")
    let unknown = graph.addNode(operation, [first], name: "unknown")
    graph.values[unknown].elementType = declared == nil ? nil : .float32
    graph.values[unknown].shape = declared
    let behind = graph.addNode("Relu", [unknown], name: "behind")
    let last = graph.addNode("Sigmoid", [behind], name: "last")
    graph.outputs = [last, graph.addNode("Tanh", [x], name: "apart")]
    return graph
  }

  private func type(_ name: String, _ graph: Specialised) -> TensorType? {
    graph.types[graph.graph.values.firstIndex { $0.name == name }!]
  }

  @Test(arguments: ["Frobnicate", "NonZero", "Loop"])
  func `what cannot be typed is opaque, and the rest typed`(_ operation: String) throws {
    let graph = try Specialised.forRewriting(network(operation))
    #expect(graph.graph.nodes.count == 5)
    #expect(type("first", graph) == TensorType(.float32, [2, 3]))
    #expect(type("apart", graph) == TensorType(.float32, [2, 3]))
    for name in ["unknown", "behind", "last"] { #expect(type(name, graph) == nil) }
    let opaque = graph.opaqueNodes
    #expect(opaque.map(\.node) == ["unknown"] && opaque[0].operation == operation)
    #expect(opaque[0].followers == ["behind", "last"])
    #expect("\(opaque[0])".contains("\(operation) is not supported"))
    #expect(graph.opaqueNodesWithin.isEmpty)
    // To be run, the operator must be known.
    #expect(throws: GraphProblems.self) { try Specialised(network(operation)) }
  }

  @Test func `types that the file declares in full are taken`() throws {
    let graph = try Specialised.forRewriting(network("Loop", declared: [.fixed(5), .fixed(1)]))
    #expect(type("last", graph) == TensorType(.float32, [5, 1]))
    #expect(graph.opaqueNodes.map(\.followers) == [[]])
    // Nothing evaluates what is behind it.
    #expect(graph.opaqueNodesWithin.map(\.node) == ["unknown"])
    for open in [Graph.Dimension.unknown, .symbol("n")] {
      let graph = try Specialised.forRewriting(network("Loop", declared: [.fixed(5), open]))
      #expect(type("last", graph) == nil)
    }
    // A symbol that an input has says as much as a number.
    var batched = network("Loop", declared: [.symbol("n"), .fixed(1)])
    batched.values[batched.inputs[0]].shape = [.symbol("n"), .fixed(3)]
    let fed = try Specialised.forRewriting(batched, inputShapes: ["x": [4, 3]])
    #expect(type("last", fed) == TensorType(.float32, [4, 1]))
    #expect(fed.graph.values[fed.graph.inputs[0]].shape == [.symbol("n"), .fixed(3)])
  }

  @Test func `a declared type that fits nothing behind it ends there`() throws {
    var graph = network("Loop", declared: [.fixed(2), .fixed(3)])
    let weight = graph.addConstant("weight", ramp([4, 2]))
    graph.outputs[0] = graph.addNode("MatMul", [graph.outputs[0], weight], name: "product")
    let typed = try Specialised.forRewriting(graph)
    #expect(typed.opaqueNodes.map(\.node) == ["unknown", "product"])
    // The same fault without a declaration before it is the file's.
    graph.nodes[1].operation = "Relu"
    #expect(throws: GraphProblems.self) { try Specialised.forRewriting(graph) }
  }

  @Test func `extents that data decide are not known`() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 3]))
    let target = graph.addInput("target", TensorType(.int64, [2]))
    let shaped = graph.addNode("Reshape", [x, target], name: "shaped")
    graph.outputs = [graph.addNode("Relu", [shaped]), graph.addNode("Relu", [x])]
    let typed = try Specialised.forRewriting(graph)
    #expect(typed.opaqueNodes.map(\.node) == ["shaped"])
    #expect(typed.type(of: graph.outputs[1]) == TensorType(.float32, [2, 3]))
    #expect(throws: GraphProblems.self) { try Specialised(graph) }
  }

  @Test func `what reads text or a sequence is opaque`() throws {
    for isText in [true, false] {
      var graph = Graph()
      let x = graph.addInput("x", TensorType(.float32, [2, 3]))
      let other = graph.add(Graph.Value(name: "other"))
      graph.inputs.append(other)
      if isText {
        (graph.values[other].elementType, graph.values[other].shape) = (.string, [.fixed(2)])
      } else {
        graph.values[other].opaqueType = [34, 0]
      }
      graph.outputs = [
        graph.addNode("Identity", [other], name: "passed"), graph.addNode("Relu", [x]),
      ]
      let typed = try Specialised.forRewriting(graph)
      #expect(typed.opaqueNodes.map(\.node) == ["passed"])
      #expect(typed.opaqueNodes[0].cause.contains("\"other\""))
      #expect(typed.type(of: graph.outputs[1]) == TensorType(.float32, [2, 3]))
      #expect(throws: GraphProblems.self) { try Specialised(graph) }
    }
  }
}
