import EspalierGraph
import EspalierONNX
import Testing

/// Rows 1 to 4 of the bad-input table: bytes that are no model.
@Suite struct MalformedFileTests {
  @Test func `a file cut at any byte is rejected`() throws {
    let bytes = try exportONNX(smallModel())
    for length in bytes.indices {
      let found = problems(importing: Array(bytes[..<length]))
      #expect(!found.isEmpty, "cut at \(length)")
    }
  }

  @Test func `a cut inside the graph is reported with its place`() throws {
    let bytes = try exportONNX(smallModel())
    for length in (bytes.count - 300)..<bytes.count {
      let found = problems(importing: Array(bytes[..<length]))
      #expect(found.map(\.code) == [.badFile], "cut at \(length)")
      #expect(found[0].node.hasPrefix("byte "), "cut at \(length)")
    }
  }

  @Test func `any flipped bit gives a sound graph or an error`() throws {
    let bytes = try exportONNX(smallModel())
    var rejected = 0
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        do {
          let graph = try importONNX(bytes: changed)
          #expect(graph.validate().isEmpty, "byte \(place), bit \(bit)")
        } catch {
          rejected += 1
        }
      }
    }
    // Most bits are of weights, any value of which is a model.
    #expect(Double(rejected) > 0.3 * Double(8 * bytes.count), "\(rejected) rejected")
  }

  @Test func `changed bytes never stop the program, not even in evaluation`() throws {
    let seed: UInt64 = 20_26
    var random = Seeded(seed: seed)
    let bytes = try exportONNX(smallModel())
    var accepted = 0
    for _ in 0..<20_000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: changed.indices, using: &random)
        changed[place] = UInt8.random(in: 0...255, using: &random)
      }
      guard let graph = try? importONNX(bytes: changed),
        let specialised = try? Specialised(graph, inputShapes: ["image": [1, 2, 4, 4]])
      else { continue }
      let outputs = try? Interpreter(specialised, byteLimit: 1 << 26).run([
        "image": ramp([1, 2, 4, 4])
      ])
      if outputs != nil { accepted += 1 }
    }
    // A quarter is accepted and computed: both sides of every check are met.
    #expect(accepted > 4_000 && accepted < 8_000, "seed \(seed): \(accepted) accepted")
  }

  @Test(
    arguments: [
      ([], "an empty file"), (Array("PK\u{3}\u{4}rest".utf8), "ZIP"),
      (Array("{\"a\": 1}".utf8), "JSON"), ([0x89] + Array("ESP\r\n".utf8), "Espalier"),
    ] as [([UInt8], String)])
  func `foreign files are named`(_ bytes: [UInt8], _ name: String) {
    let found = problems(importing: bytes)
    #expect(found.map(\.code) == [.badFile])
    #expect(found[0].message.contains(name))
  }

  @Test(
    arguments: [
      ("a number longer than 64 bits", [0x08] + [UInt8](repeating: 0xFF, count: 10) + [0x01]),
      ("a number of eleven bytes", [0x08] + [UInt8](repeating: 0x80, count: 10) + [0x00]),
      ("a number that does not end", [0x08, 0x80]),
      ("a length beyond the file", [0x3A, 0x7F, 0x00]),
      ("a length beyond 63 bits", [0x3A] + [UInt8](repeating: 0xFF, count: 9) + [0x01]),
      ("a wire type that does not exist", [0x0F]),
      ("a group", [0x0B, 0x0C]),
      ("a field of the wrong wire type", [0x0A, 0x01, 0x00]),
      ("field number 0", [0x00, 0x00]),
      ("a producer that is not UTF-8", [0x12, 0x02, 0xC3, 0x28]),
      ("a fixed field cut short", [0xFD, 0x01, 0x00]),
    ] as [(String, [UInt8])])
  func `malformed bytes are rejected with their place`(_ what: String, _ bytes: [UInt8]) {
    let found = problems(importing: bytes)
    #expect(found.map(\.code) == [.badFile], "\(what)")
    #expect(found.first?.node.hasPrefix("byte ") ?? false, "\(what)")
  }

  @Test func `deep nesting is an error and no deep recursion`() {
    for depth in [40, 100_000] {
      var inner = Message()
      for _ in 0..<depth {
        // Attribute g of a node of a graph: three levels each.
        let attribute = Message([(1, .text("g")), (6, .message(inner)), (20, .number(5))])
        inner = Message([(1, .message(Message([(4, .text("If")), (5, .message(attribute))])))])
        if inner.bytes.count > 200_000 { break }
      }
      let found = problems(importing: model(graph: inner))
      #expect(found.map(\.code) == [.badFile])
      #expect(found[0].message.contains("nest"))
    }
  }

  @Test func `numbers of parts are bounded before they are decoded`() {
    var many = Message()
    for _ in 0..<70_000 { many.add(1, .bytes([])) }
    #expect(problems(importing: model(graph: many)).first?.message.contains("nodes") ?? false)
    var tensors = Message()
    for _ in 0..<140_000 { tensors.add(5, .bytes([])) }
    #expect(problems(importing: model(graph: tensors)).first?.message.contains("tensors") ?? false)
  }

  @Test func `a stand-alone tensor is checked the same way`() throws {
    let bytes = tensor("t", dims: [2, 1], raw: [0, 0, 128, 63, 0, 0, 0, 64]).bytes
    let found = try importTensor(bytes: bytes)
    #expect(found.name == "t")
    #expect(found.tensor == Tensor([1, 2], shape: [2, 1]))
    for length in bytes.indices {
      #expect(throws: ImportFailure.self) { try importTensor(bytes: Array(bytes[..<length])) }
    }
  }
}
