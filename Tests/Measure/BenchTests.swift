import EspalierBoard
import EspalierExecutor
import EspalierLatencyReport
import EspalierMeasure
import EspalierModelFile
import Foundation
import Testing

@testable import EspalierBoardProgram

/// y = softmax(relu(x)) over eight numbers.
func smallModel() -> ModelDescription {
  var model = ModelDescription()
  for (number, name) in ["x", "between", "odd/name"].enumerated() {
    model.tensors.append(
      TensorDescription(
        name: name, type: .f32, dims: [1, 8], placement: .arena(offset: number * 64)))
  }
  model.steps = [
    StepDescription(
      kind: .unary, name: "first", operation: "Relu", inputs: [0], outputs: [1], integers: [1],
      floats: [0, 0]),
    StepDescription(
      kind: .softmax, name: "second", operation: "Softmax", inputs: [1], outputs: [2],
      integers: [1, 1, 2]),
  ]
  model.inputs = [0]
  model.outputs = [2]
  return model
}

@Suite struct BenchTests {
  @Test func measuresAndProfilesSeparately() throws {
    try withTemporaryFolder { folder in
      try smallModel().write(to: folder + "/model.esp")
      var options = BenchOptions()
      options.limits.warmup = 50_000_000
      options.limits.mostSamples = 70
      let report = try bench(modelAt: folder + "/model.esp", options: options)
      #expect(report.samples.nanoseconds.count == 70)
      #expect(report.samples.median != nil && report.samples.percentile(.p90) != nil)
      #expect(report.layers.map { $0.name } == ["first", "second"])
      #expect(report.layers.map { $0.operation } == ["Relu", "Softmax"])
      #expect(report.arenaBytes == 192)
      #expect(report.loadNanoseconds > 0)
      #expect(report.peakGigaflops > 0 && report.peakGigaflops.isFinite)
      #expect(report.isa == InstructionSet.best.name)
    }
  }

  @Test func `a small model runs on when its file is overwritten and cut`() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.esp"
      try smallModel().write(to: path)
      let model = try Model(contentsOf: path)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.write(contentsOf: Data(repeating: 255, count: model.fileBytes))
      try handle.truncate(atOffset: 0)
      var session = try Session(model)
      var output = [Float](repeating: 0, count: 8)
      try session.run([Float](repeating: 1, count: 8), into: &output)
      #expect(output == [Float](repeating: 0.125, count: 8))
      #expect(model.step(1).name == "second")
    }
  }

  @Test func fewestSamplesAreTakenEvenWithoutTime() throws {
    try withTemporaryFolder { folder in
      try smallModel().write(to: folder + "/model.esp")
      var options = BenchOptions()
      options.limits.warmup = 0
      options.limits.sampling = 0
      options.limits.leastSamples = 5
      let report = try bench(modelAt: folder + "/model.esp", options: options)
      #expect(report.samples.nanoseconds.count == 5)
      #expect(!report.isSteady)
    }
  }

  @Test func programRunsAModel() throws {
    try withTemporaryFolder { folder in
      try smallModel().write(to: folder + "/model.esp")
      let input: [Float] = [-1, -2, 0, -3, 0, 0, -9, -1]
      try unsafe input.withUnsafeBytes {
        try unsafe NumPyFile.write($0, element: .float32, dims: [1, 8], to: folder + "/x.npy")
      }
      let out = folder + "/out"
      let run = ["run", folder + "/model.esp", "--input", "x=" + folder + "/x.npy", "-o", out]
      #expect(Program.run(run) == 0)
      let file = try NumPyFile(contentsOf: out + "/odd_name.npy")
      #expect(file.header.dims == [1, 8])
      let values = unsafe Array(file.values.bindMemory(to: Float.self))
      #expect(values.allSatisfy { abs($0 - 0.125) < 1e-6 })
    }
  }

  @Test func programSaysWhatIsWrong() throws {
    try withTemporaryFolder { folder in
      let model = folder + "/model.esp"
      try smallModel().write(to: model)
      try Board.write(Array("no model".utf8), to: folder + "/text")
      let wrong = [Float](repeating: 0, count: 8)
      try unsafe wrong.withUnsafeBytes {
        try unsafe NumPyFile.write($0, element: .float32, dims: [8], to: folder + "/flat.npy")
      }
      #expect(Program.run([]) == 64)
      #expect(Program.run(["dance"]) == 64)
      #expect(Program.run(["run", model]) == 64)
      #expect(Program.run(["run", model, "-o", folder]) == 64)
      #expect(Program.run(["run", model, "-o", folder, "--input", "z=" + model]) == 64)
      #expect(Program.run(["run", model, "-o", folder, "--input", "x=" + model]) == 65)
      #expect(
        Program.run(["run", model, "-o", folder, "--input", "x=" + folder + "/flat.npy"]) == 65)
      #expect(Program.run(["run", folder + "/absent", "-o", folder]) == 66)
      #expect(Program.run(["bench", folder + "/text"]) == 65)
      #expect(Program.run(["bench", model, "--threads", "0"]) == 64)
      #expect(Program.run(["bench", model, "--isa", "mmx"]) == 64)
      #expect(Program.run(["--help"]) == 0)
    }
  }
}
