import EspalierGraph
import EspalierONNX
import Testing

/// An If of a file whose condition is known is its branch.
@Suite struct BranchReadingTests {
  /// `y = If(truth)`, one branch of a weight of its own, one of another If.
  private func nested(_ truth: UInt8) -> Message {
    let deep = [
      branch("then_branch", nodes: [node("Add", ["t", "x"], ["v"])], outputs: ["v"]),
      branch("else_branch", nodes: [node("Mul", ["t", "x"], ["v"])], outputs: ["v"]),
    ]
    let branches = [
      branch(
        "then_branch", nodes: [node("Add", ["x", "w"], ["u"], name: "n")],
        initializers: [tensor("w", dims: [], raw: [0, 0, 128, 63])], outputs: ["u"]),
      branch(
        "else_branch",
        nodes: [
          node("Neg", ["x"], ["t"], name: "n"),
          node("If", ["truth"], ["u"], name: "deep", attributes: deep),
        ], outputs: ["u"]),
    ]
    return model(
      graph: graph(
        nodes: [
          node("Relu", ["x"], ["u"], name: "n"),
          node("If", ["truth"], ["s"], name: "if", attributes: branches),
          node("Add", ["s", "u"], ["y"], name: "sum"),
        ], initializers: [tensor("truth", dims: [1], type: 9, raw: [truth])]))
  }

  @Test func `either branch is taken, nested too, and names stay apart`() throws {
    let input = Tensor([-2, 3], shape: [2])
    let taken = try Specialised(importONNX(bytes: nested(1).bytes))
    #expect(taken.graph.nodes.map(\.operation) == ["Relu", "Add", "Add"])
    #expect(try Interpreter(taken).run(["x": input])["y"] == Tensor([-1, 7], shape: [2]))
    let other = try Specialised(importONNX(bytes: nested(0).bytes))
    #expect(other.graph.nodes.map(\.operation) == ["Relu", "Neg", "Mul", "Add"])
    #expect(try Interpreter(other).run(["x": input])["y"] == Tensor([-4, -6], shape: [2]))
    for graph in [taken.graph, other.graph] { #expect(graph.validate().isEmpty) }
  }

  @Test func `what a branch needs is judged only where it is taken`() throws {
    let sequence = Message([(1, .text("v")), (2, .message(Message([(4, .message(Message()))])))])
    for truth in [UInt8(0), 1] {
      let branches = [
        branch("then_branch", nodes: [node("Neg", ["x"], ["u"])], outputs: ["u"]),
        branch(
          "else_branch", nodes: [node("Sequence", ["odd"], ["u"], name: "inner")],
          initializers: [tensor("bad", dims: [1], type: 17, raw: [0])], outputs: ["u"]),
      ]
      let source = graph(
        nodes: [
          node("Frobnicate", ["x"], ["odd"], name: "odd"),
          node("If", ["truth"], ["y"], name: "if", attributes: branches),
        ], initializers: [tensor("truth", dims: [], type: 9, raw: [truth])]
      ).adding(13, sequence)
      let found = try importONNX(bytes: model(graph: source).bytes)
      if truth == 1 {
        #expect(try Specialised(found).graph.nodes.map(\.operation) == ["Neg"])
      } else {
        do {
          _ = try Specialised(found)
          Issue.record("accepted")
        } catch {
          #expect(error.problems.map(\.code) == [.unsupportedOperator, .badType])
          #expect(error.problems.map(\.node) == ["odd", "initializer \"bad\""])
        }
      }
    }
  }

  @Test(
    arguments: [
      (
        "a name that nothing provides", [node("Add", ["x", "ghost"], ["u"])], ["u"], .danglingInput
      ),
      ("two outputs for one", [node("Neg", ["x"], ["u"])], ["u", "x"], .badArity),
      ("an output nobody writes", [node("Neg", ["x"], ["u"])], ["ghost"], .danglingInput),
      ("a circle", [node("Add", ["x", "u"], ["u"])], ["u"], .cycle),
      (
        "two writers", [node("Neg", ["x"], ["u"]), node("Abs", ["x"], ["u"])], ["u"], .duplicateName
      ),
    ] as [(String, [Message], [String], GraphError.Code)])
  func `a faulty branch is refused where it is taken`(
    _ what: String, _ nodes: [Message], _ outputs: [String], _ code: GraphError.Code
  ) throws {
    let branches = [
      branch("then_branch", nodes: nodes, outputs: outputs),
      branch("else_branch", nodes: [node("Neg", ["x"], ["u"])], outputs: ["u"]),
    ]
    for truth in [UInt8(0), 1] {
      let source = graph(
        nodes: [node("If", ["truth"], ["y"], name: "if", attributes: branches)],
        initializers: [tensor("truth", dims: [], type: 9, raw: [truth])])
      let found = try importONNX(bytes: model(graph: source).bytes)
      do {
        _ = try Specialised(found)
        #expect(truth == 0, "\(what)")
      } catch {
        #expect(error.problems.map(\.code) == [code], "\(what): \(error)")
      }
    }
  }

  @Test
  func `a condition that only a run knows takes both branches, and is carried when rewriting`()
    throws
  {
    let branches = [
      branch("then_branch", nodes: [node("Neg", ["x"], ["u"])], outputs: ["u"]),
      branch("else_branch", nodes: [node("Abs", ["x"], ["u"])], outputs: ["u"]),
    ]
    let source = graph(
      nodes: [
        node(
          "ReduceMax", ["x"], ["m"],
          attributes: [Message([(1, .text("keepdims")), (3, .number(0)), (20, .number(2))])]),
        node("Greater", ["m", "zero"], ["c"]),
        node("If", ["c"], ["y"], name: "if", attributes: branches),
      ], initializers: [tensor("zero", dims: [], raw: [0, 0, 0, 0])])
    let found = try importONNX(bytes: model(graph: source).bytes)
    let both = try Interpreter(Specialised(found))
    #expect(try both.run(["x": Tensor([3, -5], shape: [2])])["y"] == Tensor([-3, 5], shape: [2]))
    #expect(try both.run(["x": Tensor([-3, -5], shape: [2])])["y"] == Tensor([3, 5], shape: [2]))
    let carried = try Specialised(found, purpose: .rewriting)
    #expect(carried.graph.nodes.map(\.operation).contains("If"))
  }
}
