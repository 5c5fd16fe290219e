import EspalierModelFile
import Testing

@Suite struct TextTests {
  /// A model's source, as its text in a file says; the file is made with other bytes of that length.
  private func withText<Result>(
    _ bytes: [UInt8], _ body: (FileText) -> Result
  ) throws -> Result? {
    var model = ModelDescription()
    model.source = String(repeating: "#", count: bytes.count)
    var file = FileBytes(try model.bytes())
    let start = try #require(
      file.bytes.indices.first { file.bytes[$0...].prefix(bytes.count).allSatisfy { $0 == 0x23 } })
    file.bytes.replaceSubrange(start..<start + bytes.count, with: bytes)
    file.seal()
    return try VerifiedModel.withCopy(of: file.bytes) { body($0.source) }
  }

  @Test func validityIsUnicodes() throws {
    var random = SeededGenerator(seed: 2)
    // Leading and following bytes at the edges of what is allowed.
    let edges: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
      0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ]
    var valid = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 3...6, using: &random)
      let bytes = (0..<count).map { _ in edges.randomElement(using: &random)! }
      let expected = String(validating: bytes, as: UTF8.self) != nil
      #expect(try withText(bytes) { $0.isValid } == expected, "\(bytes)")
      valid += expected ? 1 : 0
    }
    #expect(valid > 100)
  }

  @Test func invalidTextIsRefused() throws {
    var file = FileBytes(try Samples.small().bytes())
    let name = Array("/relu".utf8)
    let start = try #require(
      file.bytes.indices.first { file.bytes[$0...].starts(with: name) })
    file.bytes[start] = 0xFF
    file.seal()
    #expect(refusal(of: file.bytes)?.code == .badText)
    #expect(refusal(of: file.bytes)?.place == .step(1))
  }

  @Test(arguments: [
    ("conv1", "conv1"),
    ("größe 漢字 🦊", "größe 漢字 🦊"),
    ("a\nb\u{1B}[31m", "a\\u{A}b\\u{1B}[31m"),
    ("safe\u{202E}pse.", "safe\\u{202E}pse."),
    ("\u{2066}\u{200F}\u{FEFF}\u{9B}", "\\u{2066}\\u{200F}\\u{FEFF}\\u{9B}"),
    ("back\\slash", "back\\u{5C}slash"),
    ("\u{E0041}", "\\u{E0041}"),
  ])
  func whatPeopleSeeIsEscaped(_ text: String, _ shown: String) throws {
    #expect(try withText(Array(text.utf8)) { $0.description } == shown)
    #expect(try withText(Array(text.utf8)) { $0.string } == text)
  }

  @Test func invalidBytesAreShown() throws {
    #expect(try withText([0x41, 0xFF, 0xC3, 0x42]) { $0.description } == "A\\u{FF}\\u{C3}B")
  }
}
