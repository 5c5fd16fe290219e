import EspalierCoupling
import EspalierGraph
import Testing

/// A pruned graph and its masked reference say of free axes what the file said.
@Suite struct OpenExtentTests {
  private static let assumed = ["B": 1, "L": 5, "H": 4, "W": 6]
  private static let others: [[String: Int]] = [
    ["B": 3, "L": 5, "H": 4, "W": 6], ["B": 1, "L": 9, "H": 10, "W": 6],
    ["B": 4, "L": 7, "H": 6, "W": 8],
  ]

  @Test(arguments: OpenNetwork.allCases) func otherExtents(_ network: OpenNetwork) throws {
    let graph = network.built()
    for base in [Self.assumed, ["B": 2, "L": 4, "H": 6, "W": 4]] {
      let oracle = try OpenOracle(graph, base)
      try oracle.check(at: base)
      for other in Self.others { try oracle.check(at: other) }
    }
  }

  /// What the comparison is for: with numbers of the assumed extents in place, as a graph has them
  /// that is not to be written, each of these networks fails or computes other shapes elsewhere.
  @Test(arguments: [
    OpenNetwork.expandedByShape, .headsByShape, .headsInTheBatch, .classToken, .resizedByShape,
    .positionsOfALength, .embeddedPositions, .tiledByShape, .paddedByShape, .causalMask, .shuffled,
    .channelsBesideABatch, .splitAlongALength,
  ]) func foldedNumbersAreNoticed(_ network: OpenNetwork) throws {
    let graph = network.built()
    let oracle = try OpenOracle(graph, Self.assumed)
    let folded = Coupling(
      of: try Specialised(graph, inputShapes: oracle.assumed, purpose: .rewriting))
    let pruned = folded.pruned(oracle.kept(in: folded, lists: false))
    let shapes = OpenOracle.shapes(of: graph, Self.others[2])
    let dense = try Specialised(graph, inputShapes: shapes)
    let other = try? Specialised(pruned, inputShapes: shapes)
    let agrees =
      other.map { other in
        zip(other.graph.outputs, dense.graph.outputs).allSatisfy {
          other.type(of: $0).shape == dense.type(of: $1).shape
        }
      } ?? false
    #expect(!agrees)
  }

  /// Entries of axes that lose nothing stay as they are, down to the number.
  @Test func onlyWhatLostChannelsIsRestated() throws {
    let oracle = try OpenOracle(OpenNetwork.slicedFromBehind.built(), Self.assumed)
    let pruned = oracle.coupling.pruned(oracle.kept(in: oracle.coupling, lists: false))
    let slices = pruned.nodes.filter { $0.operation == "Slice" }
    func numbers(_ node: Graph.Node, _ input: Int) -> [Int64]? {
      node.inputs[input].flatMap { pruned.values[$0].constant?.integers }
    }
    #expect(numbers(slices[0], 1) == [1] && numbers(slices[0], 2) == [-1])
    #expect(numbers(slices[1], 2)?[1] == .max)
    #expect(numbers(slices[1], 3) == [-1, 1])
    let expand = try OpenOracle(OpenNetwork.expandedByConstant.built(), Self.assumed)
    let wide = expand.coupling.pruned(expand.kept(in: expand.coupling, lists: false))
    let target = wide.nodes.first { $0.operation == "Expand" }!.inputs[1]!
    #expect(wide.values[target].constant?.integers == [1, 1, 3, 5])
  }

  /// An axis that the file calls free and its own nodes do not is named with the node.
  @Test func anAxisThatCannotBeFreeIsNamed() throws {
    var net = Net()
    let x = net.plane()
    let flat = net.node("Flatten", [net.relu(net.conv(x, 3, 8, kernel: 3))])
    let graph = net.finished([net.gemm(flat, 8 * 24, 5)])
    let oracle = try OpenOracle(graph, Self.assumed)
    let (pruned, fixed) = oracle.coupling.sliced(oracle.kept(in: oracle.coupling, lists: false))
    #expect(fixed.map(\.axes).joined().map { $0.suffix(2) } == [".2", ".3"])
    #expect(fixed.allSatisfy { $0.node.hasPrefix("Gemm") })
    #expect(
      pruned.values[pruned.inputs[0]].shape == [.symbol("B"), .fixed(3), .fixed(4), .fixed(6)])
  }

  /// Numbers that follow no rule once channels are gone: the batch is fixed, and the node named.
  @Test func numbersThatDoNotFollowAreNamed() throws {
    var net = Net()
    let x = net.relu(net.linear(net.tokens(6), 6, 8))
    // The batch, the length and the channels in one sum, as no deployed network has it.
    let sum = net.node("ReduceSum", [net.node("Shape", [x])])
    let odd = net.node("Sub", [sum, net.integers([9])])
    let cut = net.node("Slice", [x, net.integers([0]), odd, net.integers([1])])
    let oracle = try OpenOracle(net.finished([net.linear(cut, 8, 4)]), Self.assumed)
    let (pruned, fixed) = oracle.coupling.sliced(oracle.kept(in: oracle.coupling, lists: false))
    #expect(fixed.count == 1 && fixed[0].node.hasPrefix("Slice"))
    #expect(pruned.openAxes.isEmpty)
  }
}
