import EspalierGraph
import EspalierONNX
import Testing

/// Rows 10, 11 and 16 of the bad-input table: tensors whose shape, type and data disagree.
@Suite struct BadTensorTests {
  struct Case: Sendable {
    var name: String
    var bytes: [UInt8]
    var code: GraphError.Code

    init(_ name: String, _ message: Message, _ code: GraphError.Code) {
      (self.name, self.bytes, self.code) = (name, message.bytes, code)
    }
  }

  static let eight = [UInt8](repeating: 1, count: 8)
  static let cases = [
    Case("negative extent", tensor("w", dims: [-2], raw: eight), .shapeTooLarge),
    Case(
      "product beyond 63 bits", tensor("w", dims: [1 << 32, 1 << 32], raw: eight), .shapeTooLarge),
    Case(
      "product beyond 63 bits that a zero hides",
      tensor("w", dims: [0, 1 << 40, 1 << 40], raw: []),
      .shapeTooLarge),
    Case("more elements than allowed", tensor("w", dims: [1 << 40], raw: eight), .shapeTooLarge),
    Case(
      "rank 33", tensor("w", dims: [Int64](repeating: 1, count: 33), raw: [0, 0, 0, 0]),
      .shapeTooLarge),
    Case("many elements and no data", tensor("w", dims: [1 << 29]), .badShape),
    Case("raw data too short", tensor("w", dims: [3], raw: eight), .badShape),
    Case("raw data too long", tensor("w", dims: [1], raw: eight), .badShape),
    Case(
      "typed data too short", tensor("w", dims: [3], fields: [(4, .bytes([0, 0, 0, 0]))]), .badShape
    ),
    Case(
      "raw and typed data", tensor("w", dims: [2], raw: eight, fields: [(4, .bytes(eight))]),
      .badFile),
    Case(
      "the wrong list", tensor("w", dims: [1], fields: [(7, .bytes([1]))]), .badShape),
    Case("undefined type", tensor("w", dims: [2], type: 0, raw: eight), .badType),
    Case("float8", tensor("w", dims: [8], type: 17, raw: eight), .badType),
    Case("int4 in too many bytes", tensor("w", dims: [14], type: 22, raw: eight), .badShape),
    Case("uint2 in too few bytes", tensor("w", dims: [33], type: 25, raw: eight), .badShape),
    Case("float8", tensor("w", dims: [8], type: 17, raw: eight), .badType),
    Case("complex", tensor("w", dims: [1], type: 14, raw: eight), .badType),
    Case("a type from the future", tensor("w", dims: [1], type: 99, raw: eight), .badType),
    Case("raw text", tensor("w", dims: [1], type: 8, raw: eight), .badFile),
    Case(
      "an int8 of 300", tensor("w", dims: [1], type: 3, fields: [(5, .bytes(varint(300)))]),
      .badFile),
    Case(
      "text that is not UTF-8",
      tensor("w", dims: [1], type: 8, fields: [(6, .bytes([0xC3, 0x28]))]),
      .badFile),
    Case(
      "a segment",
      tensor("w", dims: [2], raw: eight, fields: [(3, .message(Message([(1, .number(0))])))]),
      .unsupportedVariant),
    Case(
      "a data location that does not exist",
      tensor("w", dims: [2], raw: eight, fields: [(14, .number(7))]),
      .badFile),
  ]

  @Test(arguments: cases)
  func `is rejected as an initializer, an attribute and alone`(_ example: Case) {
    let relu = node("Relu", ["x"], ["y"])
    var source = graph(nodes: [relu])
    source.add(5, .bytes(example.bytes))
    #expect(
      problems(importing: model(graph: source)).map(\.code) == [example.code], "\(example.name)")

    let attribute = Message([(1, .text("value")), (5, .bytes(example.bytes)), (20, .number(4))])
    let constant = node("Constant", [], ["c"], attributes: [attribute])
    let second = graph(nodes: [relu, constant])
    #expect(
      problems(importing: model(graph: second)).first?.code == example.code, "\(example.name)")

    do {
      _ = try importTensor(bytes: example.bytes)
      Issue.record("\(example.name) is accepted")
    } catch {
      #expect(error.problems.map(\.code) == [example.code])
    }
  }

  @Test func `typed lists are read for every type`() throws {
    func read(_ type: ElementType, _ field: Int, _ content: [UInt8]) throws -> [Double] {
      let message = tensor(
        "t", dims: [2], type: Int64(type.rawValue), fields: [(field, .bytes(content))])
      return try importTensor(bytes: message.bytes).tensor.doubles
    }
    let minusTwo = varint(UInt64(bitPattern: -2))
    #expect(try read(.float32, 4, [0, 0, 128, 63, 0, 0, 0, 64]) == [1, 2])
    #expect(try read(.float16, 5, varint(0x3C00) + varint(0xC000)) == [1, -2])
    #expect(try read(.bfloat16, 5, varint(0x3F80) + varint(0xC000)) == [1, -2])
    #expect(try read(.int8, 5, minusTwo + varint(127)) == [-2, 127])
    #expect(try read(.uint8, 5, varint(255) + varint(1)) == [255, 1])
    #expect(try read(.int16, 5, minusTwo + varint(300)) == [-2, 300])
    #expect(try read(.uint16, 5, varint(65535) + varint(1)) == [65535, 1])
    #expect(try read(.int32, 5, minusTwo + varint(70_000)) == [-2, 70_000])
    #expect(try read(.bool, 5, varint(1) + varint(0)) == [1, 0])
    #expect(try read(.int64, 7, minusTwo + varint(5)) == [-2, 5])
    #expect(try read(.uint32, 11, varint(1 << 31) + varint(5)) == [2_147_483_648, 5])
    #expect(
      try read(.float64, 10, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F] + [UInt8](repeating: 0, count: 8)) == [
        1, 0,
      ])
  }
}
