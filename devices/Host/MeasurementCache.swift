internal import EspalierBoard
internal import Foundation

/// Times of layers, kept between conversions: one file for each processor and build of Espalier.
///
/// A file has one line for each layer: a checksum of the rest of the line, the candidates' nanoseconds
/// separated by commas ("-" for one that does not run), and the layer's key, with tabs between them.
/// A line that does not keep to this is not there. Files are replaced whole, and one conversion after
/// the other adds to what is there, so that none loses another's times.
struct MeasurementCache {
  private let folder: String
  private let name: String
  private var entries: [String: [UInt64?]]
  private var hasNews = false

  private static let prefix = "measurements-"
  /// Builds and processors whose times are kept.
  private static let mostFiles = 8

  /// Reads what is there; a folder or file that cannot be read holds nothing.
  init(folder: String, identity: UInt64) {
    self.folder = folder
    name = Self.prefix + hexadecimal(identity) + ".txt"
    entries = Self.entries(of: folder + "/" + name)
  }

  /// `$XDG_CACHE_HOME/espalier`, or `~/.cache/espalier`.
  static var standardFolder: String {
    if let given = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"], given.hasPrefix("/") {
      return given + "/espalier"
    }
    return NSHomeDirectory() + "/.cache/espalier"
  }

  /// The times of a layer's candidates; nil where they are not known.
  func times(of key: String, count: Int) -> [UInt64?]? {
    guard let times = entries[key], times.count == count else { return nil }
    return times
  }

  mutating func store(_ times: [UInt64?], of key: String) {
    entries[key] = times
    hasNews = true
  }

  /// Writes what has been added, together with what others have written meanwhile.
  /// - Throws: `HostError` with 73 where the cache cannot be written; times are then lost.
  mutating func save() throws(HostError) {
    guard hasNews else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw HostError(
        exitCode: 73, "\(folder): the folder cannot be made: \(error.localizedDescription)")
    }
    let path = folder + "/" + name
    // Held until the file is replaced; where the folder cannot be locked, somebody's times may be lost.
    let lock = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if lock >= 0 { close(lock) } }
    if lock >= 0 { while flock(lock, LOCK_EX) != 0 && errno == EINTR {} }
    entries.merge(Self.entries(of: path)) { own, _ in own }
    let lines = entries.sorted { $0.key < $1.key }.map { Self.line($0.key, $0.value) }
    do throws(BoardError) {
      try Board.write(Array(lines.joined().utf8), to: path)
    } catch {
      throw HostError(exitCode: 73, error.description)
    }
    hasNews = false
    removeOldFiles()
  }

  // MARK: Lines

  private static func line(_ key: String, _ times: [UInt64?]) -> String {
    let numbers = times.map { $0.map(String.init) ?? "-" }.joined(separator: ",")
    let rest = numbers + "\t" + key
    return hexadecimal(checksum(rest.utf8)) + "\t" + rest + "\n"
  }

  private static func entries(of path: String) -> [String: [UInt64?]] {
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    var entries: [String: [UInt64?]] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 2).map(String.init)
      guard parts.count == 3,
        parts[0] == hexadecimal(checksum((parts[1] + "\t" + parts[2]).utf8))
      else { continue }
      let times = parts[1].split(separator: ",").map { $0 == "-" ? nil : UInt64($0) }
      entries[parts[2]] = times
    }
    return entries
  }

  /// Removes the files of builds that have not been used for longest.
  private func removeOldFiles() {
    let manager = FileManager.default
    let files = ((try? manager.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(".txt") }
      .map { file -> (path: String, date: Date) in
        let path = folder + "/" + file
        let date = (try? manager.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        return (path, date ?? .distantPast)
      }
      .sorted { $0.date > $1.date }
    for file in files.dropFirst(Self.mostFiles) { try? manager.removeItem(atPath: file.path) }
  }
}
