import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Typed steps, without a recipe's text.
@Suite struct PipelineTests {
  /// Three convolutions of small images, the second around a shortcut.
  private func network(isNormalised: Bool = false) -> Graph {
    var random = Seeded(seed: 31)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4, 8, 8]))
    func convolution(_ x: Graph.ValueID, _ inputs: Int, _ outputs: Int) -> Graph.ValueID {
      let weight = graph.addConstant(
        "w\(graph.values.count)", random.tensor([outputs, inputs, 3, 3]))
      return graph.addNode("Conv", [x, weight], attributes: ["pads": .integers([1, 1, 1, 1])])
    }
    var made = convolution(x, 4, 16)
    if isNormalised {
      let statistics = ["scale", "bias", "mean", "variance"].map {
        graph.addConstant($0, Tensor([Float](repeating: 1, count: 16), shape: [16]))
      }
      made = graph.addNode("BatchNormalization", [made] + statistics)
    }
    let first = graph.addNode("Relu", [made])
    let second = graph.addNode("Relu", [convolution(first, 16, 32)])
    let sum = graph.addNode("Add", [convolution(second, 32, 16), first])
    graph.outputs = [convolution(sum, 16, 4)]
    return graph
  }

  private func failure(_ body: () throws(PruningFailure) -> PrunedModel) -> PruningError.Code? {
    do throws(PruningFailure) {
      _ = try body()
      return nil
    } catch {
      if case .pruning(let error) = error { return error.code }
      return nil
    }
  }

  /// A step does what its stages do when they are called one by one.
  @Test func aStepIsItsStages() throws {
    let graph = network()
    var step = ChannelStep(budget: .operations(ratio: 1.5), method: .obspa)
    step.calibration.source = .noise(mean: 0, deviation: 1)
    step.calibration.samples = 4
    #expect(step.stages == [.couple, .rotate, .score, .select, .slice, .refit])
    let done = try PruningPipeline([.channels(step)], seed: 5).run(on: graph)

    let dense = Coupling(of: try Specialised.forRewriting(graph))
    let inputs = try Calibration.smoothNoise(for: dense.graph, count: 4, seed: 5)
    let turned = try ChannelRotation().rotated(
      dense, allowed: step.pruner.allowed(dense), inputs)
    let scores = try ReconstructionScores(.obspa).scores(turned, inputs)
    let keptChannels = try step.pruner.selected(turned, scores)
    let (refitted, report) = try Refit().refitted(turned, keptChannels, inputs)
    #expect(done.graph.values.map(\.constant) == refitted.values.map(\.constant))
    #expect(done.report.steps.count == 1 && done.report.steps[0].refit == report)
  }

  @Test func progressRisesToTheEnd() throws {
    var channels = ChannelStep(budget: .channels(share: 0.25))
    channels.recalibrates = true
    channels.calibration.source = .noise(mean: 0, deviation: 1)
    channels.calibration.samples = 2
    var zeros = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    zeros.calibration = StepCalibration(
      source: .noise(mean: 0, deviation: 1), samples: 2, refits: true)
    var seen: [Double] = []
    _ = try PruningPipeline([.channels(channels), .zeros(zeros)]).run(
      on: network(isNormalised: true), force: true
    ) {
      seen.append($0)
    }
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 <= $1 + 1e-9 })
    #expect(abs(try #require(seen.last) - 1) < 1e-9)
    #expect(seen.contains { $0 > 0.1 && $0 < 0.4 } && seen.contains { $0 > 0.6 && $0 < 0.9 })
  }

  /// Samples come from whoever runs the pipeline.
  @Test func filesAreGiven() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 4]))
    let first = graph.addConstant("first", Tensor((1...32).map { Float($0 % 7) }, shape: [4, 8]))
    let second = graph.addConstant("second", Tensor((1...16).map { Float($0 % 5) }, shape: [8, 2]))
    graph.outputs = [
      graph.addNode(
        "MatMul", [graph.addNode("Relu", [graph.addNode("MatMul", [x, first])]), second])
    ]
    var step = ChannelStep(budget: .channels(share: 0.5), criterion: .reconstruction(.wanda))
    step.pruner.alignment = 1
    step.calibration.source = .arrays([CalibrationArray(path: "samples.npy")])
    let pipeline = PruningPipeline([.channels(step)])
    #expect(pipeline.steps[0].files.arrays == ["samples.npy"])
    #expect(failure { () throws(PruningFailure) in try pipeline.run(on: graph) } == .missingFile)
    var files = PruningFiles()
    files.arrays["samples.npy"] = Tensor((0..<16).map { Float($0 % 3) - 1 }, shape: [4, 4])
    let pruned = try pipeline.run(on: graph, files: files)
    #expect(pruned.graph.values.first { $0.name == "first" }?.constant?.shape == [4, 4])
  }

  @Test func stepsThatMakeNoSenseAreRefused() throws {
    let graph = network()
    let zeroing = try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false)
    let zeros = PruningStep.zeros(ZeroStep(zeroing))
    let channels = ChannelStep(budget: .channels(share: 0.25))
    func code(_ steps: [PruningStep]) -> PruningError.Code? {
      failure { () throws(PruningFailure) in try PruningPipeline(steps).run(on: graph) }
    }
    #expect(code([zeros, .channels(channels)]) == .badStep)
    var lacking = channels
    lacking.criterion = .reconstruction(.obs)
    #expect(code([.channels(lacking)]) == .badStep)
    lacking = channels
    lacking.calibration.refits = true
    #expect(code([.channels(lacking)]) == .badStep)
    for (cap, alignment) in [(0.0, 8), (1.0, 8), (.nan, 8), (0.5, 0)] {
      var wrong = channels
      (wrong.pruner.cap, wrong.pruner.alignment) = (cap, alignment)
      #expect(code([.channels(wrong)]) == .badStep)
    }
    // What text is refused for is refused of typed steps too, of both kinds.
    for calibration in [
      StepCalibration(source: .noise(mean: 0, deviation: 1), samples: -1, refits: true),
      StepCalibration(source: .noise(mean: 0, deviation: 1), samples: 0, refits: true),
      StepCalibration(source: .noise(mean: 0, deviation: 0), refits: true),
      StepCalibration(source: .noise(mean: .nan, deviation: 1), refits: true),
      StepCalibration(source: .noise(mean: 0, deviation: 1), refits: true, damping: .infinity),
    ] {
      var (wrong, other) = (channels, ZeroStep(zeroing))
      (wrong.calibration, other.calibration) = (calibration, calibration)
      #expect(code([.channels(wrong)]) == .badStep)
      #expect(code([.zeros(other)]) == .badStep)
    }
    var twice = channels
    twice.calibration = StepCalibration(
      source: .arrays([CalibrationArray(path: "a.npy"), CalibrationArray(path: "a.npy")]),
      refits: true)
    var files = PruningFiles()
    files.arrays["a.npy"] = Tensor([Float](repeating: 1, count: 4), shape: [1, 4])
    #expect(
      failure { () throws(PruningFailure) in
        try PruningPipeline([.channels(twice)]).run(on: graph, files: files)
      } == .badCalibration)
    #expect(code([.channels(ChannelStep(budget: .operations(ratio: 1e6)))]) == .unreachableBudget)
  }
}
