package import EspalierExecutor
internal import EspalierMeasure
internal import EspalierTensorFiles
internal import Foundation

/// Maps a packed model and verifies it.
/// - Throws: `EspalierError`: 66 where there is no file, 65 where it is no model, 69 where this machine
///   lacks what it needs.
package func loadModel(_ path: String) throws(EspalierError) -> Model {
  do throws(LoadError) {
    return try Model(contentsOf: path)
  } catch {
    throw EspalierError(error)
  }
}

/// Verifies a packed model that is in memory.
/// - Throws: `EspalierError` (65, 69) as for a file.
package func loadModel(bytes: [UInt8], name: String) throws(EspalierError) -> Model {
  do throws(ExecutorError) {
    return try Model(copying: bytes.span)
  } catch {
    throw EspalierError(exitCode: error.exitCode, "\(name): \(error)")
  }
}

/// Whether a file is named, or begins, as a packed model; what it holds is not looked at.
package func isPackedModel(_ path: String) -> Bool { path.hasSuffix(".esp") || hasMagic(path) }

/// Whether a file begins with the packed model's first four bytes.
private func hasMagic(_ path: String) -> Bool {
  guard isRegularFile(path), let file = FileHandle(forReadingAtPath: path) else { return false }
  defer { try? file.close() }
  let start = (try? file.read(upToCount: 4)) ?? Data()
  return start == Data([0x89, 0x45, 0x53, 0x50])
}
