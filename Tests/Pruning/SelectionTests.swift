import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Which layers are pruned, which are spared, and what the report says.
@Suite struct SelectionTests {
  private func half(
    _ graph: Graph, _ pattern: PruningPattern = .unstructured, scope: PruningScope = .global,
    exclude: [String] = [], keepsFirstAndLast: Bool = true
  ) throws -> (Graph, PruningReport) {
    try MagnitudePruner(
      pattern: pattern, sparsity: pattern.impliedSparsity ?? 0.5, scope: scope, exclude: exclude,
      keepsFirstAndLast: keepsFirstAndLast
    ).pruned(graph)
  }

  @Test func firstAndLastStayDenseAndAreNamed() throws {
    var random = Seeded(seed: 11)
    let graph = chain(channels: [8, 8, 8, 8], &random)
    let (pruned, report) = try half(graph)
    #expect(report.layers.map(\.name) == ["conv0", "conv1", "conv2"])
    #expect(report.layers.map(\.kept) == [64, 32, 64])
    #expect(report.layers[0].reason == "first layer, kept dense by default")
    #expect(report.layers[1].reason == nil)
    #expect(report.layers[2].reason == "last layer, kept dense by default")
    #expect(pruned.weight("conv0.weight") == graph.weight("conv0.weight"))
    #expect(report.sparsity == 0.5)
    // 192 operations and parameters, of which 160 remain.
    #expect(report.flopsRatio == 1.2)
    #expect(report.parametersRatio == 1.2)
    let (_, all) = try half(graph, keepsFirstAndLast: false)
    #expect(all.layers.allSatisfy { $0.reason == nil })
    #expect(all.flopsRatio == 2)
  }

  @Test func everyBranchAtTheEndIsALastLayer() throws {
    var random = Seeded(seed: 12)
    var graph = chain(channels: [4, 4, 4], &random)
    let trunk = graph.outputs[0]
    for head in ["a", "b"] {
      let w = graph.addConstant("\(head).weight", random.tensor([4, 4, 1, 1]))
      graph.outputs.append(graph.addNode("Conv", [trunk, w], name: head))
    }
    graph.outputs.removeFirst()
    let (_, report) = try half(graph)
    #expect(report.layers.map { $0.reason == nil } == [false, true, false, false])
  }

  @Test func exclusionsMatchNodesAndInitializers() throws {
    var random = Seeded(seed: 13)
    let graph = chain(channels: [8, 8, 8, 8, 8], &random)
    for expression in ["^conv1$", "conv1\\.w"] {
      let (pruned, report) = try half(graph, exclude: [expression])
      #expect(report.layers[1].reason == "excluded by \"\(expression)\"")
      #expect(report.layers[2].reason == nil)
      #expect(pruned.weight("conv1.weight") == graph.weight("conv1.weight"))
    }
  }

  @Test func scopeDecidesWhereWeightsCompete() throws {
    var random = Seeded(seed: 14)
    var graph = chain(channels: [8, 8, 8], &random)
    let second = graph.values.firstIndex { $0.name == "conv1.weight" }!
    graph.values[second].constant = Tensor(
      graph.weight("conv1.weight").map { $0 * 100 + ($0 < 0 ? -2 : 2) }, shape: [8, 8, 1, 1])
    let (_, layer) = try half(graph, scope: .layer, keepsFirstAndLast: false)
    #expect(layer.layers.map(\.kept) == [32, 32])
    let (_, global) = try half(graph, scope: .global, keepsFirstAndLast: false)
    // The first layer is smaller throughout; it keeps one weight for each channel that it makes.
    #expect(global.layers.map(\.kept) == [8, 56])
  }

  @Test func depthwiseAndNarrowLayersSayWhyTheyStay() throws {
    var random = Seeded(seed: 15)
    let depthwise = network(
      "Conv", input: [1, 8, 4, 4], weight: random.tensor([16, 1, 3, 3]),
      attributes: ["group": .integer(8)])
    let (_, first) = try half(depthwise, keepsFirstAndLast: false)
    #expect(first.layers[0].reason?.hasPrefix("depthwise") == true)
    #expect(first.sparsity == 0)
    let narrow = network("Conv", input: [1, 3, 4, 4], weight: random.tensor([16, 3, 3, 3]))
    for text in ["nm:2:4", "vnm:8:2:4", "block:16x8"] {
      let (same, report) = try half(
        narrow, PruningPattern(parsing: text), keepsFirstAndLast: false)
      #expect(report.layers[0].reason == "3 input channels are too few for \(text)")
      #expect(same.weight("weight") == narrow.weight("weight"))
    }
    // One output channel is not depthwise.
    let single = network("Conv", input: [1, 8, 4, 4], weight: random.tensor([1, 8, 3, 3]))
    #expect(try half(single, keepsFirstAndLast: false).1.layers[0].reason == nil)
  }

  @Test func sharedWeightsArePrunedOnce() throws {
    var random = Seeded(seed: 16)
    var graph = Graph()
    let w = graph.addConstant("weight", random.tensor([8, 8, 1, 1]))
    for (name, extent) in [("a", 1), ("b", 2)] {
      let x = graph.addInput("x\(name)", TensorType(.float32, [1, 8, extent, extent]))
      graph.outputs.append(graph.addNode("Conv", [x, w], name: name))
    }
    let (_, report) = try half(graph, keepsFirstAndLast: false)
    #expect(report.layers.map(\.name) == ["a"])
    #expect(report.layers[0].kept == 32)
    #expect(report.flopsRatio == 2)
  }

  @Test func weightsWithAnotherUseAreLeftAlone() throws {
    var random = Seeded(seed: 17)
    let weight = random.tensor([4, 4, 1, 1])
    var added = network("Conv", input: [1, 4, 1, 1], weight: weight)
    added.outputs = [added.addNode("Add", [added.outputs[0], 1], name: "sum")]
    #expect(
      try half(added, keepsFirstAndLast: false).1.layers[0].reason
        == "its weight is also used by node \"sum\" (Add)")
    var given = network("Conv", input: [1, 4, 1, 1], weight: weight)
    given.outputs.append(1)
    #expect(
      try half(given, keepsFirstAndLast: false).1.layers[0].reason
        == "its weight is also used as the graph output \"weight\"")
    // Tied weights: once as they are and once transposed.
    var tied = network("MatMul", input: [1, 4], weight: random.tensor([4, 4]))
    let turned = tied.addNode("Transpose", [1])
    tied.outputs = [tied.addNode("MatMul", [tied.outputs[0], turned])]
    let (_, report) = try half(tied, keepsFirstAndLast: false)
    #expect(report.layers.map(\.reason) == ["several nodes use its weight in different layouts"])
  }

  @Test func weightsComputedByNodesAreReported() throws {
    var random = Seeded(seed: 18)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    let w = graph.addConstant("weight", random.tensor([4, 4]))
    graph.outputs = [graph.addNode("MatMul", [x, graph.addNode("Neg", [w])])]
    let (same, report) = try half(graph, keepsFirstAndLast: false)
    #expect(report.layers[0].reason?.contains("computed by other nodes") == true)
    #expect(same.weight("weight") == graph.weight("weight"))
  }

  @Test func productsOfActivationsAreNoLayers() throws {
    var graph = Graph()
    let a = graph.addInput("a", TensorType(.float32, [4, 4]))
    graph.outputs = [graph.addNode("MatMul", [a, a])]
    #expect(try half(graph).1.layers.isEmpty)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func nonFiniteWeightsAreNamed(value: Float) throws {
    let graph = network(
      "MatMul", input: [1, 2], weight: Tensor([1, value, 2, 3], shape: [2, 2]))
    let error = #expect(throws: PruningError.self) { try half(graph) }
    #expect(error?.code == .nonFiniteWeight)
    #expect(error?.description.contains("initializer \"weight\"") == true)
  }

  @Test func malformedGraphsAreErrorsNotTraps() throws {
    // No input extent suits these; nothing may trap on the way.
    let cases = [([4, 4], 1), ([5, 2, 1, 1], 2), ([0, 2, 1, 1], 1 << 40), ([4, 0, 1, 1], 1)]
    for (shape, groups) in cases {
      let graph = network(
        "Conv", input: [1, 4, 1, 1],
        weight: Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape),
        attributes: ["group": .integer(Int64(groups))])
      let (_, report) = try half(graph, keepsFirstAndLast: false)
      #expect(report.layers[0].reason != nil)
      #expect(report.flopsRatio == nil)
    }
    var dangling = Graph()
    let nowhere = dangling.add(Graph.Value(name: "nowhere"))
    dangling.outputs = [dangling.addNode("Relu", [nowhere])]
    #expect(throws: PruningError.self) { try half(dangling) }
    let badGroup = network(
      "Conv", input: [1, 4, 1, 1], weight: Tensor([1, 1, 1, 1], shape: [1, 4, 1, 1]),
      attributes: ["group": .integer(0)])
    #expect(throws: PruningError.self) { try half(badGroup) }
  }

  /// A chain far longer than a stack would bear.
  @Test func longChainsOfIdentitiesAreFollowed() throws {
    var random = Seeded(seed: 19)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    var w = graph.addConstant("weight", random.tensor([4, 4]))
    for _ in 0..<100_000 { w = graph.addNode("Identity", [w]) }
    graph.outputs = [graph.addNode("MatMul", [x, w])]
    #expect(try half(graph, keepsFirstAndLast: false).1.layers[0].kept == 8)
  }

  @Test func thePrunedGraphRunsAndItsZerosDoNothing() throws {
    var random = Seeded(seed: 20)
    let graph = chain(channels: [8, 16, 16, 4], &random)
    let (pruned, _) = try half(graph, .vector(rows: 2, kept: 2, of: 4))
    #expect(pruned.nodes.count == graph.nodes.count && pruned.values.count == graph.values.count)

    // By hand: of each 2 rows of the middle layer, and of each 4 columns, the 2 columns with the
    // greatest sum of squares are kept as they are, the same for both rows.
    let middle = graph.weight("conv1.weight")
    var kept = [Float](repeating: 0, count: middle.count)
    for rows in stride(from: 0, to: 16, by: 2) {
      for columns in stride(from: 0, to: 16, by: 4) {
        func importance(_ column: Int) -> Float {
          (rows..<rows + 2).reduce(0) { $0 + middle[$1 * 16 + column] * middle[$1 * 16 + column] }
        }
        let best = (columns..<columns + 4).sorted { importance($0) > importance($1) }.prefix(2)
        for row in rows..<rows + 2 {
          for column in best { kept[row * 16 + column] = middle[row * 16 + column] }
        }
      }
    }
    #expect(pruned.weight("conv1.weight") == kept)
    #expect(kept.count { $0 == 0 } == kept.count / 2)

    // The graph runs, and computes what the weights that are kept give, and nothing else.
    let x = random.tensor([1, 8, 1, 1])
    let weights = [graph.weight("conv0.weight"), kept, graph.weight("conv2.weight")]
    var expected = x.doubles
    for weight in weights {
      expected = stride(from: 0, to: weight.count, by: expected.count).map { row in
        var sum = 0.0
        for (column, value) in expected.enumerated() { sum += Double(weight[row + column]) * value }
        return max(0, sum)
      }
    }
    let result = try Interpreter(Specialised(pruned)).run(["x": x])["relu2"]!.doubles
    #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-5 } && result.count == 4)
    let dense = try Interpreter(Specialised(graph)).run(["x": x])["relu2"]!.doubles
    #expect(zip(result, dense).contains { abs($0 - $1) > 1e-2 })
  }

  @Test func progressRisesToOne() throws {
    var random = Seeded(seed: 21)
    let graph = chain(channels: [8, 8, 8, 8], &random)
    var seen: [Double] = []
    _ = try MagnitudePruner(pattern: .unstructured, sparsity: 0.5).pruned(graph) { seen.append($0) }
    #expect(seen == seen.sorted() && seen.first == 0 && seen.last == 1)
  }
}
