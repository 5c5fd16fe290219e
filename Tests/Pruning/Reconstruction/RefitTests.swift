import EspalierCoupling
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

@Suite struct RefitTests {
  /// Root mean square of the difference of two graphs' first outputs, as a share of the first's.
  private func error(_ a: Graph, _ b: Graph, _ calibration: Calibration) throws -> Double {
    let first = try Evaluator(Specialised(a))
    let second = try Evaluator(Specialised(b))
    var (difference, size) = (0.0, 0.0)
    for run in calibration.runs {
      let wanted = try first.run(run)[a.values[a.outputs[0]].name]!.floats
      let found = try second.run(run)[b.values[b.outputs[0]].name]!.floats
      for (x, y) in zip(wanted, found) {
        difference += Double(x - y) * Double(x - y)
        size += Double(x) * Double(x)
      }
    }
    return (difference / size).squareRoot()
  }

  private func calibration(
    _ graph: Graph, _ count: Int, _ random: inout Seeded
  ) throws -> Calibration {
    let specialised = try Specialised(graph)
    var tensors: [String: Tensor] = [:]
    for input in specialised.graph.inputs {
      let shape = specialised.type(of: input).shape
      tensors[graph.values[input].name] = random.tensor([count * shape[0]] + shape.dropFirst())
    }
    return try Calibration(tensors, for: specialised)
  }

  /// `x -> w1, relu -> w2`, where hidden channels come in equal pairs.
  private func pairs(_ random: inout Seeded) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [4, 6]))
    let half = random.tensor([5, 6]).floats
    let first = graph.addConstant("w1", Tensor(half + half, shape: [10, 6]))
    let second = graph.addConstant("w2", random.tensor([10, 3]))
    let hidden = graph.addNode("Gemm", [x, first], attributes: ["transB": .integer(1)])
    graph.outputs = [graph.addNode("MatMul", [graph.addNode("Relu", [hidden]), second])]
    return graph
  }

  @Test func `of pairs that tell the same one goes, and the other takes its part over`() throws {
    var random = Seeded(seed: 51)
    let graph = pairs(&random)
    let data = try calibration(graph, 60, &random)
    let coupling = try Coupling(of: Specialised(graph))
    let scores = try ReconstructionScores(.obspa).scores(coupling, data)
    let list = scores.values[0][0]
    let order = list.indices.sorted { list[$0] < list[$1] }
    #expect(Set(order[..<5].map { $0 % 5 }).count == 5)
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared(order[5...].sorted()), of: coupling.groups[0])
    let cut = coupling.pruned(keptChannels)
    #expect(try error(graph, cut, data) > 0.8)
    var refit = Refit()
    refit.productDamping = 1e-7
    let (refitted, report) = try refit.refitted(coupling, keptChannels, data)
    // What went is there once more: rounding alone is left.
    #expect(try error(graph, refitted, data) < 1e-6)
    #expect(report.layers == 1 && report.runs == 60)
    // Scores of each channel by itself call all of them free.
    let alone = try ReconstructionScores(.obs).scores(coupling, data).values[0][0]
    #expect(alone.max()! < 0.05)
  }

  /// Convolutions with a residual, batch normalisation, groups, and a transposed convolution.
  private func residual(_ random: inout Seeded) -> Graph {
    var graph = Graph()
    func constant(_ shape: [Int]) -> Graph.ValueID {
      graph.addConstant("c\(graph.values.count)", random.tensor(shape))
    }
    func convolution(_ x: Graph.ValueID, _ shape: [Int], groups: Int = 1) -> Graph.ValueID {
      graph.addNode(
        "Conv", [x, constant(shape)],
        attributes: ["pads": .integers([1, 1, 1, 1]), "group": .integer(Int64(groups))])
    }
    func norm(_ x: Graph.ValueID, _ channels: Int) -> Graph.ValueID {
      let positive = graph.addConstant(
        "v\(graph.values.count)",
        Tensor((0..<channels).map { 1 + Float($0) / 4 }, shape: [channels]))
      return graph.addNode(
        "BatchNormalization",
        [x, positive, constant([channels]), constant([channels]), positive])
    }
    let x = graph.addInput("x", TensorType(.float32, [1, 3, 7, 7]))
    let stem = graph.addNode("Relu", [convolution(x, [8, 3, 3, 3])])
    let inner = graph.addNode("Relu", [norm(convolution(stem, [12, 8, 3, 3]), 12)])
    let grouped = graph.addNode("Relu", [convolution(inner, [12, 6, 3, 3], groups: 2)])
    let sum = graph.addNode("Add", [norm(convolution(grouped, [8, 12, 3, 3]), 8), stem])
    graph.outputs = [
      graph.addNode(
        "ConvTranspose", [graph.addNode("Relu", [sum]), constant([8, 2, 2, 2])],
        attributes: ["strides": .integers([2, 2])])
    ]
    return graph
  }

  @Test func `outputs beyond a limit may lie anywhere beyond it`() {
    let activation = LayerActivation(
      gains: [2, -1], shifts: [1, 0], limits: 0...4, run: 3)
    // Behind the activation: 0 and limits of the first output, 0 and what is added of the second.
    let targets = activation.targets(
      dense: ([9, 9, 9, -2, 3, 1, 5, 5, -1], [0, 0, 0, 0, 0, 0, 1, 9, 0]), kept: [1, 2], of: 3,
      pruned: ([-1, 1, 0, 7, 8, 4], [0, 0, 0, 0, 9, 1]))
    #expect(targets == [-1, 1.5, 1, 7, 5, 0])
  }

  /// `relu(x)` and `relu(-x)`, whose difference is `x`; behind a limit at 0 the first alone will do.
  @Test(arguments: [("Relu", []), ("Clip", [0, 0.6])])
  func `a refit finds what is right behind an activation`(
    operation: String, bounds: [Float]
  ) throws {
    var random = Seeded(seed: 57)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [8, 1]))
    let signs = graph.addConstant("signs", Tensor([1, -1], shape: [1, 2]))
    let difference = graph.addConstant("difference", Tensor([1, -1], shape: [2, 1]))
    let both = graph.addNode("Relu", [graph.addNode("Gemm", [x, signs])])
    let limits = bounds.map { graph.addConstant("limit \($0)", Tensor([$0], shape: [])) }
    let output = graph.addNode("Gemm", [both, difference])
    graph.outputs = [graph.addNode(operation, [output] + limits)]
    let data = try calibration(graph, 60, &random)
    let coupling = try Coupling(of: Specialised(graph))
    var keptChannels = KeptChannels(coupling)
    keptChannels.keep(.shared([0]), of: coupling.groups[0])
    var refit = Refit()
    refit.productDamping = 1e-7
    let errors = try [0, 3, 60].map { rounds in
      refit.activationRounds = rounds
      return try error(graph, refit.refitted(coupling, keptChannels, data).0, data)
    }
    // Least squares gives x its due where it is negative as well.
    #expect(errors[0] > 0.24 && errors[1] < 0.6 * errors[0] && errors[2] < 2e-3, "\(errors)")
  }

  private func halved(_ coupling: Coupling, _ scores: ChannelScores) -> KeptChannels {
    var keptChannels = KeptChannels(coupling)
    for (group, lists) in zip(coupling.groups, scores.values) {
      let kept = lists.map { list in
        Array(list.indices.sorted { list[$0] > list[$1] }.prefix((group.size + 1) / 2).sorted())
      }
      keptChannels.keep(group.partner.map { .lists(kept, of: $0) } ?? .shared(kept[0]), of: group)
    }
    return keptChannels
  }

  @Test func `a refit of every layer helps on inputs it has not seen`() throws {
    var random = Seeded(seed: 52)
    let graph = residual(&random)
    let (data, others) = (try calibration(graph, 80, &random), try calibration(graph, 20, &random))
    let coupling = try Coupling(of: Specialised(graph))
    for criterion in ReconstructionCriterion.allCases {
      let scores = try ReconstructionScores(criterion).scores(coupling, data)
      let keptChannels = halved(coupling, scores)
      let (refitted, report) = try Refit().refitted(coupling, keptChannels, data)
      let cut = try error(graph, coupling.pruned(keptChannels), others)
      let better = try error(graph, refitted, others)
      // Of random weights and inputs half the channels go, which the others cannot stand in for: what
      // can be had is a fifth of the error.
      #expect(better < 0.81 * cut, "\(criterion): \(better) of \(cut)")
      #expect(report.layers == 4)
    }
  }

  @Test func `nothing removed, nothing changed`() throws {
    var random = Seeded(seed: 53)
    let graph = residual(&random)
    let data = try calibration(graph, 4, &random)
    let coupling = try Coupling(of: Specialised(graph))
    let (refitted, report) = try Refit().refitted(coupling, KeptChannels(coupling), data)
    #expect(report.layers == 0)
    #expect(try error(graph, refitted, data) == 0)
  }

  @Test func `zeros stay zero, and what is left makes up for them`() throws {
    var random = Seeded(seed: 54)
    let graph = residual(&random)
    let data = try calibration(graph, 80, &random)
    // What is left of the error: with random weights and inputs most of it cannot be made good.
    for (pattern, limit) in [("block:2x2", 0.67), ("nm:1:2", 0.65), ("unstructured", 0.72)] {
      let pruner = try MagnitudePruner(
        pattern: PruningPattern(parsing: pattern), sparsity: 0.5, keepsFirstAndLast: false)
      let masked = try pruner.pruned(graph).0
      let (refitted, _) = try Refit().refitted(
        dense: Specialised(graph), masked: Specialised(masked), data)
      for (before, after) in zip(masked.values, refitted.values) {
        guard let before = before.constant, let after = after.constant, before.rank > 1 else {
          continue
        }
        #expect(zip(before.floats, after.floats).allSatisfy { $0 != 0 || $1 == 0 })
      }
      let ratio = try error(graph, refitted, data) / error(graph, masked, data)
      #expect(ratio < limit, "\(pattern): \(ratio)")
    }
  }

  /// One attention layer of two heads of four channels; in each head two of them are silent.
  @Test func `each head keeps the channels that its queries and keys meet in`() throws {
    var random = Seeded(seed: 55)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 6, 8]))
    func heads(_ weights: Tensor, _ name: String, _ order: [Int64]) -> Graph.ValueID {
      let product = graph.addNode("MatMul", [x, graph.addConstant(name, weights)])
      let shape = graph.addConstant("\(name)_shape", Tensor(integers: [1, 6, 2, 4]))
      let split = graph.addNode("Reshape", [product, shape])
      return graph.addNode("Transpose", [split], attributes: ["perm": .integers(order)])
    }
    // Head 0 keeps channels 0 and 1, head 1 channels 2 and 3.
    var quiet = random.tensor([8, 8]).floats
    for row in 0..<8 { for column in [2, 3, 4, 5] { quiet[row * 8 + column] *= 0.01 } }
    let q = heads(Tensor(quiet, shape: [8, 8]), "q", [0, 2, 1, 3])
    let k = heads(random.tensor([8, 8]), "k", [0, 2, 3, 1])
    let v = heads(random.tensor([8, 8]), "v", [0, 2, 1, 3])
    let shares = graph.addNode("Softmax", [graph.addNode("MatMul", [q, k])])
    let mixed = graph.addNode(
      "Transpose", [graph.addNode("MatMul", [shares, v])],
      attributes: ["perm": .integers([0, 2, 1, 3])])
    let flat = graph.addNode(
      "Reshape", [mixed, graph.addConstant("flat", Tensor(integers: [1, 6, 8]))])
    graph.outputs = [
      graph.addNode("MatMul", [flat, graph.addConstant("o", random.tensor([8, 8]))])
    ]
    let coupling = try Coupling(of: Specialised(graph))
    let data = try calibration(graph, 30, &random)
    let number = try #require(
      coupling.groups.firstIndex { group in
        group.size == 4
          && group.members.contains {
            coupling.graph.graph.values[coupling.uses[$0.use].value].name == "q"
          }
      })
    for criterion in ReconstructionCriterion.allCases {
      let scores = try ReconstructionScores(criterion).scores(coupling, data).values[number]
      #expect(scores.count == 2)
      let kept = scores.map { list in list.indices.sorted { list[$0] > list[$1] }.prefix(2).sorted()
      }
      #expect(kept == [[0, 1], [2, 3]], "\(criterion)")
    }
  }

  @Test(arguments: ReconstructionCriterion.allCases)
  func `several passes over the inputs score as one`(criterion: ReconstructionCriterion) throws {
    var random = Seeded(seed: 56)
    let graph = residual(&random)
    let data = try calibration(graph, 10, &random)
    let coupling = try Coupling(of: Specialised(graph))
    var scores = ReconstructionScores(criterion)
    let whole = try scores.scores(coupling, data).values.joined().joined()
    scores.momentByteLimit = 1
    var shares: [Double] = []
    let parts = try scores.scores(coupling, data) { shares.append($0) }.values.joined().joined()
    #expect(parts.count == whole.count && Array(parts) == Array(whole), "\(criterion)")
    #expect(shares == shares.sorted() && abs(shares.last! - 1) < 1e-9)
  }

  @Test func `batch normalisations take the statistics of what reaches them`() throws {
    var random = Seeded(seed: 57)
    let graph = residual(&random)
    let data = try calibration(graph, 50, &random)
    let result = try BatchNormRecalibration().recalibrated(graph, data)
    let specialised = try Specialised(result)
    let evaluator = Evaluator(specialised)
    let node = specialised.graph.nodes.firstIndex { $0.operation == "BatchNormalization" }!
    var values: [Double] = []
    for run in data.runs {
      var state = try evaluator.start(run)
      for index in 0...node {
        if index == node { values += evaluator.inputs(ofNode: node, state)[0]!.doubles[..<49] }
        try evaluator.compute(index, &state)
      }
    }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let inputs = specialised.graph.nodes[node].inputs
    #expect(abs(specialised.constants[inputs[3]!]!.doubles[0] - mean) < 1e-4)
    #expect(abs(specialised.constants[inputs[4]!]!.doubles[0] - variance) < 1e-3)
  }

  @Test func `calibration data is checked`() throws {
    var random = Seeded(seed: 58)
    let graph = try Specialised(pairs(&random))
    func code(_ tensors: [String: Tensor]) -> PruningError.Code? {
      do throws(PruningError) {
        _ = try Calibration(tensors, for: graph)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(["x": random.tensor([8, 6])]) == nil)
    var bad = random.tensor([8, 6]).floats
    bad[9] = .nan
    for tensors in [
      [:], ["x": random.tensor([8, 5])], ["x": random.tensor([8, 6, 1])],
      ["x": random.tensor([3, 6])], ["x": Tensor(bad, shape: [8, 6])],
      ["x": random.tensor([0, 6])], ["x": random.tensor([8, 6]), "y": random.tensor([8, 6])],
      ["x": Tensor(integers: [Int64](repeating: 1, count: 24), shape: [4, 6])],
    ] {
      #expect(code(tensors) == .badCalibration)
    }
    #expect(try Calibration(["x": random.tensor([9, 6])], for: graph).runs.count == 2)
    #expect(throws: PruningError.self) {
      try Calibration.smoothNoise(for: graph, count: 1, seed: 1)
    }
  }

  @Test func `smooth noise has neighbours alike, and the mean and deviation asked for`() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 2, 24, 24]))
    graph.outputs = [graph.addNode("Relu", [x])]
    let data = try Calibration.smoothNoise(
      for: Specialised(graph), count: 60, seed: 5, mean: [3, -1], deviation: [2, 0.5])
    #expect(data.isNoise && data.runs.count == 60)
    for (channel, (mean, deviation)) in [(3.0, 2.0), (-1.0, 0.5)].enumerated() {
      let planes = data.runs.map { Array($0["x"]!.doubles[channel * 576..<(channel + 1) * 576]) }
      let all = planes.flatMap { $0 }
      let found = all.reduce(0, +) / Double(all.count)
      let spread = all.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(all.count)
      #expect(abs(found - mean) < 0.25 * deviation)
      #expect(abs(spread.squareRoot() / deviation - 1) < 0.2)
      let steps = planes.flatMap { plane in (1..<24).map { plane[$0] - plane[$0 - 1] } }
      let step = steps.reduce(0) { $0 + $1 * $1 } / Double(steps.count)
      #expect(step < 0.5 * spread)
    }
  }
}
