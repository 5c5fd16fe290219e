import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier inspect`: what is in a model, and which patterns its zeros fit.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show layers, shapes, parameters, MACs, zeros and the patterns that the zeros fit.")

  @Argument(help: "A model: .onnx or .esp.") var model: String
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      let inspection = try Inspection(
        contentsOf: model, inputShapes: shapes.parsed(), inputValues: bound.parsed())
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

/// `espalier check`: everything that cannot be converted, at once.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell every unsupported thing in an ONNX model at once.")

  @Argument(help: "An ONNX model.") var model: String
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(help: "Print one JSON document.") var json = false

  func run() throws {
    try reporting {
      let report = try CheckReport(
        contentsOf: model, inputShapes: shapes.parsed(), inputValues: bound.parsed())
      if json {
        try printJSON(report)
      } else if report.problems.isEmpty {
        print("\(report.nodes) nodes, \(report.operators.count) operators: everything converts.")
      } else {
        var table = TextTable([("code", .left), ("where", .left), ("what", .left)])
        for problem in report.problems {
          table.add([problem.code, problem.node.shortened(to: 40), problem.message])
        }
        print(table.text)
        if !report.held.isEmpty {
          print("\n`groups` and `prune` work on the graph around these nodes:")
          showHeld(report.held)
        }
      }
      if !report.problems.isEmpty {
        throw Failure(
          code: .badData,
          message: "\(model): problems found: \(report.problems.count); nothing converts")
      }
    }
  }
}
