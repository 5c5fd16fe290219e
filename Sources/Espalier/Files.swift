internal import Foundation

/// The size of a file in bytes.
/// - Throws: `EspalierError` with 66.
package func fileSize(_ path: String) throws(EspalierError) -> Int {
  let attributes = try? FileManager.default.attributesOfItem(atPath: path)
  guard let size = attributes?[.size] as? Int else {
    throw EspalierError(exitCode: 66, "\(path): no such file")
  }
  return size
}

/// Makes a folder where there is none.
/// - Throws: `EspalierError` with 73.
package func createFolder(_ path: String) throws(EspalierError) {
  do {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true)
  } catch {
    throw EspalierError(
      exitCode: 73, "\(path): the folder cannot be made: \(error.localizedDescription)")
  }
}
