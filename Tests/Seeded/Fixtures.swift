public import EspalierGraph
internal import Foundation

/// Runs a body with a folder's name that nobody has, and removes the folder.
public func inTemporaryFolder(_ body: (String) throws -> Void) throws {
  let folder = NSTemporaryDirectory() + "espalier-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

/// One convolution of which `zeros` of every four runs of 8 outputs are zero, and a dense one.
public func halfPrunedNetwork(zeros: Int = 2) throws -> Specialised {
  var graph = Graph()
  graph.opset = 17
  let x = graph.addInput("x", TensorType(.float32, [1, 32, 8, 8]))
  var values = (0..<32 * 32).map { Float($0 % 7 + 1) }
  for index in values.indices where index / 32 / 8 % 4 < zeros { values[index] = 0 }
  let first = graph.addConstant("w", Tensor(values, shape: [32, 32, 1, 1]))
  let second = graph.addConstant("v", Tensor(values.map { $0 + 1 }, shape: [32, 32, 1, 1]))
  let y = graph.addNode("Conv", [x, first], name: "pruned")
  graph.outputs = [graph.addNode("Conv", [y, second], name: "full")]
  return try Specialised(graph)
}

/// A safetensors file by hand, a header and the bytes behind it, for the caller to remove.
public func safetensorsFile(
  _ header: String, _ bytes: [UInt8], length: UInt64? = nil
) throws -> String {
  let path = NSTemporaryDirectory() + "espalier-\(UUID().uuidString).safetensors"
  let length = length ?? UInt64(header.utf8.count)
  let start = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
  try Data(start + Array(header.utf8) + bytes).write(to: URL(fileURLWithPath: path))
  return path
}
