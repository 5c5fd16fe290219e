import Testing

@testable import EspalierPruning

@Suite struct PatternTests {
  @Test(arguments: [
    ("unstructured", PruningPattern.unstructured), ("block:16x8", .block(rows: 16, columns: 8)),
    ("block:1x1", .block(rows: 1, columns: 1)), ("nm:2:4", .strict(kept: 2, of: 4)),
    ("vnm:8:1:4", .vector(rows: 8, kept: 1, of: 4)),
  ])
  func parsesWhatItPrints(text: String, pattern: PruningPattern) throws {
    #expect(try PruningPattern(parsing: text) == pattern)
    #expect(pattern.description == text)
  }

  @Test(arguments: [
    "", "channel", "head", "block", "block:16", "block:16x", "block:0x8", "block:-1x8",
    "block:16x8x1", "block:+4x4", "nm:4:4", "nm:2", "nm:0:4", "nm:2:4:8", "nm:2:65", "vnm:2:4",
    "vnm:0:2:4", "unstructured:1", "block:99999999999999999999x1", "Block:4x4", "nm:2:4 ",
  ])
  func refusesOtherText(text: String) {
    #expect(throws: PruningError.self) { try PruningPattern(parsing: text) }
  }

  @Test func sparsityIsCheckedAgainstThePattern() throws {
    #expect(try MagnitudePruner(pattern: .strict(kept: 1, of: 4)).sparsity == 0.75)
    #expect(try MagnitudePruner(pattern: .strict(kept: 2, of: 4), sparsity: 0.5).sparsity == 0.5)
    for bad in [-0.1, 1, 1.5, .nan, .infinity] {
      #expect(throws: PruningError.self) {
        try MagnitudePruner(pattern: .unstructured, sparsity: bad)
      }
    }
    #expect(throws: PruningError.self) { try MagnitudePruner(pattern: .unstructured) }
    #expect(throws: PruningError.self) {
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), sparsity: 0.7)
    }
    #expect(throws: PruningError.self) {
      try MagnitudePruner(pattern: .unstructured, sparsity: 0.5, exclude: ["("])
    }
  }
}
