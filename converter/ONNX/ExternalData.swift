import EspalierGraph

/// The files beside a model that hold tensors: the only place from which a model makes us read.
///
/// A location is followed one component at a time, each opened without following links, and must end
/// at a regular file with a single name: a model file can name nothing outside its own folder.
struct ExternalData {
  /// The model's folder; `nil` when the model came as bytes, which may not refer to files.
  let folder: String?
  /// Bytes read so far. Limits a model whose many tensors all name the same bytes.
  private var bytesRead = 0
  private var bytesAvailable = 0
  private var seen: Set<String> = []

  init(folder: String?) { self.folder = folder }

  /// A range of a file, checked to lie within it.
  struct Region: ~Copyable {
    private let file: InputFile
    private let offset: Int

    fileprivate init(file: consuming InputFile, offset: Int) {
      self.file = file
      self.offset = offset
    }

    func copy(into buffer: UnsafeMutableRawBufferPointer) throws(GraphError) {
      unsafe try file.read(into: buffer, from: offset)
    }
  }

  /// Opens what a tensor's entries name.
  /// - Parameter byteCount: What the tensor's type and shape need.
  /// - Throws: `GraphError` with code `.badFile` if the place is forbidden or does not hold as many bytes.
  mutating func open(_ entries: [ProtoStringEntry], byteCount: Int) throws(GraphError) -> Region {
    let location = try entry("location", entries) ?? ""
    let offset = try number("offset", entries) ?? 0
    if let length = try number("length", entries), length != byteCount {
      throw GraphError(
        .badFile, "external data of \(length) bytes for a tensor that needs \(byteCount)")
    }
    guard let folder else {
      throw GraphError(
        .badFile, "external data needs the model's folder; import the file instead of its bytes")
    }
    let file = try Self.file(at: location, in: folder)
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= file.size else {
      throw GraphError(
        .badFile,
        "\(byteCount) bytes at offset \(offset) do not lie in \"\(location)\" of \(file.size) bytes"
      )
    }
    // "./a" and "a" are one file.
    let name = location.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    if seen.insert(name).inserted { bytesAvailable += file.size }
    bytesRead += byteCount
    guard bytesRead / 4 <= bytesAvailable else {
      throw GraphError(.badFile, "tensors read the same external data again and again")
    }
    return Region(file: file, offset: offset)
  }

  private static func file(at location: String, in folder: String) throws(GraphError) -> InputFile {
    guard !location.contains("_ORT_MEM_ADDR_") else {
      throw GraphError(.badFile, "an in-memory address is not a location in a file")
    }
    let components = location.split(separator: "/", omittingEmptySubsequences: false).map(
      String.init)
    guard !location.utf8.contains(0), !components.contains(""), !components.contains("..") else {
      throw GraphError(
        .badFile,
        "external data at \"\(location)\": a location must be relative and stay in the model's folder"
      )
    }
    let names = components.filter { $0 != "." }
    guard let last = names.last else {
      throw GraphError(.badFile, "external data at \"\(location)\" names no file")
    }
    var directory = try Directory(path: folder)
    for name in names.dropLast() { directory = try Directory(name: name, in: directory) }
    let file = try InputFile(name: last, in: directory)
    guard file.linkCount == 1 else {
      throw GraphError(
        .badFile, "external data \"\(location)\" is a hard link; put a copy beside the model")
    }
    return file
  }

  private func entry(
    _ key: String, _ entries: [ProtoStringEntry]
  ) throws(GraphError) -> String? {
    let found = entries.filter { $0.key == key }
    guard found.count <= 1 else {
      throw GraphError(.badFile, "external data gives \"\(key)\" twice")
    }
    return found.first?.value
  }

  private func number(_ key: String, _ entries: [ProtoStringEntry]) throws(GraphError) -> Int? {
    guard let text = try entry(key, entries) else { return nil }
    guard let value = Int(text), value >= 0 else {
      throw GraphError(.badFile, "external data's \(key) \"\(text)\" is not a number of bytes")
    }
    return value
  }
}
