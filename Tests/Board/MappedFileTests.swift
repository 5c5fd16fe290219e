import EspalierBoard
import Foundation
import Testing

@Suite struct MappedFileTests {
  @Test func mapsWhatIsThere() throws {
    try withTemporaryFolder { folder in
      try Board.write([1, 2, 3], to: folder + "/file")
      let file = try MappedFile(contentsOf: folder + "/file")
      #expect(unsafe Array(file.bytes) == [1, 2, 3])
      #expect(UInt(bitPattern: unsafe file.bytes.baseAddress) % 64 == 0)
    }
  }

  @Test func emptyFilesHaveNoBytes() throws {
    try withTemporaryFolder { folder in
      try Board.write([], to: folder + "/file")
      let file = try MappedFile(contentsOf: folder + "/file")
      #expect(file.count == 0)
    }
  }

  @Test func relinquishedBytesStay() throws {
    try withTemporaryFolder { folder in
      try Board.write([7], to: folder + "/file")
      let bytes = unsafe try MappedFile(contentsOf: folder + "/file").relinquish()
      #expect(unsafe bytes[0] == 7)
      unsafe MappedFile.unmap(bytes)
    }
  }

  @Test func refusesWhatIsNoFile() throws {
    try withTemporaryFolder { folder in
      try Board.write([1, 2, 3], to: folder + "/file")
      #expect(throws: BoardError.self) { try map(folder) }
      #expect(throws: BoardError.self) { try map(folder + "/absent") }
      #expect(throws: BoardError.self) { try map("/dev/zero") }
      #expect(throws: BoardError.self) { try map(folder + "/file", limit: 2) }
      #expect(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(throws: BoardError.self) { try map(folder + "/pipe") }
    }
  }

  private func map(_ path: String, limit: Int = 1 << 20) throws {
    _ = try MappedFile(contentsOf: path, limit: limit)
  }

  @Test func writingReplacesWholeFilesAndLeavesNothingBeside() throws {
    try withTemporaryFolder { folder in
      try Board.write([1], to: folder + "/file")
      try Board.write([2, 3], to: folder + "/file")
      let file = try MappedFile(contentsOf: folder + "/file")
      #expect(unsafe Array(file.bytes) == [2, 3])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
      #expect(throws: BoardError.self) { try Board.write([1], to: folder + "/no/such") }
    }
  }

  @Test func knowsItsCores() {
    #expect(!Board.cores.isEmpty)
    #expect(Board.cores == Board.cores.sorted())
    let before = Board.now
    #expect(Board.now >= before)
  }
}
