import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// Large initializers, whose raw data stays in the file while the rest of the model is decoded.
@Suite struct LargeInitializerTests {
  private static let count = 20_000
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func raw(_ bytes: Int, from start: UInt8 = 0) -> [UInt8] {
    (0..<bytes).map { (UInt8(truncatingIfNeeded: $0 / 3 + $0 % 7) &+ start) & 0x3F }
  }

  private func identity(_ initializers: [Message], more: [Message] = []) -> Message {
    graph(nodes: [node("Identity", ["x"], ["y"])] + more, initializers: initializers)
  }

  /// The constants of a model, from memory and from a file, which must agree.
  private func constants(_ model: Message) throws -> [String: Tensor] {
    func named(_ graph: Graph) -> [String: Tensor] {
      Dictionary(
        uniqueKeysWithValues: graph.values.compactMap { value in
          value.constant.map { (value.name, $0) }
        })
    }
    try folder.write(model.bytes, to: "model.onnx")
    let file = named(try importONNX(contentsOf: folder.path("model.onnx")))
    #expect(try named(importONNX(bytes: model.bytes)) == file)
    return file
  }

  @Test(arguments: [(1, 4), (2, 1), (7, 8), (10, 2), (11, 8), (6, 4), (9, 1)] as [(Int64, Int)])
  func everyType(type: Int64, size: Int) throws {
    let own = raw(Self.count * size)
    let small = tensor("small", dims: [2], type: type, raw: raw(2 * size))
    let large = tensor("large", dims: [100, Int64(Self.count / 100)], type: type, raw: own)
    let found = try constants(model(graph: identity([small, large, small2(type, size)])))
    #expect(found.count == 3 && found["large"]?.shape == [100, Self.count / 100])
    // The first elements are those of a tensor that is decoded with its data.
    let head = try #require(found["large"]).gathering([0, 1], shape: [2])
    #expect(head == found["small"])
    if type == 1 {
      let numbers = try #require(found["large"])
      let expected = unsafe own.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
      #expect(numbers.passingFloats() == expected && numbers.floats == expected)
      #expect(numbers.reshaped([Self.count]).floats == expected)
    }
  }

  private func small2(_ type: Int64, _ size: Int) -> Message {
    tensor("other", dims: [1], type: type, raw: raw(size, from: 9))
  }

  /// As the format has it: of a field that is given twice the last counts, and parts of a message that
  /// is given twice are joined.
  @Test func fieldsGivenTwice() throws {
    let (first, last) = (raw(4 * Self.count), raw(4 * Self.count, from: 5))
    let twice = tensor(
      "twice", dims: [Int64(Self.count)], raw: first, fields: [(9, .bytes(last))])
    let after = tensor("after", dims: [Int64(Self.count)], raw: last)
    var split = model(graph: identity([twice]))
    split.add(7, .message(Message([(5, .message(after))])))
    let found = try constants(split)
    #expect(found.count == 2 && found["twice"] == found["after"])
  }

  @Test func faults() {
    let own = raw(4 * Self.count)
    let dims = [Int64(Self.count)]
    let faults: [(Message, GraphError.Code)] = [
      (tensor("w", dims: [Int64(Self.count) + 1], raw: own), .badShape),
      (tensor("w", dims: dims, type: 7, raw: own), .badShape),
      (tensor("w", dims: dims, type: 8, raw: own), .badFile),
      (tensor("w", dims: dims, raw: own, fields: [(4, .bytes([0, 0, 0, 0]))]), .badFile),
      (tensor("w", dims: dims, raw: own, fields: [(14, .number(1))]), .badFile),
      (tensor("w", dims: dims, raw: own, fields: [(14, .number(7))]), .badFile),
    ]
    for (fault, code) in faults {
      let found = problems(importing: model(graph: identity([fault])))
      #expect(found.map(\.code) == [code])
    }
  }

  /// What was read is that file, though another has taken its name.
  @Test func aReplacedFileStaysItself() throws {
    let own = tensor("w", dims: [Int64(Self.count)], raw: raw(4 * Self.count))
    try folder.write(model(graph: identity([own])).bytes, to: "model.onnx")
    let graph = try importONNX(contentsOf: folder.path("model.onnx"))
    let other = model(graph: identity([])).bytes
    try Data(other).write(to: URL(fileURLWithPath: folder.path("model.onnx")), options: .atomic)
    let weight = try #require(graph.values.first { $0.name == "w" }?.constant)
    #expect(weight.floats == weight.passingFloats() && weight.floats.count == Self.count)
  }
}
