import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier groups`: which channels go together, and what holds the rest.
struct Groups: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "groups", "Show which channels must be pruned together, and why others cannot be pruned.",
    examples: """
      espalier groups model.onnx
      espalier groups model.onnx --align 16 --json
      """)

  @Argument(help: "An ONNX model.") var model: String
  @Option(help: "Channels that fill a kernel's registers.") var align = 8
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var data: DataShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard (1...256).contains(align) else { throw ValidationError("--align takes 1 to 256") }
  }

  func run() throws {
    try reporting {
      let graph = try Graph(contentsOf: model).binding(inputValues: bound.parsed(), file: model)
      let report = try GroupsReport(
        graph, inputShapes: data.inputShapes(shapes.parsed(), of: graph, file: model),
        alignment: align, file: model)
      if json {
        try printJSON(report)
      } else {
        show(report)
      }
    }
  }

  private func show(_ report: GroupsReport) {
    var table = TextTable([
      ("group", .right), ("size", .right), ("step", .right), ("lists", .right), ("exact", .left),
      ("made by", .left), ("read by", .left),
    ])
    for group in report.groups {
      func names(_ role: String) -> String {
        let names = group.members.filter { $0.role == role }.map { $0.layer.shortened(to: 30) }
        return names.prefix(1).joined()
          + (names.count > 1 ? " and \(names.count - 1) more" : "")
      }
      table.add([
        "\(group.id)", "\(group.size)", "\(group.alignment)",
        group.lists == 0 ? "" : "\(group.lists)", group.exact ? "yes" : "no", names("output"),
        names("input"),
      ])
    }
    print(table.text)
    if !report.frozen.isEmpty {
      var frozen = TextTable([("held", .left), ("axis", .right), ("because", .left)])
      for axis in report.frozen {
        let layer = axis.layer.map { $0.shortened(to: 24) + ": " } ?? ""
        frozen.add([layer + axis.tensor.shortened(to: 20), "\(axis.axis)", axis.reason])
      }
      print("\n" + frozen.text)
    }
    if !report.opaque.isEmpty {
      print("")
      showHeld(report.opaque)
    }
    print(
      "\n\(report.groups.count) groups; \(Format.percent(report.share)) of the parameters are in "
        + "tensors that can be pruned; found in \(Format.time(Double(report.discoveryNanoseconds)))"
    )
  }
}
