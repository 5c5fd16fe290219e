public import EspalierGraph
import SwiftProtobuf

/// Reads an ONNX file, and the files of external data beside it.
///
/// Operators are not judged here, so that `Specialised` can list all that is unsupported at once.
/// - Throws: `ImportFailure` with every problem found.
public func importONNX(contentsOf path: String) throws(ImportFailure) -> Graph {
  let open: OpenFile
  do throws(GraphError) {
    let file = try InputFile(path: path)
    guard file.size <= maximumModelByteCount else {
      throw GraphError(
        .badFile,
        "\"\(path)\" is \(file.size) bytes; an ONNX file has at most 2 GiB, "
          + "larger models keep their weights in external data")
    }
    open = OpenFile(file)
  } catch {
    throw ImportFailure([error], reason: .unreadable)
  }
  return try unsafe open.file.withMapping { bytes throws(ImportFailure) in
    try unsafe importONNX(bytes, .file(open), directory: folder(of: path))
  } failing: {
    ImportFailure([$0], reason: .unreadable)
  }
}

/// The files of external data that a model's initializers name; none where it cannot be read, which whoever
/// reads it will say.
public func externalDataFiles(ofModelAt path: String) -> [String] {
  guard let file = try? InputFile(path: path), file.size <= maximumModelByteCount else { return [] }
  let open = OpenFile(file)
  let model: ProtoModel? = try? unsafe open.file.withMapping { bytes throws(GraphError) in
    try unsafe WireScan.check(bytes, as: .model)
    return try decodeMessage(unsafe InitializerBytes.cut(from: bytes, of: .file(open)).model)
  } failing: {
    $0
  }
  let entries = model?.graph.initializer.flatMap(\.externalData) ?? []
  let names = Set(entries.filter { $0.key == "location" }.map(\.value))
  return names.sorted().map { "\(folder(of: path))/\($0)" }
}

/// Reads an ONNX model from memory.
/// - Parameter directory: Where external data may be; without it, external data is refused.
/// - Throws: `ImportFailure` with every problem found.
public func importONNX(
  bytes: [UInt8], directory: String? = nil
) throws(ImportFailure) -> Graph {
  try unsafe bytes.withUnsafeBufferPointer { pointer throws(ImportFailure) in
    try unsafe importONNX(pointer, .memory(bytes), directory: directory)
  }
}

private func importONNX(
  _ bytes: UnsafeBufferPointer<UInt8>, _ source: InitializerBytes.Source, directory: String?
) throws(ImportFailure) -> Graph {
  if let kind = unsafe foreignFormat(of: bytes) {
    throw ImportFailure([GraphError(.badFile, "this is \(kind), not an ONNX model", node: "byte 0")]
    )
  }
  let model: ProtoModel
  let initializers: InitializerBytes
  do throws(GraphError) {
    try unsafe WireScan.check(bytes, as: .model)
    let rest: [UInt8]
    (rest, initializers) = unsafe InitializerBytes.cut(from: bytes, of: source)
    model = try decodeMessage(rest)
  } catch {
    throw ImportFailure([error])
  }
  var decoder = GraphDecoder(folder: directory, initializers: initializers)
  return try decoder.decode(model)
}

/// Reads a stand-alone tensor message, as ONNX's test data stores them in `.pb` files.
/// - Throws: `ImportFailure` for malformed bytes or an unsupported element type.
public func importTensor(bytes: [UInt8]) throws(ImportFailure) -> (name: String, tensor: Tensor) {
  do throws(GraphError) {
    try unsafe bytes.withUnsafeBufferPointer { bytes throws(GraphError) in
      try unsafe WireScan.check(bytes, as: .tensor)
    }
    let proto: ProtoTensor = try decodeMessage(bytes)
    var decoder = TensorDecoder(folder: nil)
    return (proto.name, try decoder.decode(proto))
  } catch {
    throw ImportFailure([error])
  }
}

/// Reads a stand-alone tensor message from a file.
/// - Throws: `ImportFailure` if the file cannot be read or is no tensor.
public func importTensor(
  contentsOf path: String
) throws(ImportFailure) -> (name: String, tensor: Tensor) {
  let bytes: [UInt8]
  do throws(GraphError) {
    bytes = try InputFile(path: path).readAll()
  } catch {
    throw ImportFailure([error], reason: .unreadable)
  }
  return try importTensor(bytes: bytes)
}

/// The format's own limit for one message.
private let maximumModelByteCount = Int(Int32.max)

private func decodeMessage<Message: SwiftProtobuf.Message>(
  _ bytes: [UInt8]
) throws(GraphError) -> Message {
  var options = BinaryDecodingOptions()
  options.discardUnknownFields = true
  do {
    return try Message(serializedBytes: bytes, options: options)
  } catch {
    throw GraphError(.badFile, "the file is not well-formed: \(error)")
  }
}

func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// What a file that is plainly not ONNX is, by its first bytes; ONNX itself has no signature.
private func foreignFormat(of file: UnsafeBufferPointer<UInt8>) -> String? {
  let bytes = unsafe Array(file.prefix(64))
  if bytes.isEmpty { return "an empty file" }
  let signatures: [(offset: Int, bytes: [UInt8], name: String)] = [
    (0, Array("PK\u{3}\u{4}".utf8), "a ZIP archive (perhaps a PyTorch checkpoint)"),
    (0, [0x1F, 0x8B], "a gzip file"),
    (0, [0x80, 0x02], "a Python pickle"),
    (0, [0x80, 0x04], "a Python pickle"),
    (0, [0x89] + Array("HDF".utf8), "an HDF5 file"),
    (0, [0x93] + Array("NUMPY".utf8), "a NumPy array"),
    (0, [0x7F] + Array("ELF".utf8), "an executable"),
    (0, Array("GGUF".utf8), "a GGUF model"),
    (0, Array("{".utf8), "JSON"),
    (0, Array("<".utf8), "XML or HTML"),
    (0, Array("version https://git-lfs".utf8), "a Git LFS pointer; fetch the file itself"),
    (4, Array("TFL3".utf8), "a TensorFlow Lite model"),
    (0, [0x89] + Array("ESP".utf8), "a packed Espalier model"),
  ]
  return signatures.first { signature in
    bytes.dropFirst(signature.offset).starts(with: signature.bytes)
  }?.name
}
