internal import EspalierLatencyReport
internal import EspalierONNX
internal import EspalierTensorFiles
internal import Foundation

/// Files that a command is going to write, looked at before it does any work.
package struct OutputFiles {
  /// A file to write, and the option that names it.
  package typealias Output = (option: String, path: String)
  /// A file that is read, and what it is.
  package typealias Source = (what: String, path: String)

  /// Refuses outputs that would replace what a command reads, or one another, under whatever path, and
  /// those that cannot be made. Removes what ended processes have left of earlier ones.
  /// - Throws: `EspalierError`: 64 for a file that would be replaced, 73 for one that cannot be made.
  package static func check(_ outputs: [Output], sources: [Source]) throws(EspalierError) {
    for (position, output) in outputs.enumerated() {
      try checkPlace(output.path)
      for other in outputs[..<position] where isSame(output.path, other.path) {
        throw EspalierError(
          exitCode: 64,
          say("\(output.path): \(output.option) and \(other.option) name one file; name two"))
      }
      // A model of more than 2 GB has its weights in a file beside it.
      for path in [output.path, output.path + ".data"] {
        for source in sources where isSame(path, source.path) {
          throw EspalierError(
            exitCode: 64,
            say(
              "\(path): \(output.option) would replace \(source.what) \(source.path); "
                + "write it elsewhere"))
        }
      }
      sweepStale(beside: output.path)
    }
  }

  /// A model and the files of weights beside it.
  package static func sources(ofModel path: String) -> [Source] {
    [("the model", path)]
      + externalDataFiles(ofModelAt: path).map { ("the model's weights in", $0) }
  }

  private static func checkPlace(_ path: String) throws(EspalierError) {
    let folder = folder(of: path)
    guard identity(folder) != nil else {
      throw EspalierError(
        exitCode: 73, say("\(path): cannot be written: the folder \(folder) does not exist"))
    }
    var facts = stat()
    guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG else { return }
    let kind = facts.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file"
    throw EspalierError(exitCode: 73, say("\(path): cannot be written: it is \(kind)"))
  }

  private static func say(_ text: String) -> String { escapingControls(text, keepsLines: false) }

  // MARK: Which file a path names

  private struct Identity: Equatable { var volume, file: UInt64 }

  /// Whether two paths name one file, or will once it is there.
  static func isSame(_ a: String, _ b: String) -> Bool {
    if let one = identity(a), let other = identity(b) { return one == other }
    guard let one = identity(folder(of: a)), let other = identity(folder(of: b)) else {
      return false
    }
    return one == other && name(of: a) == name(of: b)
  }

  private static func identity(_ path: String) -> Identity? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    return Identity(volume: UInt64(facts.st_dev), file: UInt64(facts.st_ino))
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func name(of path: String) -> Substring {
    path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
  }

  // MARK: What is left of unfinished files

  /// Unfinished files have no name where the file system can do that, and elsewhere that of the file
  /// with ".PID-N.part" behind it.
  private static func unfinished(beside path: String) -> [(path: String, process: pid_t)] {
    let folder = folder(of: path)
    let prefix = name(of: path) + "."
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix(prefix), name.hasSuffix(".part") else { return nil }
      let parts = name.dropFirst(prefix.count).dropLast(5).split(separator: "-")
      guard parts.count == 2, let process = pid_t(parts[0]), Int(parts[1]) != nil else {
        return nil
      }
      return ("\(folder)/\(name)", process)
    }
  }

  /// Removes what processes have left that are gone; nothing younger than an hour, since processes of
  /// another machine or container cannot be seen.
  private static func sweepStale(beside path: String) {
    for (file, process) in unfinished(beside: path) {
      var facts = stat()
      guard unsafe stat(file, &facts) == 0, time(nil) - facts.st_mtim.tv_sec > 3600,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unsafe unlink(file)
    }
  }

  /// Removes what this process has not finished.
  package static func sweepOwn(beside path: String) {
    for (file, process) in unfinished(beside: path) where process == getpid() {
      unsafe unlink(file)
    }
  }
}
