import EspalierGraph
import EspalierONNX
import Testing

/// Rows 14, 15 and 17 of the bad-input table: graphs that are not sound, or ask for what we lack.
@Suite struct BadGraphTests {
  @Test func `a cycle is listed`() {
    let source = graph(nodes: [
      node("Add", ["x", "c"], ["a"], name: "one"), node("Relu", ["a"], ["b"], name: "two"),
      node("Relu", ["b"], ["c"], name: "three"), node("Relu", ["x"], ["y"], name: "free"),
    ])
    let found = problems(importing: model(graph: source))
    #expect(found.map(\.code) == [.cycle])
    for name in ["one", "two", "three"] { #expect(found[0].message.contains("\"\(name)\"")) }
    #expect(!found[0].message.contains("free"))
  }

  @Test func `a node that reads its own output is a cycle`() {
    let found = problems(importing: model(graph: graph(nodes: [node("Add", ["x", "y"], ["y"])])))
    #expect(found.map(\.code) == [.cycle])
  }

  @Test func `a long chain needs no deep stack and unsorted nodes are sorted`() throws {
    let length = 60_000
    var nodes = (0..<length).map { index in
      node("Relu", [index == 0 ? "x" : "v\(index)"], [index == length - 1 ? "y" : "v\(index + 1)"])
    }
    nodes.reverse()
    let found = try importONNX(bytes: model(graph: graph(nodes: nodes)).bytes)
    #expect(found.nodes.count == length)
    #expect(found.nodes.first?.inputs == found.inputs)
    #expect(found.validate().isEmpty)
  }

  @Test(
    arguments: [
      (
        "two writers", [node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])],
        GraphError.Code.duplicateName
      ),
      (
        "a writer of an input", [node("Relu", ["x"], ["x"]), node("Relu", ["x"], ["y"])],
        .duplicateName
      ),
      ("a dangling input", [node("Add", ["x", "ghost"], ["y"])], .danglingInput),
      ("an output nobody writes", [node("Relu", ["x"], ["z"])], .danglingInput),
    ] as [(String, [Message], GraphError.Code)])
  func `unsound structure is rejected`(_ what: String, _ nodes: [Message], _ code: GraphError.Code)
  {
    let found = problems(importing: model(graph: graph(nodes: nodes)))
    #expect(found.contains { $0.code == code }, "\(what): \(found)")
  }

  @Test func `the dangling tensor and its reader are named`() {
    let source = graph(nodes: [node("Add", ["x", "ghost"], ["y"], name: "sum")])
    let found = problems(importing: model(graph: source))
    #expect(found.map(\.node) == ["sum"])
    #expect(found[0].message.contains("\"ghost\""))
  }

  @Test func `repeated inputs, outputs and initializers are rejected`() {
    let relu = node("Relu", ["x"], ["y"])
    let weight = tensor("w", dims: [1], raw: [0, 0, 0, 0])
    let sources = [
      graph(nodes: [relu], inputs: [valueInfo("x"), valueInfo("x")]),
      graph(nodes: [relu], outputs: ["y", "y"]),
      graph(nodes: [relu], initializers: [weight, weight]),
      graph(nodes: [relu], initializers: [tensor("", dims: [1], raw: [0, 0, 0, 0])]),
    ]
    for source in sources {
      #expect(problems(importing: model(graph: source)).map(\.code) == [.duplicateName])
    }
  }

  @Test func `no graph, no outputs and no opset are rejected`() {
    #expect(problems(importing: model(graph: nil)).map(\.code) == [.badFile])
    let empty = graph(nodes: [node("Relu", ["x"], ["y"])], outputs: [])
    #expect(problems(importing: model(graph: empty)).map(\.code) == [.danglingInput])
    let relu = graph(nodes: [node("Relu", ["x"], ["y"])])
    let bare = Message([(1, .number(8)), (7, .message(relu))])
    #expect(problems(importing: bare).map(\.code) == [.unsupportedVariant])
  }

  @Test(arguments: [Int64.min, -1, 0, 5, 29, .max])
  func `opsets beyond those supported are rejected`(_ opset: Int64) {
    let source = graph(nodes: [node("Relu", ["x"], ["y"])])
    let found = problems(importing: model(graph: source, opset: opset))
    #expect(found.map(\.code) == [.unsupportedVariant])
    #expect(found[0].message.contains("7...28"))
  }

  @Test func `an early opset is read where its operators mean the same today`() throws {
    let relu = model(graph: graph(nodes: [node("Relu", ["x"], ["y"])]), opset: 6)
    #expect(try importONNX(bytes: relu.bytes).opset == 6)
    let add = model(graph: graph(nodes: [node("Add", ["x", "x"], ["y"])]), opset: 6)
    #expect(problems(importing: add).map(\.code) == [.unsupportedVariant])
  }

  @Test func `the whole list of what is unsupported is given`() throws {
    let source = graph(nodes: [
      node("Frobnicate", ["x"], ["a"], name: "f"), node("Relu", ["a"], ["b"], name: "r"),
      node("Loop", ["b"], ["c"], name: "l"),
      node("Conv", ["c", "c"], ["d"], name: "own", domain: "com.example"),
      node("Concat", ["d"], ["y"], name: "bad"),
    ])
    let imported = try importONNX(bytes: model(graph: source).bytes)
    do {
      _ = try Specialised(imported)
      Issue.record("accepted")
    } catch {
      #expect(error.problems.map(\.node) == ["f", "l", "own", "bad"])
      #expect(
        error.problems.map(\.code) == [
          .unsupportedOperator, .unsupportedOperator, .unsupportedOperator, .badAttribute,
        ])
    }
  }

  @Test func `problems of all kinds come together`() {
    let source = graph(
      nodes: [node("Frobnicate", ["ghost"], ["y"], name: "f")],
      initializers: [tensor("w", dims: [1], type: 17, raw: [0])])
    let codes = problems(importing: model(graph: source, opset: 99)).map(\.code)
    #expect(Set(codes) == [.badType, .unsupportedVariant, .danglingInput])
  }

  @Test func `a list of problems has an end`() {
    let attributes = [Message](repeating: Message([(1, .text("a"))]), count: 5000)
    let source = graph(nodes: [node("Relu", ["x"], ["y"], attributes: attributes)])
    let found = problems(importing: model(graph: source))
    #expect(found.count == 1001)
    #expect(found.last?.message == "and 4000 problems more")
  }

  @Test func `nodes without names, or with the same, get their own`() throws {
    let source = graph(nodes: [
      node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"], name: "n"),
      node("Relu", ["b"], ["c"], name: "n"), node("Relu", ["c"], ["y"], name: "n_2"),
    ])
    let found = try importONNX(bytes: model(graph: source).bytes)
    #expect(found.nodes.map(\.name) == ["a", "n", "n_2", "n_2_2"])
  }

  @Test func `the second name of ONNX's domain means the same`() throws {
    let source = graph(nodes: [node("Relu", ["x"], ["y"], domain: "ai.onnx")])
    #expect(try importONNX(bytes: model(graph: source).bytes).nodes[0].domain.isEmpty)
  }

  @Test func `a file that is missing is told from one that is bad`() throws {
    do {
      _ = try importONNX(contentsOf: "/nonexistent/model.onnx")
      Issue.record("accepted")
    } catch {
      #expect(error.reason == .unreadable)
    }
    do {
      _ = try importONNX(bytes: [1, 2, 3])
      Issue.record("accepted")
    } catch {
      #expect(error.reason == .rejected)
    }
  }
}
