import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier inspect`: what is in a model, and which patterns its zeros fit.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "inspect", "Show layers, shapes, parameters, MACs, zeros and the patterns that the zeros fit.",
    examples: """
      espalier inspect in.onnx --input-shape image=1,3,224,224
      espalier inspect model.esp --json
      """)

  @Argument(help: "A model: .onnx or .esp.") var model: String
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      if isPackedModel(model) { try refuseOptionsOfGraphs() }
      let inspection = try Inspection(
        contentsOf: model, inputShapes: shapes.parsed(), inputValues: bound.parsed())
      inspection.warnings.forEach(warn)
      if json {
        try printJSON(inspection)
      } else {
        show(inspection)
      }
    }
  }

  private func show(_ inspection: Inspection) {
    var table = TextTable([
      ("layer", .left), ("op", .left), ("shape", .left), ("parameters", .right), ("MACs", .right),
      ("density", .right), ("encoding", .left), ("fits", .left),
    ])
    for layer in inspection.layers {
      table.add([
        layer.name.shortened(to: 28), layer.op, layer.shape.map(String.init).joined(separator: "×"),
        Format.count(layer.parameters), Format.count(layer.macs), Format.percent(layer.density),
        layer.encoding,
        layer.patterns.prefix(3).joined(separator: " ") + (layer.patterns.count > 3 ? " …" : ""),
      ])
    }
    print(table.text)
    let zeros = inspection.parameters - inspection.nonzero
    print(
      "\n\(Format.count(inspection.parameters)) parameters, \(Format.count(zeros)) of them zero; "
        + "\(Format.count(inspection.macs)) MACs")
  }
}
