import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// Rows 5 to 9 of the bad-input table: what a model may make us read.
@Suite struct ExternalDataTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path("model/sub"), withIntermediateDirectories: true)
    try folder.write([0, 0, 128, 63, 0, 0, 0, 64, 9, 9], to: "model/weights.bin")
    try folder.write([0, 0, 128, 63, 0, 0, 0, 64], to: "model/sub/weights.bin")
    try folder.write([UInt8](repeating: 0, count: 8), to: "secret.bin")
  }

  @Test(
    arguments: [
      ("weights.bin", "0", "8"), ("weights.bin", nil, nil), ("./weights.bin", "0", nil),
      ("sub/weights.bin", nil, "8"),
    ] as [(String, String?, String?)])
  func `files within the model's folder are read`(
    _ location: String, _ offset: String?, _ length: String?
  ) throws {
    let message = model(location, offset, length)
    let found = try importONNX(bytes: message.bytes, directory: folder.path("model"))
    #expect(found.values.first { $0.name == "w" }?.constant == Tensor([1, 2], shape: [2]))
  }

  @Test func `the folder is that of the file`() throws {
    try folder.write(model("weights.bin", "0", "8").bytes, to: "model/model.onnx")
    let found = try importONNX(contentsOf: folder.path("model/model.onnx"))
    #expect(found.values.first { $0.name == "w" }?.constant == Tensor([1, 2], shape: [2]))
  }

  @Test(
    arguments: [
      ("../secret.bin", nil, nil), ("sub/../../secret.bin", nil, nil),
      ("sub/../weights.bin", nil, nil),
      ("/etc/hostname", nil, nil), ("", nil, nil), (".", nil, nil), ("sub", nil, nil),
      ("sub//weights.bin", nil, nil), ("weights.bin\u{0}.txt", nil, nil), ("missing.bin", nil, nil),
      ("*/_ORT_MEM_ADDR_/*", "140737488355328", "8"),
      ("weights.bin", "3", "8"), ("weights.bin", "9223372036854775807", "8"),
      ("weights.bin", "-1", "8"), ("weights.bin", "0", "9"), ("weights.bin", "0", "7"),
      ("weights.bin", "0x0", nil), ("weights.bin", "99999999999999999999", nil),
    ] as [(String, String?, String?)])
  func `anything else is refused`(_ location: String, _ offset: String?, _ length: String?) {
    let found = problems(
      importing: model(location, offset, length), directory: folder.path("model"))
    #expect(found.map(\.code) == [.badFile], "\(location) \(offset ?? "") \(length ?? "")")
  }

  @Test func `links, pipes and devices are refused`() throws {
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: folder.path("model/link.bin"), withDestinationPath: folder.path("secret.bin"))
    try files.createSymbolicLink(
      atPath: folder.path("model/linked"), withDestinationPath: folder.path("model/sub"))
    try files.linkItem(atPath: folder.path("secret.bin"), toPath: folder.path("model/hard.bin"))
    #expect(unsafe mkfifo(folder.path("model/pipe.bin"), 0o600) == 0)
    for location in ["link.bin", "linked/weights.bin", "hard.bin", "pipe.bin"] {
      let found = problems(importing: model(location, nil, nil), directory: folder.path("model"))
      #expect(found.map(\.code) == [.badFile], "\(location)")
    }
  }

  @Test func `a model from memory refers to no files`() {
    #expect(problems(importing: model("weights.bin", nil, nil)).map(\.code) == [.badFile])
  }

  @Test func `the same rules hold in attributes`() {
    let attribute = Message([
      (1, .text("value")), (5, .message(external("../secret.bin", nil, nil))), (20, .number(4)),
    ])
    let source = graph(nodes: [
      node("Relu", ["x"], ["y"]), node("Constant", [], ["c"], attributes: [attribute]),
    ])
    let found = problems(
      importing: ONNXTests.model(graph: source), directory: folder.path("model"))
    #expect(found.first?.code == .badFile)
  }

  @Test(arguments: ["", "./"])
  func `the same bytes may not be read without end, however spelled`(_ prefix: String) throws {
    let many = (0..<200).map { index in
      external(
        String(repeating: prefix, count: index) + "weights.bin", "0", "8", name: "w\(index)")
    }
    let source = graph(nodes: [node("Relu", ["x"], ["y"])], initializers: many)
    let found = problems(
      importing: ONNXTests.model(graph: source), directory: folder.path("model"))
    #expect(found.contains { $0.message.contains("again and again") })
  }

  private func model(_ location: String, _ offset: String?, _ length: String?) -> Message {
    ONNXTests.model(
      graph: graph(
        nodes: [node("Relu", ["x"], ["y"])], initializers: [external(location, offset, length)]))
  }

  private func external(
    _ location: String, _ offset: String?, _ length: String?, name: String = "w"
  ) -> Message {
    var fields: [(Int, Message.Field)] = [(14, .number(1))]
    for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
      guard let value else { continue }
      fields.append((13, .message(Message([(1, .text(key)), (2, .text(value))]))))
    }
    return tensor(name, dims: [2], fields: fields)
  }
}
