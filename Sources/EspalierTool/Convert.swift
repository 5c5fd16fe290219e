import ArgumentParser
import Espalier

/// `espalier convert`: an ONNX model packed for the runtime.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pack an ONNX model for the runtime; zeros that fit a kernel are left out.")

  enum Packing: String, ExpressibleByArgument, CaseIterable { case auto, dense }

  @Argument(help: "An ONNX model.") var input: String
  @Option(name: [.short, .long], help: "The .esp file to write.") var output: String
  @Option(help: "auto packs zeros where that is expected to be faster; dense never does.")
  var pattern = Packing.auto
  @OptionGroup var shapes: InputShapeOptions
  @Flag(help: "Print one JSON document.") var json = false

  private struct Report: Encodable {
    var schema = "espalier.convert/1"
    var output: String
    var fileBytes: Int
    var arenaBytes: Int
    var layers: [Conversion.Layer]

    private enum CodingKeys: String, CodingKey {
      case schema, output, layers
      case fileBytes = "file_bytes"
      case arenaBytes = "arena_bytes"
    }
  }

  func run() throws {
    try reporting {
      try checkDistinct(input, output)
      let graph = try specialise(
        loadGraph(input), inputShapes: shapes.parsed(), file: input)
      let bar = ProgressBar("packing", quiet: json)
      defer { bar.finish() }
      let conversion = try Conversion(
        graph, file: input, keepsDense: pattern == .dense, progress: bar.update)
      bar.finish()
      try conversion.write(to: output)
      let report = Report(
        output: output, fileBytes: try fileSize(output), arenaBytes: conversion.arenaByteCount,
        layers: conversion.layers)
      if json {
        try printJSON(report)
      } else {
        show(report)
      }
    }
  }

  private func show(_ report: Report) {
    var table = TextTable([
      ("layer", .left), ("op", .left), ("shape", .left), ("MACs", .right), ("density", .right),
      ("encoding", .left), ("why", .left),
    ])
    for layer in report.layers {
      table.add([
        layer.name.shortened(to: 26), layer.op, layer.shape.map(String.init).joined(separator: "×"),
        Format.count(layer.macs), Format.percent(layer.density), layer.encoding, layer.reason,
      ])
    }
    print(table.text)
    print(
      "\n\(report.output): \(Format.bytes(report.fileBytes)), "
        + "\(Format.bytes(report.arenaBytes)) of activations at run time")
  }
}
