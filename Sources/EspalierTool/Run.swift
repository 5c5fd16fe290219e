import ArgumentParser
import Espalier
import EspalierLatencyReport
import Foundation

/// `espalier run`: one inference, tensors in and out as NumPy files.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model once: .onnx by the reference interpreter, .esp by the runtime.")

  @Argument(help: "A model: .onnx or .esp.") var model: String
  @OptionGroup var inputs: InputOptions
  @Option(name: [.short, .long], help: "Folder for the outputs, one NAME.npy each.") var output:
    String
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var isa: InstructionSetOption
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions

  func run() throws {
    try reporting {
      let values = try inputs.loaded()
      let results: [(name: String, tensor: Tensor)]
      if isPackedModel(model) {
        results = try loadModel(model).run(
          values, threads: threads.count, instructionSet: isa.parsed())
      } else {
        let graph = try Graph(contentsOf: model).binding(
          inputValues: bound.parsed(), file: model)
        let bar = ProgressBar("interpreting")
        defer { bar.finish() }
        results = try graph.run(
          values, inputShapes: shapes.parsed(), file: model, progress: bar.update)
      }
      try createFolder(output)
      var taken: Set<String> = []
      for (name, tensor) in results {
        var file = fileName(for: name)
        while !taken.insert(file).inserted { file += "_" }
        let path = "\(output)/\(file).npy"
        let written = try tensor.write(to: path)
        print(escapingControls("\(path)  \(written)", keepsLines: false))
      }
    }
  }
}

/// Which kernels to use.
struct InstructionSetOption: ParsableArguments {
  @Option(help: "Kernels to use: scalar, neon, avx2 or avx512; the best this CPU has by default.")
  var isa: String?

  func parsed() throws -> InstructionSet? {
    guard let isa else { return nil }
    guard let set = InstructionSet.allCases.first(where: { $0.name == isa }) else {
      let names = InstructionSet.allCases.map(\.name).joined(separator: ", ")
      throw ValidationError("--isa takes one of \(names)")
    }
    return set
  }
}

/// An output's name as a file name: what could leave the folder becomes "_".
private func fileName(for name: String) -> String {
  let safe = String(name.map { $0 == "/" || $0 == "\\" || $0 == "\0" ? "_" : $0 })
  return safe.isEmpty || safe == "." || safe == ".." ? "output" : safe
}
