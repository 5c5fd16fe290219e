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

  @Test func `kept bytes follow the file neither in place nor when it is cut`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
      try Board.write(bytes, to: path)
      var file = try MappedFile(contentsOf: path)
      try file.keepPrefix(5000, of: path)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.write(contentsOf: Data(repeating: 255, count: 20_000))
      try handle.synchronize()
      #expect(unsafe Array(file.bytes[..<5000]) == Array(bytes[..<5000]))
      #expect(unsafe file.bytes[19_999] == 255, "what is not kept follows the file")
      try file.keepPrefix(20_000, of: path)
      try handle.truncate(atOffset: 0)
      #expect(unsafe file.bytes[19_999] == 255)
      #expect(unsafe Array(file.bytes[..<5000]) == Array(bytes[..<5000]))
    }
  }

  @Test func `a device is not replaced by a file`() throws {
    try withTemporaryFolder { folder in
      #expect(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(throws: BoardError.self) { try Board.write([1], to: folder + "/pipe") }
      #expect(throws: BoardError.self) { try Board.write([1], to: folder) }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left == ["pipe"])
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
