import Dispatch
import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Synchronization
import Testing

@testable import EspalierPruning

/// What is pruned does not depend on how many threads there are, nor on what else runs.
@Suite struct ThreadsTests {
  /// Layers wide enough for products and factors to be cut, grouped ones, and a residual.
  private func network(_ random: inout Seeded) throws -> Specialised {
    var graph = Graph()
    func constant(_ shape: [Int]) -> Graph.ValueID {
      graph.addConstant("c\(graph.values.count)", random.tensor(shape))
    }
    func convolution(_ x: Graph.ValueID, _ shape: [Int], groups: Int = 1) -> Graph.ValueID {
      let pad = Int64(shape[2] / 2)
      return graph.addNode(
        "Conv", [x, constant(shape)],
        attributes: [
          "pads": .integers([pad, pad, pad, pad]), "group": .integer(Int64(groups)),
        ])
    }
    let x = graph.addInput("x", TensorType(.float32, [1, 3, 9, 9]))
    let stem = graph.addNode("Relu", [convolution(x, [68, 3, 3, 3])])
    let normalised = graph.addNode(
      "BatchNormalization",
      [convolution(stem, [530, 68, 3, 3])] + (0..<3).map { _ in constant([530]) } + [
        graph.addConstant("variance", random.tensor([530], scale: 0.5, around: 1))
      ])
    let wide = graph.addNode("Relu", [normalised])
    let grouped = graph.addNode("Relu", [convolution(wide, [530, 10, 1, 1], groups: 53)])
    let sum = graph.addNode("Add", [convolution(grouped, [68, 530, 1, 1]), stem])
    graph.outputs = [convolution(graph.addNode("Relu", [sum]), [5, 68, 1, 1])]
    return try Specialised(graph)
  }

  /// Scores, and the weights of a refitted and of a recalibrated graph.
  private func results(_ graph: Specialised, _ data: Calibration) throws -> [[UInt64]] {
    let coupling = Coupling(of: graph)
    let scores = try ReconstructionScores(.obspa).scores(coupling, data)
    let alone = try ReconstructionScores(.obs).scores(coupling, data)
    var pruner = ChannelPruner(budget: .operations(ratio: 2))
    pruner.normalisation = .none
    pruner.weighsCosts = true
    let keptChannels = try pruner.selected(coupling, scores)
    let refitted = try Refit().refitted(coupling, keptChannels, data).0
    let pruned = coupling.pruned(keptChannels)
    let recalibrated = try BatchNormRecalibration().recalibrated(pruned, data)
    func bits(_ graph: Graph) -> [UInt64] {
      graph.values.compactMap(\.constant).flatMap { $0.doubles.map(\.bitPattern) }
    }
    // Both must have had something to do.
    #expect(bits(refitted) != bits(pruned) && bits(recalibrated) != bits(pruned))
    return [scores, alone].map { $0.values.joined().joined().map(\.bitPattern) }
      + [refitted, recalibrated].map(bits)
  }

  @Test
  func `obspa and refits give the same bits on any number of threads, alone and beside others`()
    throws
  {
    var random = Seeded(seed: 91)
    let graph = try network(&random)
    let data = try Calibration(["x": random.tensor([6, 3, 9, 9])], for: graph)
    let wanted = try Threads.$count.withValue(1) { try results(graph, data) }
    #expect(wanted.allSatisfy { !$0.isEmpty })
    for threads in [2, 3] {
      let found = try Threads.$count.withValue(threads) { try results(graph, data) }
      #expect(found == wanted, "\(threads) threads")
    }
    let differing = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: 2) { session in
      let found = Threads.$count.withValue(session + 1) { try? results(graph, data) }
      if found != wanted { differing.add(1, ordering: .relaxed) }
    }
    #expect(differing.load(ordering: .relaxed) == 0)
  }
}
