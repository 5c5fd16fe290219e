import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// The choice of zeros for whole networks.
@Suite struct BlockWalkTests {
  /// Layers in which the smallest weights lie so that blind choices sever the network: the second keeps
  /// its first outputs alone, of which the third reads none.
  private func severable(_ random: inout Seeded) -> Graph {
    var graph = chain(channels: [8, 16, 16, 16, 8], &random)
    for (name, isSmall) in [
      ("conv1.weight", { (row: Int, _: Int) in row >= 8 }),
      ("conv2.weight", { (_: Int, column: Int) in column < 8 }),
    ] as [(String, (Int, Int) -> Bool)] {
      let id = graph.values.firstIndex { $0.name == name }!
      let tensor = graph.values[id].constant!
      graph.values[id].constant = Tensor(
        tensor.floats.enumerated().map { place, value in
          isSmall(place / 16, place % 16) ? value / 1000 : value
        }, shape: tensor.shape)
    }
    return graph
  }

  private func live(_ graph: Graph) throws -> LiveCount {
    LiveCount(Coupling(of: try Specialised(graph)))
  }

  private func step(
    _ pattern: String, _ sparsity: Double?, scope: PruningScope, samples: Int? = nil
  ) throws -> ZeroStep {
    var step = ZeroStep(
      try MagnitudePruner(
        pattern: PruningPattern(parsing: pattern), sparsity: sparsity, scope: scope))
    if let samples {
      step.method = .obs
      step.calibration = StepCalibration(
        source: .noise(mean: 0, deviation: 1), samples: samples, refits: true)
    }
    return step
  }

  @Test(arguments: ["block:8x8", "block:4x4", "unstructured"], [PruningScope.global, .layer])
  func noNetworkIsSevered(_ pattern: String, _ scope: PruningScope) throws {
    var random = Seeded(seed: 3)
    let graph = severable(&random)
    let pruned = try PruningPipeline([
      .zeros(step(pattern, 0.5, scope: scope))
    ]).run(on: graph, force: true)
    // Every weight that is left is alive: nothing ends in a channel that nobody reads.
    let nonzero = pruned.graph.parameters().filter { pruned.graph.values[$0].constant!.rank > 1 }
      .reduce(0) { $0 + pruned.graph.values[$1].constant!.nonzeroCount }
    let count = try live(pruned.graph)
    #expect(count.live > 0)
    let dead = abs(count.live - Double(nonzero))
    #expect(dead < 1e-9)
  }

  /// Without the tile there is no way: each layer has as many blocks as it cannot do without.
  @Test func tilesGoWhereBlocksCannot() throws {
    var random = Seeded(seed: 4)
    let graph = chain(channels: [8, 16, 16, 16, 8], &random)
    for samples in [nil, 12] {
      let pruned = try PruningPipeline([
        .zeros(step("block:16x8", 0.7, scope: .global, samples: samples))
      ]).run(on: graph, force: true)
      guard case .zeros(let report)? = pruned.report.steps.first else {
        Issue.record("no report")
        continue
      }
      #expect(report.isReached)
      // Two layers of 256 weights in the middle: at most 30 % of them are left.
      let left = report.layers.filter { $0.reason == nil }.reduce(0) { $0 + $1.kept }
      #expect(report.layers.filter { $0.reason == nil }.map(\.of) == [256, 256])
      #expect(left <= 154 && left > 0)
      let weights = pruned.graph.values.filter { $0.constant?.rank == 4 }
      for weight in weights {
        #expect(weight.constant!.shape.prefix(2).allSatisfy { $0 % 8 == 0 })
        #expect(weight.constant!.nonzeroCount > 0)
      }
      let size = weights.reduce(0) { $0 + $1.constant!.count }
      #expect(size < 768)
      let count = try live(pruned.graph)
      #expect(report.liveMultiplyAccumulates == Int(count.live))
    }
  }

  /// Zeros and reordered channels, without a refit: as the dense network with zeros in its own order.
  @Test func whatIsLeftComputesTheSameAsItsZeros() throws {
    var random = Seeded(seed: 6)
    let graph = chain(channels: [8, 24, 40, 24, 8], &random)
    let coupling = Coupling(of: try Specialised(graph))
    let flow = ChannelFlow(coupling)
    let pruner = try MagnitudePruner(
      pattern: .block(rows: 8, columns: 8), sparsity: 0.6, scope: .global)
    let choice = try BlockChoice(
      coupling, flow, pruner, isPruned: [false, true, true, false],
      mayLoseChannels: coupling.groups.map { _ in true }, nil)
    let orders = coupling.groups.map { group in
      (0..<group.size).sorted { ($0 * 7 % group.size, $0) < ($1 * 7 % group.size, $1) }
    }
    let chosen = choice.chosen(orders: orders)
    #expect(chosen.isReached)
    var masked = graph
    for (number, stays) in chosen.stays {
      let linear = flow.layers[number].linear
      let tensor = graph.values[linear.weight].constant!
      masked.values[linear.weight].constant = tensor.zeroed(where: stays.map { !$0 })
    }
    var kept = KeptChannels(coupling)
    for (number, order) in chosen.order { kept.arrange(order, of: coupling.groups[number]) }
    let cut = Coupling(of: try Specialised(masked)).pruned(kept)
    #expect(cut.parameterCount < graph.parameterCount)
    for _ in 0..<3 {
      let input = ["x": random.tensor([1, 8, 1, 1])]
      let outputs = try [masked, cut].map { graph in
        try Interpreter(Specialised(graph)).run(input).values.first!.floats
      }
      let errors = zip(outputs[0], outputs[1]).map { abs($0 - $1) / max(abs($0), 1) }
      #expect(errors.allSatisfy { $0 < 1e-4 })
    }
    // Blocks lie on the grid of the order in which channels are left.
    for (number, name) in [(1, "conv1.weight"), (2, "conv2.weight")] {
      let tensor = cut.values.first { $0.name == name }!.constant!
      #expect(flow.layers[number].linear.rows >= tensor.shape[0])
      let values = tensor.floats
      for row in stride(from: 0, to: tensor.shape[0], by: 8) {
        for column in stride(from: 0, to: tensor.shape[1], by: 8) {
          let block = (0..<64).map { values[(row + $0 / 8) * tensor.shape[1] + column + $0 % 8] }
          #expect(Set(block.map { $0 == 0 }).count == 1)
        }
      }
    }
  }

  /// A column that loses every run gets a place in one, and runs keep as many as before.
  @Test(arguments: ["nm:2:4", "vnm:4:2:4"])
  func runsLeaveEveryColumnAReader(_ pattern: String) throws {
    var random = Seeded(seed: 8)
    var graph = chain(channels: [8, 8, 8, 8], &random)
    let id = graph.values.firstIndex { $0.name == "conv1.weight" }!
    let values = graph.values[id].constant!.floats.enumerated().map { place, value in
      place % 8 == 2 || place % 8 == 7 ? value / 1000 : value + 1
    }
    graph.values[id].constant = Tensor(values, shape: [8, 8, 1, 1])
    let (pruned, _) = try MagnitudePruner(pattern: PruningPattern(parsing: pattern)).pruned(graph)
    let left = pruned.weight("conv1.weight")
    for column in 0..<8 {
      let readers = (0..<8).count { row in left[row * 8 + column] != 0 }
      #expect(readers > 0, "column \(column)")
    }
    for run in 0..<16 {
      let kept = left[run * 4..<run * 4 + 4].count { $0 != 0 }
      #expect(kept == 2, "run \(run)")
    }
  }
}
