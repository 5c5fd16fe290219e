import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier zoo`: well-known architectures with random weights, for latency work.
struct ZooCommand: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "zoo", "Write a well-known architecture with random weights, or list them.",
    usage: """
      espalier zoo list
      espalier zoo NAME -o OUT.onnx [--seed N]
      """,
    examples: """
      espalier zoo list
      espalier zoo resnet18 -o resnet18.onnx
      """)

  @Argument(help: "list, or the name of an architecture.") var name: String
  @Option(name: [.short, .long], help: "The ONNX model to write.") var output: String?
  @Option(help: "Seed of the weights.") var seed: UInt64 = 1

  func run() throws {
    try reporting {
      if name == "list" {
        try refuse(["-o", "--output", "--seed"], "by list")
        var table = TextTable([
          ("name", .left), ("architecture", .left),
        ])
        for entry in Zoo.architectures { table.add([entry.name, entry.summary]) }
        print(table.text)
        return
      }
      guard let entry = Zoo.architecture(named: name) else {
        let names = Zoo.architectures.map(\.name).joined(separator: ", ")
        throw ValidationError("no architecture \"\(name)\"; there are \(names)")
      }
      guard let output else { throw ValidationError("-o OUT.onnx is needed") }
      try OutputFiles.check([("-o", output)], sources: [])
      Interruption.willWrite(output)
      try entry.graph(seed: seed).write(to: output)
      print("\(output): \(entry.summary), random weights of seed \(seed)")
    }
  }
}
