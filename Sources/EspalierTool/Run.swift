import ArgumentParser
import Espalier
import EspalierLatencyReport
import Foundation

/// `espalier run`: one inference, tensors in and out as NumPy files.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "run", "Run a model once: .onnx by the reference interpreter, .esp by the runtime.",
    examples: """
      espalier run model.esp --input image.npy -o results
      espalier run in.onnx --input tokens=t.npy --input mask=m.npy -o results
      """)

  @Argument(help: "A model: .onnx or .esp.") var model: String
  @OptionGroup var inputs: InputOptions
  @Option(name: [.short, .long], help: "Folder for the outputs, one NAME.npy each.") var output:
    String
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var isa: InstructionSetOption
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func run() throws {
    try reporting {
      let results: [(name: String, tensor: Tensor)]
      if isPackedModel(model) {
        try refuseOptionsOfGraphs()
        let packed = try loadModel(model)
        let names = packed.inputs.map(\.name)
        try checkOutputs(packed.outputs.map(\.name))
        results = try packed.run(
          inputs.loaded { names }, threads: threads.count, instructionSet: isa.parsed())
      } else {
        try refuseOptionsOfRuntime()
        let graph = try Graph(contentsOf: model).binding(
          inputValues: bound.parsed(), file: model)
        try checkOutputs(graph.outputs.map { graph.values[$0].name })
        let values = try inputs.loaded { graph.inputs.map { graph.values[$0].name } }
        let shapes = try shapes.parsed()
        graph.assumptions(inputShapes: shapes, given: Set(values.keys)).forEach(warn)
        let bar = ProgressBar("interpreting", quiet: quiet)
        defer { bar.finish() }
        results = try graph.run(
          values, inputShapes: shapes, file: model, progress: bar.update)
      }
      try createFolder(output)
      for (path, result) in zip(paths(of: results.map(\.name)), results) {
        Interruption.willWrite(path)
        let written = try result.tensor.write(to: path)
        if let fault = result.tensor.nonFinite { warn("output \"\(result.name)\" has \(fault)") }
        if !quiet { print(escapingControls("\(path)  \(written)", keepsLines: false)) }
      }
    }
  }

  /// Refuses to replace what is read.
  private func checkOutputs(_ names: [String]) throws {
    // A folder that is not there yet holds nothing to replace.
    guard FileManager.default.fileExists(atPath: output) else { return }
    try OutputFiles.check(
      paths(of: names).map { ("an output in -o", $0) },
      sources: OutputFiles.sources(ofModel: model) + inputs.paths.map { ("the input", $0) })
  }

  /// A file of its own for each output.
  private func paths(of names: [String]) -> [String] {
    var taken: Set<String> = []
    return names.map { name in
      var file = fileName(for: name)
      while !taken.insert(file).inserted { file += "_" }
      return "\(output)/\(file).npy"
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
