import EspalierGraph
import Testing

/// Loops that become the nodes of their steps; what they compute is compared with onnxruntime in
/// `CompositeTests` of `Tests/Pipeline`.
@Suite struct LoopTests {
  /// `h = function(h)` for so many steps, or while `step + 1 < bound`.
  private func loop(
    steps: Graph.ValueID?, bound: Int64? = nil, function: String = "Neg", in graph: inout Graph
  ) -> [Graph.ValueID] {
    let start = graph.addInput("start", TensorType(.float32, [2]))
    var body = Graph()
    let step = body.addInput("step", TensorType(.int64, []))
    let condition = body.addInput("condition", TensorType(.bool, []))
    let before = body.addInput("before", TensorType(.float32, [2]))
    let after = body.addNode(function, [before], name: "after")
    var next = body.addNode("Identity", [condition], name: "next")
    if let bound {
      let one = body.addConstant("one", Tensor(integers: [1], shape: []))
      let limit = body.addConstant("limit", Tensor(integers: [bound], shape: []))
      next = body.addNode("Less", [body.addNode("Add", [step, one]), limit], name: "less")
    }
    body.outputs = [next, after, body.addNode("Identity", [after], name: "row")]
    let outputs = graph.addNode("Loop", [steps, nil, start], outputs: 2, name: "loop")
    graph.nodes[graph.nodes.count - 1].subgraphs = ["body": Subgraph(body)]
    return outputs
  }

  private func count(_ steps: Int64, in graph: inout Graph) -> Graph.ValueID {
    graph.addConstant("steps", Tensor(integers: [steps], shape: []))
  }

  private func problems(_ graph: Graph) -> [GraphError] {
    do {
      _ = try Specialised(graph)
      return []
    } catch {
      return error.problems
    }
  }

  @Test(arguments: [(3, nil), (nil, 3), (100, 3)] as [(Int64?, Int64?)])
  func `steps are counted, or follow a condition of constants`(
    _ limit: Int64?, _ bound: Int64?
  ) throws {
    var graph = Graph()
    let steps = limit.map { count($0, in: &graph) }
    graph.outputs = loop(steps: steps, bound: bound, in: &graph)
    let result = try Interpreter(Specialised(graph)).run(["start": vector([1, 2])])
    #expect(result["loop_0"] == vector([-1, -2]))
    #expect(result["loop_1"] == Tensor([-1, -2, 1, 2, -1, -2], shape: [3, 2]))
    #expect(try Specialised.forRewriting(graph).opaqueNodes.map(\.node) == ["loop"])
  }

  @Test func `no step hands on what was there, and collects nothing`() throws {
    var graph = Graph()
    let steps = count(0, in: &graph)
    graph.outputs = loop(steps: steps, in: &graph)
    // The shape of a row is not declared, so only what is carried can be had.
    #expect(problems(graph).map(\.code) == [.symbolicShape])
    graph.outputs = [graph.outputs[0]]
    graph.nodes[0].outputs[1] = nil
    let result = try Interpreter(Specialised(graph)).run(["start": vector([1, 2])])
    #expect(result["loop_0"] == vector([1, 2]))
  }

  @Test func `what only a run tells is refused by name`() {
    var graph = Graph()
    let steps = graph.addInput("steps", TensorType(.int64, []))
    graph.outputs = loop(steps: steps, in: &graph)
    #expect(problems(graph).map(\.code) == [.needsConstant])
    #expect(problems(graph)[0].message.contains("--input-value"))
    #expect(
      (try? Specialised(graph, binding: ["steps": Tensor(integers: [2], shape: [])])) != nil)
  }

  @Test(arguments: [1 << 20, Int64.max])
  func `too many steps end in an error`(_ steps: Int64) {
    var graph = Graph()
    let steps = count(steps, in: &graph)
    graph.outputs = loop(steps: steps, in: &graph)
    #expect(problems(graph).map(\.code) == [.foldingBudget])
  }

  @Test func `a fault in the body is told once, and not lost`() {
    var graph = Graph()
    let steps = count(5, in: &graph)
    graph.outputs = loop(steps: steps, function: "Frobnicate", in: &graph)
    #expect(problems(graph).map(\.code) == [.unsupportedOperator])
    #expect(problems(graph).map(\.message).first?.contains("Frobnicate") == true)
  }
}
