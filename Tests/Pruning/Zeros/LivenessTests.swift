import EspalierCoupling
import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Live multiply-accumulates against every path counted one by one.
@Suite struct LivenessTests {
  /// Pointwise convolutions over 2 by 2 pixels, the third added to what the first makes, with some of
  /// their weights zero.
  private func network(_ weights: [[Float]]) -> Graph {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 3, 2, 2]))
    func convolution(_ x: Graph.ValueID, _ number: Int, _ inputs: Int, _ outputs: Int)
      -> Graph.ValueID
    {
      let weight = graph.addConstant(
        "w\(number)", Tensor(weights[number], shape: [outputs, inputs, 1, 1]))
      let bias = graph.addConstant(
        "b\(number)", Tensor([Float](repeating: 1, count: outputs), shape: [outputs]))
      return graph.addNode("Conv", [x, weight, bias], name: "conv\(number)")
    }
    let first = graph.addNode("Relu", [convolution(x, 0, 3, 4)])
    let second = graph.addNode("Relu", [convolution(first, 1, 4, 5)])
    let sum = graph.addNode("Add", [convolution(second, 2, 5, 4), first])
    graph.outputs = [convolution(sum, 3, 4, 2)]
    return graph
  }

  /// Weights on a path of weights that are not zero from an input to an output, by looking for one.
  private func countByPaths(_ weights: [[Float]]) -> Int {
    let shapes = [(4, 3), (5, 4), (4, 5), (2, 4)]
    // Spaces of channels: 0 inputs, 1 what the first and third layer make, 2 hidden, 3 outputs.
    let spaces = [(0, 1), (1, 2), (2, 1), (1, 3)]
    func next(_ space: Int, _ channel: Int) -> [(space: Int, channel: Int)] {
      shapes.indices.filter { spaces[$0].0 == space }.flatMap { layer in
        (0..<shapes[layer].0).filter { weights[layer][$0 * shapes[layer].1 + channel] != 0 }
          .map { (spaces[layer].1, $0) }
      }
    }
    func reaches(
      _ start: (space: Int, channel: Int), _ isEnd: (Int, Int) -> Bool, _ seen: inout Set<Int>
    ) -> Bool {
      if isEnd(start.space, start.channel) { return true }
      guard seen.insert(start.space * 16 + start.channel).inserted else { return false }
      return next(start.space, start.channel).contains { reaches($0, isEnd, &seen) }
    }
    var count = 0
    for layer in shapes.indices {
      for row in 0..<shapes[layer].0 {
        for column in 0..<shapes[layer].1
        where weights[layer][row * shapes[layer].1 + column] != 0 {
          let varies = (0..<3).contains { input in
            var seen: Set<Int> = []
            return reaches((0, input), { $0 == spaces[layer].0 && $1 == column }, &seen)
          }
          var seen: Set<Int> = []
          if varies, reaches((spaces[layer].1, row), { space, _ in space == 3 }, &seen) {
            count += 4
          }
        }
      }
    }
    return count
  }

  @Test func countsAreThoseOfPaths() throws {
    var counts: Set<Int> = []
    for seed in 1...60 as ClosedRange<UInt64> {
      var random = Seeded(seed: seed)
      let weights = [12, 20, 20, 8].map { count in
        (0..<count).map { _ in random.next(in: 0...3) == 0 ? Float(1) : 0 }
      }
      let live = LiveCount(Coupling(of: try Specialised(network(weights))))
      let wanted = countByPaths(weights)
      let error = abs(live.live - Double(wanted))
      #expect(error < 1e-9, "seed \(seed)")
      #expect(live.all == 240)
      counts.insert(wanted)
    }
    #expect(counts.contains(0) && counts.count > 10)
  }

  /// What nothing reads is removed, and the network computes the same.
  @Test func unreadChannelsAreRemoved() throws {
    var random = Seeded(seed: 5)
    var weights = [12, 20, 20, 8].map { random.tensor([$0]).floats }
    // Nothing reads hidden channel 2; nothing makes hidden channel 4, which is constant.
    for row in 0..<4 { weights[2][row * 5 + 2] = 0 }
    for column in 0..<4 { weights[1][4 * 4 + column] = 0 }
    let graph = network(weights)
    let coupling = Coupling(of: try Specialised(graph))
    let pruned = coupling.pruned(coupling.readChannels())
    #expect(pruned.values.first { $0.name == "w1" }?.constant?.shape == [4, 4, 1, 1])
    #expect(pruned.values.first { $0.name == "w0" }?.constant?.shape == [4, 3, 1, 1])
    let input = ["x": random.tensor([1, 3, 2, 2])]
    let outputs = try [graph, pruned].map { graph in
      try Interpreter(Specialised(graph)).run(input).values.first!.floats
    }
    let errors = zip(outputs[0], outputs[1]).map { abs($0 - $1) }
    #expect(errors.allSatisfy { $0 < 1e-5 })
  }
}
