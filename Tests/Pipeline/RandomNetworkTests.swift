import Espalier
import EspalierGraph
import Testing

/// Random networks through pruning, packing and the runtime, against the reference interpreter.
@Suite struct RandomNetworkTests {
  static let seeds: [UInt64] = Array(1...300)

  @Test(arguments: seeds) func denseNetworksAgree(seed: UInt64) throws {
    try check(RandomNetwork.make(seed: seed), seed: seed)
  }

  @Test(arguments: Zeros.all) func prunedNetworksAgree(zeros: Zeros) throws {
    var encodings: Set<String> = []
    for seed: UInt64 in 1001...1020 {
      let packed = try check(zeros.applied(to: RandomNetwork.make(seed: seed)), seed: seed)
      encodings.formUnion(packed.conversion.layers.map(\.encoding))
    }
    // The test is about packed zeros, so some layers must have them.
    #expect(encodings.count > 1, "only \(encodings)")
  }

  /// Every instruction set with one and two threads; the number of threads does not change a bit.
  @discardableResult
  private func check(_ graph: Graph, seed: UInt64) throws -> Packed {
    let packed = try Packed(graph, seed: seed)
    for set in availableSets {
      let alone = try packed.results(instructionSet: set)
      let found = packed.differences(alone)
      #expect(found.isEmpty, "seed \(seed), \(set.name): \(found)")
      let paired = try packed.results(threads: 2, instructionSet: set)
      #expect(
        zip(alone, paired).allSatisfy { $0.tensor == $1.tensor },
        "seed \(seed), \(set.name): two threads give other bits than one")
    }
    return packed
  }
}
