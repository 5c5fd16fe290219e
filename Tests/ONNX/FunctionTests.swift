import EspalierGraph
import EspalierONNX
import Testing

/// Functions of the model are replaced by their bodies.
@Suite struct FunctionTests {
  @Test func `a call becomes the function's nodes, under the call's name`() throws {
    let body = [
      node("Mul", ["a", "b"], ["t"], name: "times"), node("Add", ["t", "a"], ["r"], name: "plus"),
    ]
    let source = graph(
      nodes: [
        call("Twist", ["x", "w"], ["z"], name: "first"),
        call("Twist", ["z", "w"], ["y"], name: "second"),
      ], initializers: [tensor("w", dims: [2], raw: [0, 0, 0, 64, 0, 0, 64, 64])])
    let found = try importONNX(
      bytes: model(source, [function("Twist", ["a", "b"], ["r"], body)]).bytes)
    #expect(
      found.nodes.map(\.name) == ["first/times", "first/plus", "second/times", "second/plus"])
    #expect(found.validate().isEmpty)
    let results = try Interpreter(Specialised(found)).run(["x": Tensor([1, 2], shape: [2])])
    // x·w + x, twice, with w = [2, 3].
    #expect(results["y"] == Tensor([9, 32], shape: [2]))
  }

  @Test func `attributes come from the call, else from the function, else are left out`() throws {
    let body = [
      node("LeakyRelu", ["a"], ["t"], name: "leak", attributes: [reference("alpha", "slope")]),
      node("Elu", ["t"], ["r"], name: "elu", attributes: [reference("alpha", "curve")]),
      node("Selu", ["r"], ["s"], name: "selu", attributes: [reference("alpha", "bare")]),
    ]
    let swirl = function(
      "Swirl", ["a"], ["s"], body, attributes: ["slope", "bare"],
      defaults: [float("curve", 0.25)])
    let source = graph(nodes: [
      call("Swirl", ["x"], ["y"], name: "s", attributes: [float("slope", 0.5)])
    ])
    let found = try importONNX(bytes: model(source, [swirl]).bytes)
    #expect(found.nodes.map(\.attributes["alpha"]) == [.float(0.5), .float(0.25), nil])
  }

  @Test func `inputs may be left out, outputs too, and what comes in may go out`() throws {
    let body = [node("Clip", ["a", "low", "high"], ["t"]), node("Relu", ["a"], ["unused"])]
    let source = graph(nodes: [call("Bound", ["x", "", "w"], ["z", "", "y"])])
      .adding(5, tensor("w", dims: [], raw: [0, 0, 128, 63]))
    let bound = function("Bound", ["a", "low", "high"], ["t", "unused", "a"], body)
    let found = try importONNX(bytes: model(source, [bound]).bytes)
    let clip = try #require(found.nodes.first { $0.operation == "Clip" })
    #expect(clip.inputs.map { $0 == nil } == [false, true, false])
    #expect(found.nodes.contains { $0.operation == "Identity" })
    let results = try Interpreter(Specialised(found)).run(["x": Tensor([-3, 4], shape: [2])])
    #expect(results["y"] == Tensor([-3, 4], shape: [2]))
  }

  @Test func `calls nest and names stay apart`() throws {
    let inner = function(
      "In", ["a"], ["b"], [node("Relu", ["a"], ["t"]), node("Neg", ["t"], ["b"])])
    let outer = function(
      "Out", ["a"], ["b"], [call("In", ["a"], ["t"]), call("In", ["t"], ["b"])])
    let source = graph(nodes: [
      node("Abs", ["x"], ["t"]), call("Out", ["t"], ["b"], name: "b"), node("Neg", ["b"], ["y"]),
    ])
    let found = try importONNX(bytes: model(source, [outer, inner]).bytes)
    #expect(found.nodes.map(\.operation) == ["Abs", "Relu", "Neg", "Relu", "Neg", "Neg"])
    #expect(Set(found.nodes.map(\.name)).count == 6)
    let results = try Interpreter(Specialised(found)).run(["x": Tensor([-1, 2], shape: [2])])
    #expect(results["y"] == Tensor([0, 0], shape: [2]))
  }

  @Test func `a branch inside a function reads the call's values`() throws {
    let branches = [
      branch("then_branch", nodes: [node("Neg", ["a"], ["u"])], output: "u"),
      branch("else_branch", nodes: [call("Out", ["t"], ["u"])], output: "u"),
    ]
    let body = [
      node("Relu", ["a"], ["t"]), node("If", ["c"], ["b"], name: "if", attributes: branches),
    ]
    let choice = function("Choice", ["a", "c"], ["b"], body)
    let out = function("Out", ["a"], ["b"], [node("Exp", ["a"], ["b"])])
    for (truth, wanted) in [(UInt8(1), "Neg"), (0, "Exp")] {
      let source = graph(
        nodes: [
          node("Abs", ["x"], ["t"]), node("Abs", ["t"], ["u"]),
          call("Choice", ["u", "truth"], ["y"], name: "c"),
        ], initializers: [tensor("truth", dims: [], type: 9, raw: [truth])])
      let found = try importONNX(bytes: model(source, [choice, out]).bytes)
      let typed = try Specialised(found)
      #expect(typed.graph.nodes.map(\.operation).contains(wanted))
      let results = try Interpreter(typed).run(["x": Tensor([0, -1], shape: [2])])
      #expect(results["y"]!.floats[0] == (truth == 1 ? 0 : 1))
    }
  }

  @Test(
    arguments: [
      ("itself", ["A": ["A"]], GraphError.Code.cycle),
      ("itself through another", ["A": ["B"], "B": ["C"], "C": ["B"]], .cycle),
    ] as [(String, [String: [String]], GraphError.Code)])
  func `a function that calls itself is refused`(
    _ what: String, _ calls: [String: [String]], _ code: GraphError.Code
  ) {
    let functions = calls.sorted { $0.key < $1.key }.map { name, called in
      function(name, ["a"], ["b"], called.map { call($0, ["a"], ["b"]) })
    }
    let found = problems(
      importing: model(graph(nodes: [call("A", ["x"], ["y"], name: "top")]), functions))
    #expect(found.map(\.code) == [code])
    #expect(found.map(\.node) == ["top"])
  }

  @Test func `functions that double at each level are refused before they fill memory`() {
    var functions = [function("F0", ["a"], ["b"], [node("Relu", ["a"], ["b"])])]
    for level in 1...40 {
      functions.append(
        function(
          "F\(level)", ["a"], ["b"],
          [call("F\(level - 1)", ["a"], ["t"]), call("F\(level - 1)", ["t"], ["b"])]))
    }
    let source = graph(nodes: [call("F40", ["x"], ["y"], name: "top")])
    #expect(problems(importing: model(source, functions)).map(\.code) == [.badFile])
    // The same without a single node at the end.
    functions[0] = function("F0", ["a"], ["a"], [])
    #expect(problems(importing: model(source, functions)).map(\.code).first == .badFile)
  }

  @Test func `long names and large constants are counted, too`() {
    let long = String(repeating: "n", count: 1 << 20)
    let body = (0..<600).map { node("Relu", ["a"], ["v\($0)"]) } + [node("Relu", ["a"], ["b"])]
    let source = graph(nodes: [call("F", ["x"], ["y"], name: long)])
    let found = problems(importing: model(source, [function("F", ["a"], ["b"], body)]))
    #expect(found.map(\.code) == [.badFile])
  }

  @Test func `deep calls are refused`() {
    var functions = [function("F0", ["a"], ["b"], [node("Relu", ["a"], ["b"])])]
    for level in 1...100 {
      functions.append(function("F\(level)", ["a"], ["b"], [call("F\(level - 1)", ["a"], ["b"])]))
    }
    let found = problems(importing: model(graph(nodes: [call("F100", ["x"], ["y"])]), functions))
    #expect(found.map(\.code) == [.badFile])
  }

  @Test(
    arguments: [
      ("too many inputs", call("F", ["x", "x"], ["y"], name: "top"), [], .badArity),
      ("too many outputs", call("F", ["x"], ["y", "z"], name: "top"), [], .badArity),
      (
        "an attribute it lacks", call("F", ["x"], ["y"], name: "top", attributes: [float("p", 1)]),
        [], .badAttribute
      ),
      (
        "a reference to no attribute", call("G", ["x"], ["y"], name: "top"),
        [
          function(
            "G", ["a"], ["b"],
            [node("Elu", ["a"], ["b"], attributes: [reference("alpha", "p")])])
        ], .badAttribute
      ),
      (
        "a reference to another type",
        call(
          "G", ["x"], ["y"], name: "top",
          attributes: [Message([(1, .text("p")), (3, .number(1)), (20, .number(2))])]),
        [
          function(
            "G", ["a"], ["b"],
            [node("Elu", ["a"], ["b"], attributes: [reference("alpha", "p")])], attributes: ["p"])
        ], .badAttribute
      ),
      (
        "an output it does not compute", call("G", ["x"], ["y"], name: "top"),
        [function("G", ["a"], ["b"], [node("Relu", ["a"], ["c"])])], .danglingInput
      ),
      (
        "another opset", call("G", ["x"], ["y"], name: "top"),
        [function("G", ["a"], ["b"], [node("Relu", ["a"], ["b"])], opset: 13)], .unsupportedVariant
      ),
      (
        "two inputs of one name", call("G", ["x"], ["y"], name: "top"),
        [function("G", ["a", "a"], ["b"], [node("Relu", ["a"], ["b"])])], .duplicateName
      ),
    ] as [(String, Message, [Message], GraphError.Code)])
  func `a faulty call is one error, at the call`(
    _ what: String, _ call: Message, _ others: [Message], _ code: GraphError.Code
  ) {
    let plain = function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])
    let found = problems(importing: model(graph(nodes: [call]), [plain] + others))
    #expect(found.map(\.code) == [code], "\(what): \(found)")
    #expect(found.map(\.node) == ["top"], "\(what)")
  }

  @Test func `a body sees nothing outside, and a name stands for one function`() {
    let source = graph(nodes: [node("Relu", ["x"], ["w"]), call("F", ["x"], ["y"])])
    let leak = function("F", ["a"], ["b"], [node("Add", ["a", "w"], ["b"])])
    #expect(problems(importing: model(source, [leak])).map(\.code) == [.danglingInput])
    let plain = function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])
    #expect(problems(importing: model(source, [plain, plain])).map(\.code) == [.duplicateName])
  }

  @Test func `changed bytes of a model with functions never stop the program`() throws {
    let inner = function(
      "In", ["a"], ["b"], [node("Relu", ["a"], ["t"]), node("Neg", ["t"], ["b"])])
    let outer = function(
      "Out", ["a"], ["b"],
      [call("In", ["a"], ["t"]), node("Elu", ["t"], ["b"], attributes: [reference("alpha", "p")])],
      defaults: [float("p", 2)])
    let bytes = model(graph(nodes: [call("Out", ["x"], ["y"])]), [inner, outer]).bytes
    #expect(try importONNX(bytes: bytes).nodes.count == 3)
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        if let graph = try? importONNX(bytes: changed) { #expect(graph.validate().isEmpty) }
      }
    }
  }
}

private func model(_ graph: Message, _ functions: [Message]) -> Message {
  functions.reduce(model(graph: graph)) { $0.adding(25, $1) }
}

private func function(
  _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [Message],
  attributes: [String] = [], defaults: [Message] = [], opset: Int64 = 17
) -> Message {
  var function = Message([(1, .text(name)), (10, .text("local"))])
  for input in inputs { function.add(4, .text(input)) }
  for output in outputs { function.add(5, .text(output)) }
  for attribute in attributes { function.add(6, .text(attribute)) }
  for node in nodes { function.add(7, .message(node)) }
  function.add(9, .message(Message([(2, .number(opset))])))
  for value in defaults { function.add(11, .message(value)) }
  return function
}

private func call(
  _ function: String, _ inputs: [String], _ outputs: [String], name: String = "",
  attributes: [Message] = []
) -> Message {
  node(function, inputs, outputs, name: name, attributes: attributes, domain: "local")
}

private func float(_ name: String, _ value: Float) -> Message {
  let bits = value.bitPattern
  var message = Message([(1, .text(name)), (20, .number(1))])
  message.add(fixed: 2, (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
  return message
}

/// An attribute that takes its value from the function's.
private func reference(_ name: String, _ attribute: String) -> Message {
  Message([(1, .text(name)), (20, .number(1)), (21, .text(attribute))])
}
