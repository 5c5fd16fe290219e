import EspalierModelFile
import Foundation
import Testing

@Suite struct WriteTests {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("espalier-write-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  private func code(writingTo path: String) -> ModelFileError? {
    do throws(ModelFileError) {
      try Samples.small().write(to: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func theFileIsTheBytes() throws {
    let path = folder.appendingPathComponent("model.esp").path
    try Samples.small().write(to: path)
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == Samples.small().bytes())
    #expect(try contents() == ["model.esp"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func largeValuesAreStreamed() throws {
    let path = folder.appendingPathComponent("model.esp").path
    var model = ModelDescription()
    for count in [1, 16_000, 40_000, 0, 17, 100_000] {
      model.constants.append(.floats((0..<count).map { Float($0) }))
      model.tensors.append(
        Samples.tensor("c", [count], .constant(model.constants.count - 1)))
    }
    try model.write(to: path)
    let written = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(try written == model.bytes())
    #expect(refusal(of: written) == nil)
    try FileManager.default.removeItem(at: folder)
  }

  @Test func anOlderFileIsReplaced() throws {
    let path = folder.appendingPathComponent("model.esp").path
    try Data("older".utf8).write(to: URL(fileURLWithPath: path))
    try Samples.small().write(to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == Samples.small().bytes().count)
    #expect(try contents() == ["model.esp"])
    try FileManager.default.removeItem(at: folder)
  }

  @Test func failuresLeaveNothing() throws {
    let missing = folder.appendingPathComponent("no-such-folder/model.esp").path
    #expect(code(writingTo: missing)?.code == .cannotWrite)
    #expect(code(writingTo: missing)?.place == .system(2))  // ENOENT
    #expect(code(writingTo: folder.path)?.place == .system(21))  // EISDIR
    #expect(code(writingTo: "/dev/full")?.code == .cannotWrite)
    #expect(try contents() == [])
    #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    try FileManager.default.removeItem(at: folder)
  }

  @Test func whatCannotBeWrittenDownIsNotWritten() throws {
    let path = folder.appendingPathComponent("model.esp").path
    var model = Samples.small()
    model.tensors[0].dims = [Int](repeating: 1, count: 9)
    let error = #expect(throws: ModelFileError.self) { try model.write(to: path) }
    #expect(error?.code == .badTensor && error?.place == .tensor(0))
    #expect(try contents() == [])
    try FileManager.default.removeItem(at: folder)
  }
}
