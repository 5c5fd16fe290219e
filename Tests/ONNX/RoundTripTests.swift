import EspalierGraph
import EspalierONNX
import Foundation
import Testing

@Suite struct RoundTripTests {
  @Test func `a graph comes back from its file as it was`() throws {
    let graph = smallModel()
    let bytes = try exportONNX(graph)
    let found = try importONNX(bytes: bytes)
    #expect(found.name == graph.name)
    #expect(found.opset == 17)
    #expect(found.metadata.producerName == "Espalier tests")
    #expect(found.metadata.producerVersion == "1")
    #expect(found.metadata.documentation == "A small model.")
    #expect(found.metadata.properties.map(\.key) == ["author", "empty"])
    #expect(found.metadata.opsets.map(\.domain) == ["", "ai.onnx.ml"])
    #expect(found.metadata.opsets.map(\.version) == [17, 3])
    #expect(found.nodes.map(\.name) == graph.nodes.map(\.name))
    #expect(found.nodes.map(\.operation) == graph.nodes.map(\.operation))
    #expect(found.nodes.map(\.attributes) == graph.nodes.map(\.attributes))
    #expect(inputNames(found) == inputNames(graph))
    #expect(
      found.inputs.map { found.values[$0].shape } == graph.inputs.map { graph.values[$0].shape })
    let weights = graph.values.filter { $0.constant != nil }
    #expect(Set(found.values.filter { $0.constant != nil }.map(\.name)) == Set(weights.map(\.name)))
    for value in weights {
      #expect(found.values.first { $0.name == value.name }?.constant == value.constant)
    }
    #expect(try exportONNX(found) == bytes)
  }

  @Test func `both graphs compute the same`() throws {
    let image = ramp([1, 2, 4, 4])
    let before = try Interpreter(Specialised(smallModel())).run(["image": image])
    let found = try importONNX(bytes: exportONNX(smallModel()))
    #expect(try Interpreter(Specialised(found)).run(["image": image]) == before)
    #expect(before["product"]?.shape == [1, 2])
  }

  @Test(arguments: ElementType.allCases)
  func `initializers keep their element type and values`(_ type: ElementType) throws {
    let tensor =
      type == .string
      ? Tensor(elementType: .string, shape: [2, 1], storage: .text(["", "häh"]))
      : Tensor(elementType: type, shape: [3, 2], integers: [0, 1, -1, 127, 300, -70_000])
    var graph = smallModel()
    graph.addConstant("extra", tensor)
    graph.nodes[0].attributes["extra"] = .tensor(tensor)
    let found = try importONNX(bytes: exportONNX(graph))
    #expect(found.values.first { $0.name == "extra" }?.constant == tensor)
    #expect(found.nodes[0].attributes["extra"] == .tensor(tensor))
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `every 16-bit pattern survives but for what makes a number NaN`(_ type: ElementType) throws {
    let patterns = (0...UInt16.max).map { $0 }
    let raw = patterns.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    let message = graph(
      nodes: [node("Relu", ["x"], ["y"])],
      initializers: [
        tensor("all", dims: [65536], type: Int64(type.rawValue), raw: raw)
      ])
    let imported = try importONNX(bytes: model(graph: message).bytes)
    let again = try importONNX(bytes: exportONNX(imported))
    let first = imported.values.first { $0.name == "all" }!.constant!.floats
    let second = again.values.first { $0.name == "all" }!.constant!.floats
    #expect(
      zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN })
    #expect(first.filter(\.isNaN).count == (type == .float16 ? 2046 : 254))
  }

  @Test func `attributes of every kind come back`() throws {
    var graph = smallModel()
    let attributes: [String: Attribute] = [
      "a": .integer(.min), "b": .float(-0.0), "c": .string([0xFF, 0]), "d": .integers([1, -1]),
      "e": .floats([1.5, .infinity]), "f": .strings([[], [7]]), "g": .integers([]),
    ]
    graph.nodes[0].attributes = attributes
    // With such attributes no type can be inferred for the output.
    graph.values[graph.outputs[0]].elementType = .float32
    let found = try importONNX(bytes: exportONNX(graph))
    #expect(found.nodes[0].attributes == attributes)
  }

  @Test func `subgraphs are carried along unread`() throws {
    let branch = Message([
      (1, .text("then")), (6, .message(Message([(2, .text("inner"))]))), (20, .number(5)),
    ])
    let message = model(graph: graph(nodes: [node("If", ["x"], ["y"], attributes: [branch])]))
    let imported = try importONNX(bytes: message.bytes)
    let again = try importONNX(bytes: exportONNX(imported))
    #expect(again.nodes[0].attributes["then"] == imported.nodes[0].attributes["then"])
    let unsupported = imported.unsupportedOperators()
    #expect(unsupported.map(\.code) == [.unsupportedOperator])
    #expect(unsupported[0].message.contains("control flow"))
  }

  /// `Relu` beside an operator that makes a sequence of an optional input.
  @Test func `types that are no tensors' are carried along unread`() throws {
    func info(_ name: String, _ type: Message) -> Message {
      Message([(1, .text(name)), (2, .message(type))])
    }
    let element = Message([(1, .message(Message([(1, .number(1))])))])
    let sequence = Message([(4, .message(Message([(1, .message(element))])))])
    let optional = Message([(9, .message(Message([(1, .message(element))])))])
    var source = graph(
      nodes: [
        node("Relu", ["x"], ["y"]),
        node("ZipMap", ["maybe"], ["scores"], name: "zip", domain: "ai.onnx.ml"),
      ], inputs: [valueInfo("x"), info("maybe", optional)])
    source.add(12, .message(info("scores", sequence)))
    let imported = try importONNX(bytes: model(graph: source).bytes)
    let again = try importONNX(bytes: exportONNX(imported))
    func type(_ name: String, _ graph: Graph) -> [UInt8]? {
      graph.values.first { $0.name == name }?.opaqueType
    }
    #expect(type("scores", imported) == sequence.bytes && type("maybe", imported) == optional.bytes)
    for name in ["scores", "maybe"] { #expect(type(name, again) == type(name, imported)) }
    #expect(
      try Specialised.forRewriting(again).opaqueNodes.map(\.operation) == ["ai.onnx.ml.ZipMap"])
    let problems = #expect(throws: GraphProblems.self) { try Specialised(again) }
    #expect("\(problems!)".contains("\"maybe\"") && "\(problems!)".contains("not a tensor"))
  }

  @Test func `an output whose type nobody knows keeps its name alone`() throws {
    var graph = smallModel()
    graph.outputs.append(graph.addNode("Frobnicate", [graph.outputs[0]], name: "odd"))
    let again = try importONNX(bytes: exportONNX(graph))
    #expect(again.outputs.map { again.values[$0].name } == ["product", "odd"])
    #expect(again.values[again.outputs[1]].elementType == nil)
    #expect(again.values[again.outputs[0]].elementType == .float32)
  }

  @Test func `early files list initializers among the inputs`() throws {
    var graph = smallModel()
    graph.metadata.irVersion = 3
    let bytes = try exportONNX(graph)
    #expect(bytes.count > (try exportONNX(smallModel())).count)
    #expect(inputNames(try importONNX(bytes: bytes)) == ["image"])
  }

  @Test func `weights that do not fit into the model stand in a file beside it`() throws {
    let folder = try TemporaryFolder()
    var graph = smallModel()
    let bytes = Tensor(elementType: .int8, shape: [1025], integers: (0..<1025).map { $0 % 100 })
    graph.addConstant("odd", bytes)
    graph.addConstant("after", ramp([3, 200]))
    try exportONNX(graph, to: folder.path("model.onnx"), inside: 1000)
    #expect(try folder.names() == ["model.onnx", "model.onnx.data"])
    // 1025 bytes, padded to a multiple of 64, then 600 numbers; the smaller weights are inside.
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("model.onnx.data")))
    #expect(data.count == 1088 + 2400)
    let found = try importONNX(contentsOf: folder.path("model.onnx"))
    for value in graph.values where value.constant != nil {
      #expect(found.values.first { $0.name == value.name }?.constant == value.constant)
    }
  }

  @Test func `a file appears whole or not at all`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.onnx")
    try exportONNX(smallModel(), to: path)
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == exportONNX(smallModel()))
    #expect(try folder.names() == ["model.onnx"])

    var broken = smallModel()
    broken.outputs = []
    #expect(throws: ExportFailure.self) { try exportONNX(broken, to: path) }
    #expect(try inputNames(importONNX(contentsOf: path)) == ["image"])

    try FileManager.default.createDirectory(
      atPath: folder.path("folder"), withIntermediateDirectories: false)
    #expect(throws: ExportFailure.self) { try exportONNX(smallModel(), to: folder.path("folder")) }
    #expect(throws: ExportFailure.self) {
      try exportONNX(smallModel(), to: folder.path("none/x.onnx"))
    }
    #expect(try folder.names() == ["folder", "model.onnx"])
  }

  private func inputNames(_ graph: Graph) -> [String] { graph.inputs.map { graph.values[$0].name } }
}

/// A folder that is removed with its last use.
final class TemporaryFolder {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "espalier-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var root: String { url.path }
  func path(_ name: String) -> String { url.path + "/" + name }
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
  }
}
