// Writes the seeds of the fuzzed programs: DIRECTORY/model/*.esp and DIRECTORY/importer/*.onnx, the same
// each time. Every operator's cases, and layers in every packing.
//
//   usage: FuzzSeeds DIRECTORY
import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierONNX
import EspalierOperatorCases
import Foundation

/// Larger files are no seeds: a run of one should take microseconds.
let mostBytes = 20_000

func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws {
  guard bytes.count <= mostBytes else { return }
  let plain = name.map { $0.isLetter || $0.isNumber ? $0 : "-" }
  try Data(bytes).write(to: folder.appendingPathComponent(String(plain)))
}

guard CommandLine.arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: FuzzSeeds DIRECTORY\n".utf8))
  exit(64)
}
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
let (models, graphs) = (folder.appendingPathComponent("model"), folder.appendingPathComponent("importer"))
for made in [models, graphs] {
  try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
}

for kind in OperatorKind.allCases {
  for node in kind.typedCases {
    // Inputs that may come from outside, and all held by the file but the first.
    let all = Set(node.inputs.indices.filter { node.inputs[$0] != nil })
    for (suffix, held) in [("", node.decisive), (" held", all.subtracting([0]))] {
      let (graph, _) = node.graph(holding: held)
      if let bytes = try? exportONNX(graph) { try write(bytes, "\(node)\(suffix)", in: graphs) }
      guard let typed = try? Specialised(graph), let model = try? lower(typed) else { continue }
      if let bytes = try? model.description.bytes() {
        try write(bytes, "\(node)\(suffix)", in: models)
      }
    }
  }
}
for layer in Layer.all {
  try write(try layer.model.bytes(), layer.name, in: models)
}
