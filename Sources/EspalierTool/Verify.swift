import ArgumentParser
import Espalier
import EspalierLatencyReport

/// `espalier verify`: a model's outputs against a reference's.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration.subcommand(
    "verify", "Compare a model's outputs with the original graph's, or with an ONNX test case.",
    discussion: """
      With --against, both run on the same inputs: those given with --input, and seeded random ones \
      for the rest. The original runs in the reference interpreter, which is slow and plain.
      With --case, DIR holds model.onnx beside test_data_set_N/{input,output}_K.pb; --runtime \
      converts the model and runs it there instead of in the reference interpreter. Integer inputs \
      that decide shapes are then taken from the case as constants.
      Where outputs differ, the first value is named that differs by more than rounding.
      """,
    examples: """
      espalier verify small.esp --against small.onnx
      espalier verify small.esp --against small.onnx --input image.npy
      espalier verify --case test_conv --runtime
      """)

  @Argument(help: "A model: .onnx or .esp.") var model: String?
  @Option(help: "The original ONNX model.") var against: String?
  @Option(name: .customLong("case"), help: "Folder of an ONNX test case.") var testCase: String?
  @Flag(help: "Run the case on the runtime.") var runtime = false
  @Option(help: "Relative tolerance.", transform: number) var rtol = 1e-3
  @Option(
    help: """
      Absolute tolerance; by default 1e-4 of the output's range; 4e-3 of it where float16 and 3e-2 where \
      bfloat16 is rounded to on the way; at least 1e-6 behind operators such as Sigmoid, whose range is \
      known; of bytes 1, of other integers 0.
      """, transform: number)
  var atol: Double?
  @Option(help: "Seed of the random inputs.") var seed: UInt64 = 1
  @OptionGroup var inputs: InputOptions
  @OptionGroup var shapes: InputShapeOptions
  @OptionGroup var bound: InputValueOptions
  @OptionGroup var threads: ThreadsOption
  @OptionGroup var isa: InstructionSetOption
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (against == nil) != (testCase == nil) else {
      throw ValidationError("give either --against or --case")
    }
    guard against == nil || model != nil else {
      throw ValidationError("--against needs a MODEL to compare")
    }
    guard rtol >= 0, atol ?? 0 >= 0 else {
      throw ValidationError("--rtol and --atol take numbers that are not negative")
    }
  }

  func run() throws {
    try reporting {
      try refuseWhatIsNotUsed()
      let result: Verification
      if let testCase {
        result = try Verification(
          ofCase: testCase, model: model, inputValues: bound.parsed(), onRuntime: runtime,
          tolerance: Tolerance(relative: rtol, absolute: atol), threads: threads.count,
          instructionSet: isa.parsed())
      } else {
        let bar = ProgressBar("interpreting the original", quiet: report.hidesProgress)
        defer { bar.finish() }
        result = try Verification(
          of: model!, against: against!,
          inputs: inputs.loaded { try inputNames(ofModel: against!) }, inputShapes: shapes.parsed(),
          inputValues: bound.parsed(), seed: seed,
          tolerance: Tolerance(relative: rtol, absolute: atol), threads: threads.count,
          instructionSet: isa.parsed(), progress: bar.update)
      }
      result.warnings.forEach(warn)
      for output in result.outputs { output.note.map { warn("output \"\(output.name)\": \($0)") } }
      try report.show(result) { show(result) }
      if !result.pass {
        let failed = result.outputs.filter { !$0.pass }
        throw Failure(
          code: .comparisonFailed,
          message: failed.map { "output \"\($0.name)\" \($0.reason ?? "differs")" }
            .joined(separator: "; ")
            + (result.firstDifference.map { "; \($0)" } ?? ""))
      }
    }
  }

  private func refuseWhatIsNotUsed() throws {
    if testCase != nil {
      try refuse(["--input", "--input-shape", "--seed"], "with --case, whose files say it")
    } else {
      try refuse(["--runtime"], "with --against: an .esp runs there")
    }
    if !runtime, !(model.map(isPackedModel) ?? false) { try refuseOptionsOfRuntime() }
  }

  private func show(_ result: Verification) {
    var table = TextTable([
      ("output", .left), ("max abs", .right), ("max rel", .right), ("of range", .right),
      ("allowed", .right), ("cosine", .right), ("", .left),
    ])
    for output in result.outputs {
      table.add([
        output.name.shortened(to: 40), Format.scientific(output.maxAbsolute),
        Format.scientific(output.maxRelative), Format.scientific(output.maxOfRange),
        Format.scientific(output.allowedOfRange), Format.decimal(output.cosine, 7),
        output.pass ? "agrees" : "differs",
      ])
    }
    print(table.text)
  }
}
