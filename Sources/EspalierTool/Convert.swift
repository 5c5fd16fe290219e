import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier convert`: an ONNX model packed for the runtime.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "convert", "Pack an ONNX model for the runtime; zeros that fit a kernel are left out.",
    discussion: """
      With --device host, every way to compute a layer is timed on this machine and the fastest is \
      taken, so that no layer is slower than it would be dense. The file keeps the times and the \
      reason; the next conversion reuses the times from $XDG_CACHE_HOME/espalier.
      """,
    examples: """
      espalier convert in.onnx -o out.esp
      espalier convert in.onnx -o out.esp --input-shape image=1,3,224,224
      espalier convert in.onnx -o out.esp --device host --threads 2 --explain
      """)

  enum Packing: String, ExpressibleByArgument, CaseIterable { case auto, dense }

  @Argument(help: "An ONNX model.") var input: String
  @Option(name: [.short, .long], help: "The .esp file to write.") var output: String
  @Option(help: "auto packs zeros where that is expected to be faster; dense never does.")
  var pattern = Packing.auto
  @Option(help: "Where to time the layers: host. Without it, a cost model decides.")
  var device: String?
  @Option(help: "Workers that the model is timed for.") var threads: Int?
  @Flag(help: "Time again what the cache holds.") var remeasure = false
  @Flag(help: "Show what the cost model would have taken for each layer, and what that costs.")
  var explain = false
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var data: DataShapeOptions
  @OptionGroup var bound: InputValueOptions
  @OptionGroup var reporting: ReportOptions

  private struct Report: Encodable {
    var schema = "espalier.convert/1"
    var output: String
    /// What the layers were timed on.
    var device: String?
    var fileBytes: Int
    var arenaBytes: Int
    var layers: [Conversion.Layer]

    private enum CodingKeys: String, CodingKey {
      case schema, output, device, layers
      case fileBytes = "file_bytes"
      case arenaBytes = "arena_bytes"
    }
  }

  func validate() throws {
    guard device != nil || (threads == nil && !remeasure && !explain) else {
      throw ValidationError("--threads, --remeasure and --explain need --device")
    }
    guard (1...256).contains(threads ?? 1) else {
      throw ValidationError("--threads takes 1 to 256")
    }
  }

  func run() throws {
    try EspalierTool.reporting {
      try OutputFiles.check([("-o", output)], sources: OutputFiles.sources(ofModel: input))
      Interruption.willWrite(output)
      let device = try device.map { try Device(named: $0) }
      let graph = try Graph(contentsOf: input).binding(
        inputValues: bound.parsed(), file: input)
      let shapes = try data.inputShapes(self.shapes.parsed(), of: graph, file: input)
      let bar = ProgressBar(
        device == nil ? "packing" : "timing and packing", quiet: reporting.hidesProgress)
      defer { bar.finish() }
      let conversion = try Conversion(
        graph, inputShapes: shapes, file: input, keepsDense: pattern == .dense,
        device: device,
        measuring: MeasuringOptions(threads: threads ?? 1, ignoresCache: remeasure),
        progress: bar.update)
      bar.finish()
      (graph.warnings(inputShapes: shapes) + conversion.warnings).forEach(warn)
      try conversion.write(to: output)
      let report = Report(
        output: output, device: conversion.device, fileBytes: try fileSize(output),
        arenaBytes: conversion.arenaByteCount,
        layers: conversion.layers)
      try reporting.show(report) {
        show(report)
        if explain { ModelledChoices(report.layers).show() }
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
    if let device = report.device { print("timed on \(device)") }
  }
}
