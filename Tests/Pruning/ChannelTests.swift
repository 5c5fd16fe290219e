import EspalierCoupling
import EspalierGraph
import Testing

@testable import EspalierPruning

/// Scores and choices on networks small enough to work out by hand.
@Suite struct ChannelTests {
  /// `x [1, 2] -> 4 channels -> [1, 2]`, linear, with given rows and columns.
  private func network(_ rows: [[Float]], _ columns: [[Float]]) throws -> Coupling {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 2]))
    let first = graph.addConstant(
      "first", Tensor(rows.flatMap { $0 }, shape: [rows.count, 2]))
    let second = graph.addConstant(
      "second", Tensor(columns.flatMap { $0 }, shape: [2, rows.count]))
    let transposed: [String: Attribute] = ["transB": .integer(1)]
    let hidden = graph.addNode("Relu", [graph.addNode("Gemm", [x, first], attributes: transposed)])
    graph.outputs = [graph.addNode("Gemm", [hidden, second], attributes: transposed)]
    return Coupling(of: try Specialised(graph))
  }

  private let rows: [[Float]] = [[1, 0], [3, 4], [-2, 2], [0, 0]]
  private let columns: [[Float]] = [[1, 1, 0, 9], [0, -1, 1, 0]]

  private func scores(
    _ criterion: WeightCriterion, _ aggregation: ScoreAggregation
  ) throws -> [Double] {
    criterion.scores(try network(rows, columns), aggregation: aggregation, seed: 1).values[0][0]
  }

  @Test func slicesOfEveryWeightCount() throws {
    // Rows sum to 1, 7, 4, 0 and columns to 1, 2, 1, 9.
    #expect(try scores(.l1, .sum) == [2, 9, 5, 9])
    #expect(try scores(.l1, .mean) == [1, 4.5, 2.5, 4.5])
    #expect(try scores(.l1, .max) == [1, 7, 4, 9])
    #expect(try scores(.l2, .sum) == [2, 27, 9, 81])
    #expect(try scores(.l1, .l2) == [2.0, 53, 17, 81].map { $0.squareRoot() })
  }

  @Test func geometricMedianAgainstTheDefinition() throws {
    func distance(_ a: [Float], _ b: [Float]) -> Double {
      Double(zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }).squareRoot()
    }
    let expected = rows.map { row in rows.reduce(0) { $0 + distance(row, $1) } }
    let got = try scores(.fpgm, .sum)
    for (a, b) in zip(got, expected) { #expect(abs(a - b) < 1e-6) }
  }

  @Test func normalisations() {
    #expect(ScoreNormalisation.sum.apply([1, 3]) == [0.25, 0.75])
    #expect(ScoreNormalisation.mean.apply([1, 3]) == [0.5, 1.5])
    #expect(ScoreNormalisation.max.apply([1, 4]) == [0.25, 1])
    // 9 of 9, 1 of 10.
    #expect(ScoreNormalisation.lamp.apply([1, 3]) == [0.1, 1])
    for normalisation in ScoreNormalisation.allCases {
      #expect(normalisation.apply([0, 0]) == [0, 0])
    }
  }

  private func pruner(_ budget: ChannelBudget) -> ChannelPruner {
    var pruner = ChannelPruner(budget: budget)
    pruner.alignment = 1
    return pruner
  }

  @Test(arguments: PruningScope.allCases) func ofEqualScoresTheFirstGoes(
    _ scope: PruningScope
  ) throws {
    let coupling = try network(rows, columns)
    let scores = ChannelScores(values: [[[1, 1, 1, 1]]])
    var pruner = pruner(.operations(ratio: 2))
    pruner.scope = scope
    let keptChannels = try pruner.selected(coupling, scores)
    #expect(keptChannels.kept[coupling.groups[0].leaf] == .shared([2, 3]))
  }

  /// The last has squares that overflow, of which no share can be taken.
  @Test(arguments: [[1, .nan, 2, 3], [1, .infinity, 2, 3], [0, 1, 1e300, 3]] as [[Double]])
  func scoresWithoutAnOrderAreRefused(_ list: [Double]) throws {
    let coupling = try network(rows, columns)
    var pruner = pruner(.operations(ratio: 2))
    pruner.normalisation = .lamp
    let error = #expect(throws: PruningError.self) {
      try pruner.selected(coupling, ChannelScores(values: [[list]]))
    }
    #expect(error?.code == .nonFiniteScore && error?.place == "initializer \"first\"")
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity], WeightCriterion.allCases)
  func weightsWithoutAnOrderAreRefused(_ number: Float, _ criterion: WeightCriterion) throws {
    let coupling = try network(rows, [[1, 1, 0, 9], [0, -1, number, 0]])
    let scores = criterion.scores(coupling, aggregation: .sum, seed: 1)
    let error = #expect(throws: PruningError.self) {
      try pruner(.operations(ratio: 2)).selected(coupling, scores)
    }
    #expect(error?.code == .nonFiniteWeight && error?.place == "initializer \"second\"")
  }

  @Test func atLeastOneChannelStays() throws {
    let coupling = try network(rows, columns)
    let scores = ChannelScores(values: [[[0, 0, 0, 0]]])
    var pruner = pruner(.channels(share: 0.99))
    pruner.cap = 0.999
    let keptChannels = try pruner.selected(coupling, scores)
    #expect(keptChannels.kept[coupling.groups[0].leaf] == .shared([3]))
  }

  @Test func theCapHoldsAndAnImpossibleBudgetSaysHowFarItGets() throws {
    let coupling = try network(rows, columns)
    let scores = ChannelScores(values: [[[0, 1, 2, 3]]])
    var pruner = pruner(.operations(ratio: 3))
    pruner.cap = 0.5
    let error = #expect(throws: PruningError.self) { try pruner.selected(coupling, scores) }
    #expect(error?.code == .unreachableBudget)
    #expect(error?.message.contains("flops:2.00") == true)
    #expect(error?.message.contains("graph input") == true)
  }

  @Test func excludedGroupsStay() throws {
    let coupling = try network(rows, columns)
    var pruner = pruner(.operations(ratio: 2))
    pruner.exclude = ["^second$"]
    #expect(throws: PruningError.self) {
      try pruner.selected(coupling, ChannelScores(values: [[[0, 1, 2, 3]]]))
    }
  }

  @Test func countsStayMultiplesOfTheAlignment() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    func weight(_ name: String, _ shape: [Int]) -> Graph.ValueID {
      graph.addConstant(
        name, Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) }, shape: shape))
    }
    let a = graph.addNode("MatMul", [x, weight("a", [4, 64])])
    graph.outputs = [graph.addNode("MatMul", [a, weight("b", [64, 4])])]
    let coupling = Coupling(of: try Specialised(graph))
    let scores = WeightCriterion.l1.scores(coupling, aggregation: .sum, seed: 1)
    var pruner = ChannelPruner(budget: .operations(ratio: 1.5))
    pruner.alignment = 16
    // 42 channels would do.
    #expect(try pruner.selected(coupling, scores).kept[coupling.groups[0].leaf]?.count == 32)
  }

  /// 4 -> 8 -> 64 -> 4, 800 multiplications. Two of the 8 save 136, four of the 64 save 48, of fewer 40.
  @Test(arguments: [(1.05, [8, 60]), (1.2, [6, 64]), (1.3, [6, 56])])
  func whatABundleSavesBeyondTheBudgetCountsForNothing(ratio: Double, kept: [Int]) throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    func layer(_ x: Graph.ValueID, _ name: String, _ shape: [Int]) -> Graph.ValueID {
      let numbers = (0..<shape.reduce(1, *)).map { Float($0 % 7) }
      return graph.addNode("MatMul", [x, graph.addConstant(name, Tensor(numbers, shape: shape))])
    }
    let narrow = layer(x, "a", [4, 8])
    graph.outputs = [layer(layer(narrow, "b", [8, 64]), "c", [64, 4])]
    let coupling = Coupling(of: try Specialised(graph))
    let sizes = coupling.groups.map(\.size)
    #expect(sizes.sorted() == [8, 64])
    // For what it saves the narrow group's are the least.
    let scores = sizes.map { [[Double](repeating: $0 == 8 ? 0.1 : 0.03, count: $0)] }
    var pruner = ChannelPruner(budget: .operations(ratio: ratio))
    (pruner.alignment, pruner.weighsCosts, pruner.normalisation) = (4, true, .none)
    let found = try pruner.selected(coupling, ChannelScores(values: scores))
    let counts = coupling.groups.map { found.kept[$0.leaf]?.count ?? $0.size }
    #expect((sizes[0] == 8 ? counts : counts.reversed()) == kept)
  }

  @Test func budgetsAreReadStrictly() throws {
    #expect(try ChannelBudget(parsing: "flops:2.5") == .operations(ratio: 2.5))
    #expect(try ChannelBudget(parsing: "params:3") == .parameters(ratio: 3))
    for text in ["flops", "flops:0.5", "flops:nan", "flops:inf", "macs:2", "flops:2:3", ""] {
      #expect(throws: PruningError.self) { try ChannelBudget(parsing: text) }
    }
  }
}
