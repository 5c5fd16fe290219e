import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierONNX
import EspalierOperatorCases
import Foundation

/// Small files, the same each time: every operator's cases as graphs and as packed models, and layers in
/// every packing.
struct Seeds {
  /// Larger files are no seeds: a run of one should take microseconds.
  private let mostBytes = 16_000
  private let models: URL
  private let graphs: URL

  init(in folder: URL) throws {
    models = folder.appendingPathComponent("model")
    graphs = folder.appendingPathComponent("importer")
    for made in [models, graphs] {
      try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
    }
  }

  func make() throws {
    for kind in OperatorKind.allCases {
      for node in kind.typedCases {
        // Inputs come from outside where they can, or are all held by the file but the first.
        let all = Set(node.inputs.indices.filter { node.inputs[$0] != nil })
        try write(node, holding: node.decisive, as: "\(node)")
        try write(node, holding: all.subtracting([0]), as: "\(node) held")
      }
    }
    for layer in Layer.all { try write(try layer.model.bytes(), layer.name, in: models) }
  }

  private func write(
    _ node: EspalierOperatorCases.OperatorCase, holding held: Set<Int>, as name: String
  ) throws {
    let (graph, _) = node.graph(holding: held)
    if let bytes = try? exportONNX(graph) { try write(bytes, name, in: graphs) }
    guard let typed = try? Specialised(graph), let model = try? lower(typed),
      let bytes = try? model.description.bytes()
    else { return }
    try write(bytes, name, in: models)
  }

  private func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws {
    guard bytes.count <= mostBytes else { return }
    let plain = name.map { $0.isLetter || $0.isNumber ? $0 : "-" }
    try Data(bytes).write(to: folder.appendingPathComponent(String(plain)))
  }
}
