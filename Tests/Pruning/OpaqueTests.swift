import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Pruning around nodes of which nothing is known.
@Suite struct OpaqueTests {
  /// A chain of convolutions with rectifiers between them, whose last output an unknown node reads.
  private func chainBefore(_ operation: String?) -> Graph {
    var random = Seeded(seed: 5)
    var graph = chain(channels: [4, 16, 16, 8], &random)
    if let operation {
      let boxes = graph.addNode(operation, [graph.outputs[0]], name: "detect")
      graph.outputs.append(boxes)
    }
    return graph
  }

  /// An unknown node in front of the same chain; its outputs' type may be declared.
  private func chainBehind(declared: Bool) -> Graph {
    var random = Seeded(seed: 5)
    var graph = chain(channels: [4, 16, 16, 8], &random)
    let x = graph.inputs[0]
    let unknown = graph.add(Graph.Value(name: "prepared"))
    if declared {
      graph.values[unknown].elementType = .float32
      graph.values[unknown].shape = graph.values[x].shape
    }
    graph.nodes[0].inputs[0] = unknown
    graph.nodes.insert(
      Graph.Node(
        name: "prepare", operation: "Prepare", domain: "com.example", inputs: [x],
        outputs: [unknown]), at: 0)
    return graph
  }

  private func channels(_ share: Double) -> ChannelStep {
    var step = ChannelStep(budget: .channels(share: share))
    step.pruner.alignment = 1
    return step
  }

  private func error(_ step: PruningStep, _ graph: Graph) -> PruningError? {
    do throws(PruningFailure) {
      _ = try PruningPipeline([step]).run(on: graph)
      return nil
    } catch {
      if case .pruning(let error) = error { return error }
      return nil
    }
  }

  private func weights(_ graph: Graph) -> [Tensor] { graph.values.compactMap(\.constant) }

  @Test func channelsBesideAnUnknownNodeGo() throws {
    let graph = chainBefore("Frobnicate")
    let model = try PruningPipeline([.channels(channels(0.5))]).run(on: graph, wantsReference: true)
    #expect(model.graph.weight("conv0.weight").count == 8 * 4)
    #expect(model.graph.weight("conv2.weight").count == 8 * 8)
    #expect(model.graph.nodes.last?.operation == "Frobnicate")
    #expect(model.reference?.nodes.last?.operation == "Frobnicate")
    #expect(model.report.opaque.map(\.node) == ["detect"])
  }

  /// Data go as far as the unknown node, and what they do is what they do without it.
  @Test func dataReachWhatIsBeforeAnUnknownNode() throws {
    var step = channels(0.5)
    step.criterion = .reconstruction(.obspa)
    step.rotates = true
    step.calibration = StepCalibration(
      source: .noise(mean: 0, deviation: 1), samples: 8, refits: true)
    var zeros = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    zeros.calibration = step.calibration
    let steps = [PruningStep.channels(step), .zeros(zeros)]
    let (known, unknown) = (chainBefore(nil), chainBefore("Frobnicate"))
    let expected = try PruningPipeline(steps).run(on: known)
    let found = try PruningPipeline(steps).run(on: unknown)
    #expect(weights(found.graph) == weights(expected.graph))
    #expect(weights(found.graph) != weights(known))
    #expect(found.report.steps.allSatisfy { ($0.refit?.layers ?? 0) > 0 })
  }

  @Test func dataThatAnUnknownNodeStopsAreRefused() throws {
    let graph = chainBehind(declared: true)
    for kind in 0..<4 {
      var step = channels(0.5)
      step.calibration.source = .noise(mean: 0, deviation: 1)
      step.calibration.samples = 2
      switch kind {
      case 0: step.calibration.refits = true
      case 1: step.recalibrates = true
      case 2: step.criterion = .reconstruction(.wanda)
      default: step.rotates = true
      }
      let found = error(.channels(step), graph)
      #expect(found?.code == .opaqueNode && found?.place == "prepare")
      #expect(
        found.map { "\($0)".contains("com.example.Prepare") && "\($0)".contains("l1") } ?? false)
    }
    var zeros = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    zeros.calibration = StepCalibration(
      source: .noise(mean: 0, deviation: 1), samples: 2, refits: true)
    #expect(error(.zeros(zeros), graph)?.code == .opaqueNode)
    // By weights alone it works.
    let pruned = try PruningPipeline([.channels(channels(0.5))]).run(on: graph)
    #expect(pruned.graph.weight("conv0.weight").count == 8 * 4)
  }

  @Test func whereAnUnknownNodeHoldsEverythingThatIsAnError() throws {
    let graph = chainBehind(declared: false)
    for budget in [
      ChannelBudget.channels(share: 0.5), .operations(ratio: 2), .parameters(ratio: 2),
    ] {
      var step = ChannelStep(budget: budget)
      step.pruner.alignment = 1
      let found = error(.channels(step), graph)
      #expect(found?.code == .opaqueNode && found?.place == "prepare", "\(budget)")
      #expect(found?.message.contains("com.example.Prepare") ?? false)
    }
    // Zeros need the weights alone.
    let zeros = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    let pruned = try PruningPipeline([.zeros(zeros)]).run(on: graph)
    #expect(pruned.graph.weight("conv1.weight").count { $0 == 0 } == 128)
    #expect(pruned.report.opaque.map(\.node) == ["prepare"])
    #expect(pruned.report.opaque[0].followers.count == 6)
  }

  @Test func whereOnlyAnUnknownNodeHasWeightsThatIsAnError() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    let weight = graph.addConstant("weight", Tensor((0..<32).map { Float($0) }, shape: [4, 8]))
    graph.outputs = [graph.addNode("FusedGemm", [x, weight], name: "fused")]
    let step = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    let found = error(.zeros(step), graph)
    #expect(found?.code == .opaqueNode && found?.place == "fused")
  }

  /// An unknown layer is the first one too, so that the layer behind it is not.
  @Test func anUnknownNodeWithAMatrixCountsAsALayer() throws {
    var graph = chainBehind(declared: false)
    let pruner = try MagnitudePruner(pattern: .strict(kept: 2, of: 4))
    #expect(try pruner.pruned(graph).1.layers[0].reason?.contains("first layer") ?? false)
    graph.nodes[0].inputs.append(
      graph.addConstant("matrix", Tensor((0..<16).map { Float($0) }, shape: [4, 4])))
    #expect(try pruner.pruned(graph).1.layers[0].reason == nil)
  }

  /// What a subgraph reads by name is no layer's alone: neither zeros nor a refit may change it.
  @Test func aWeightThatASubgraphReadsStays() throws {
    var graph = chainBefore("Loop")
    let captured = graph.values.firstIndex { $0.name == "conv1.weight" }!
    graph.nodes[graph.nodes.count - 1].captures = [captured]
    var step = ZeroStep(
      try MagnitudePruner(pattern: .strict(kept: 2, of: 4), keepsFirstAndLast: false))
    step.calibration = StepCalibration(
      source: .noise(mean: 0, deviation: 1), samples: 4, refits: true)
    let pruned = try PruningPipeline([.zeros(step)]).run(on: graph)
    #expect(pruned.graph.weight("conv1.weight") == graph.weight("conv1.weight"))
    #expect(pruned.graph.weight("conv2.weight") != graph.weight("conv2.weight"))
    guard case .zeros(let report) = pruned.report.steps[0] else { return }
    #expect(report.layers[1].reason?.contains("subgraph of node \"detect\"") ?? false)
    var removing = channels(0.5)
    removing.calibration = step.calibration
    // It has an axis of every group.
    #expect(error(.channels(removing), graph)?.code == .opaqueNode)
  }
}
