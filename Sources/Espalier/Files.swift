internal import EspalierBoard
public import EspalierGraph
internal import EspalierONNX
internal import Foundation

/// Writes a graph as an ONNX file, whole or not at all.
/// - Throws: `EspalierError` with 73.
public func writeGraph(_ graph: Graph, to path: String) throws(EspalierError) {
  do {
    try exportONNX(graph, to: path)
  } catch {
    throw EspalierError(exitCode: 73, "\(path): \(error)")
  }
}

/// The size of a file in bytes.
/// - Throws: `EspalierError` with 66.
public func fileSize(_ path: String) throws(EspalierError) -> Int {
  let attributes = try? FileManager.default.attributesOfItem(atPath: path)
  guard let size = attributes?[.size] as? Int else {
    throw EspalierError(exitCode: 66, "\(path): no such file")
  }
  return size
}

/// Refuses to write a model over the one it is made from.
/// - Throws: `EspalierError` with 64.
public func checkDistinct(_ input: String, _ output: String) throws(EspalierError) {
  func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  }
  guard resolved(input) != resolved(output) else {
    throw EspalierError(exitCode: 64, "\(output): the output would replace the input")
  }
}

/// Makes a folder where there is none.
/// - Throws: `EspalierError` with 73.
public func createFolder(_ path: String) throws(EspalierError) {
  do {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true)
  } catch {
    throw EspalierError(
      exitCode: 73, "\(path): the folder cannot be made: \(error.localizedDescription)")
  }
}

/// Whether a file begins with the packed model's first four bytes.
func hasMagic(_ path: String) -> Bool {
  guard let file = FileHandle(forReadingAtPath: path) else { return false }
  defer { try? file.close() }
  let start = (try? file.read(upToCount: 4)) ?? Data()
  return start == Data([0x89, 0x45, 0x53, 0x50])
}
