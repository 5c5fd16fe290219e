import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier check`: everything that cannot be converted, at once.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "check", "Tell every unsupported thing in an ONNX model at once.",
    discussion: """
      What hides behind an extent that nobody has given is found too, as far as it does not depend on \
      it. One row stands for one cause, however many nodes have it.
      """,
    examples: """
      espalier check model.onnx
      espalier check model.onnx --input-shape x=1,512 --input-value rate=16000
      """)

  @Argument(help: "An ONNX model.") var model: String
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var data: DataShapeOptions
  @OptionGroup var bound: InputValueOptions
  @OptionGroup var report: ReportOptions

  func run() throws {
    try reporting {
      let shapes = try data.inputShapes(
        self.shapes.parsed(), of: Graph(contentsOf: model), file: model)
      let result = try CheckReport(
        contentsOf: model, inputShapes: shapes, inputValues: bound.parsed())
      result.warnings.forEach(warn)
      try report.show(result) { show(result) }
      if !result.problems.isEmpty {
        throw Failure(
          code: .badData,
          message: "\(model): problems found: \(result.problems.count); nothing converts")
      }
    }
  }

  private func show(_ result: CheckReport) {
    guard !result.problems.isEmpty else {
      return print(
        "\(result.nodes) nodes, \(result.operators.count) operators: everything converts.")
    }
    var table = TextTable([("code", .left), ("where", .left), ("what, and what helps", .left)])
    for problem in result.problems {
      let more = problem.nodes.count - 1
      table.add([
        problem.code,
        (problem.node.isEmpty ? "the file" : problem.node.shortened(to: 30))
          + (more > 0 ? " and \(more) more" : ""),
        problem.message + (problem.remedy.map { "; \($0)" } ?? ""),
      ])
    }
    print(table.text)
    if !result.held.isEmpty {
      print("\n`groups` and `prune` work on the graph around these nodes:")
      showHeld(result.held)
    }
  }
}
