public import EspalierGraph
import SwiftProtobuf

/// Writes a graph as an ONNX file, weights in their own element types.
///
/// The file appears whole or not at all. Weights are written as they stand, without a second copy;
/// those of a model that would exceed the format's 2 GiB, into PATH.data beside it.
/// - Parameter inside: The most bytes of weights that are kept in the model's own file.
/// - Throws: `ExportFailure` if the graph is not well-formed, or a file cannot be written.
public func exportONNX(
  _ graph: Graph, to path: String, inside: Int = 2_000_000_000
) throws(ExportFailure) {
  try exportONNX([(graph, path)], inside: inside)
}

/// Writes several graphs, each as an ONNX file: all appear, or none does.
/// - Throws: As for one.
public func exportONNX(
  _ graphs: [(graph: Graph, path: String)], inside: Int = 2_000_000_000
) throws(ExportFailure) {
  var parts: [FilePart] = []
  for (graph, path) in graphs {
    let weights = graph.values.reduce(0) { $0 + ($1.constant?.rawByteCount ?? 0) }
    let dataPath = "\(path).data"
    let name = dataPath.split(separator: "/").last.map(String.init)
    let model = try EncodedModel(graph, dataFile: weights > inside ? name : nil)
    // Files are finished from the last to the first: the model after what it refers to.
    parts.append(FilePart(path: path, model: model, isData: false))
    if weights > inside { parts.append(FilePart(path: dataPath, model: model, isData: true)) }
  }
  do throws(GraphError) { try writeTogether(parts[...]) } catch {
    throw ExportFailure([error], reason: .cannotWrite)
  }
}

/// A file to write: a model, or the weights beside it.
private struct FilePart {
  var path: String
  var model: EncodedModel
  var isData: Bool
}

/// Writes all files before the first gets its name.
private func writeTogether(_ parts: ArraySlice<FilePart>) throws(GraphError) {
  guard let part = parts.first else { return }
  var sink = try FileSink(path: part.path)
  if part.isData {
    try part.model.writeData(to: &sink)
  } else {
    try part.model.write(to: &sink)
  }
  try writeTogether(parts.dropFirst())
  try sink.finish()
}

/// A graph as the bytes of an ONNX file.
/// - Throws: `ExportFailure` if the graph is not well-formed or exceeds the format's 2 GiB.
public func exportONNX(_ graph: Graph) throws(ExportFailure) -> [UInt8] {
  let model = try EncodedModel(graph)
  var sink = MemorySink(byteCount: model.byteCount)
  do throws(GraphError) {
    try model.write(to: &sink)
  } catch {
    throw ExportFailure([error])
  }
  return sink.bytes
}

/// A model's message with all but the weights in serialised form.
///
/// Fields of a message may be written one after another in any order, so the large ones are added by
/// hand behind what the generated encoder made of the rest.
private struct EncodedModel {
  private var head: [UInt8] = []
  private var tensors: [(prefix: [UInt8], value: Tensor?)] = []
  /// What goes into the file beside it, each behind so many bytes of padding.
  private var outside: [(padding: Int, value: Tensor)] = []
  private(set) var byteCount = 0

  /// - Parameter dataFile: Name of the file beside it for all weights but the smallest.
  init(_ graph: Graph, dataFile: String? = nil) throws(ExportFailure) {
    let problems = graph.validate()
    guard problems.isEmpty else { throw ExportFailure(problems) }
    do throws(GraphError) {
      let rest = try serialise(ProtoGraph(withoutInitializers: graph))
      var graphLength = rest.count
      var dataLength = 0
      for value in graph.values {
        guard let tensor = value.constant else { continue }
        if let dataFile, tensor.rawByteCount >= Self.smallestOutside {
          let padding = -dataLength & (Self.alignment - 1)
          dataLength += padding
          outside.append((padding, tensor))
          let place = ProtoTensor(
            header: tensor, name: value.name, file: dataFile, offset: dataLength)
          dataLength += tensor.rawByteCount
          let bytes = try serialise(place)
          let field = fieldStart(5, length: bytes.count) + bytes
          tensors.append((field, nil))
          graphLength += field.count
          continue
        }
        let prefix = try Self.prefix(of: tensor, named: value.name)
        tensors.append((prefix, tensor))
        graphLength += prefix.count + tensor.rawByteCount
      }
      head = try serialise(ProtoModel(factsOf: graph))
      head += fieldStart(7, length: graphLength) + rest
      byteCount = head.count + graphLength - rest.count
    } catch {
      throw ExportFailure([error])
    }
    guard byteCount <= Int(Int32.max) else {
      let message = "the file would have \(byteCount) bytes; an ONNX file has at most 2 GiB"
      throw ExportFailure([GraphError(.badFile, message)])
    }
  }

  func write(to sink: inout some ByteSink & ~Copyable) throws(GraphError) {
    try sink.write(head)
    for (prefix, tensor) in tensors {
      try sink.write(prefix)
      if let tensor { try tensor.writeRaw(to: &sink) }
    }
  }

  func writeData(to sink: inout some ByteSink & ~Copyable) throws(GraphError) {
    for (padding, tensor) in outside {
      try sink.write([UInt8](repeating: 0, count: padding))
      try tensor.writeRaw(to: &sink)
    }
  }

  /// Smaller weights stay in the model, where whoever infers shapes from them finds them.
  private static let smallestOutside = 1024
  /// Of weights in the file beside it, so that they can be used in place.
  private static let alignment = 64

  /// What stands before an initializer's raw data: the field of the graph, the header, the length.
  private static func prefix(of tensor: Tensor, named name: String) throws(GraphError) -> [UInt8] {
    var header = try serialise(ProtoTensor(header: tensor, name: name))
    if tensor.elementType != .string { header += fieldStart(9, length: tensor.rawByteCount) }
    return fieldStart(5, length: header.count + tensor.rawByteCount) + header
  }
}

/// The tag of a length-delimited field and its length.
private func fieldStart(_ number: Int, length: Int) -> [UInt8] {
  varint(number << 3 | 2) + varint(length)
}

private func varint(_ value: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(rest & 0x7F) | 0x80)
    rest >>= 7
  }
  return bytes + [UInt8(rest)]
}

private func serialise(_ message: some Message) throws(GraphError) -> [UInt8] {
  guard let bytes: [UInt8] = try? message.serializedBytes() else {
    throw GraphError(.badFile, "a message exceeds the format's 2 GiB")
  }
  return bytes
}
