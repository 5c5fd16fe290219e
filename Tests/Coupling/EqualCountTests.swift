import EspalierCoupling
import EspalierGraph
import Testing

/// ShuffleNetV2 in small: why its halves are tied, and what untying them would take. docs/coupling.md
/// has the argument.
@Suite struct EqualCountTests {
  /// One stage: both halves of the first unit computed, then units that pass one half on.
  private static func stage(half: Int, units: Int) -> Graph {
    var net = Net()
    let x = net.input([1, 3, 2, 2])
    var (kept, new) = (net.conv(x, 3, half, kernel: 1), net.conv(x, 3, half, kernel: 1))
    for unit in 0..<units {
      let all = net.shuffle(net.concat([kept, new]), 2 * half, groups: 2, extent: 2)
      if unit == units - 1 { return net.finished([net.conv(all, 2 * half, 4, kernel: 1)]) }
      let halves = net.split(all, [Int64(half), Int64(half)])
      kept = halves[0]
      new = net.conv(net.sigmoid(net.conv(halves[1], half, half, kernel: 1)), half, half, kernel: 1)
    }
    preconditionFailure("a stage has units")
  }

  /// Every unit halves the indices that go together once more.
  @Test(arguments: [(2, [5, 5, 10]), (3, [2, 2, 5, 10, 10]), (4, [2, 5, 10, 10, 10])])
  func everyUnitTiesMoreChannels(_ units: Int, _ groups: [Int]) throws {
    let oracle = try Oracle(Self.stage(half: 10, units: units))
    oracle.expectGroups(groups)
    try oracle.checkAll()
  }

  /// Halves `A` and `B` of equal count, dealt out in turn, are cut where the original is cut only if
  /// their counts before the cut agree too (or the first has one more): equal counts do not suffice.
  @Test(arguments: [5, 6]) func equalCountsOfHalvesDoNotSuffice(_ half: Int) {
    var (possible, equal) = (0, 0)
    for first in 1..<(1 << half) {
      for second in 1..<(1 << half) where first.nonzeroBitCount == second.nonzeroBitCount {
        let a = (0..<half).filter { first >> $0 & 1 == 1 }
        let b = (0..<half).filter { second >> $0 & 1 == 1 }
        // Original places after the shuffle, in the order in which the pruned tensor has them.
        let dealt = zip(a, b).flatMap { [2 * $0, 2 * $1 + 1] }
        let before = Set(dealt.filter { $0 < half })
        let cuts = (0...dealt.count).contains { Set(dealt.prefix($0)) == before }
        let surplus = a.count { 2 * $0 < half } - b.count { 2 * $0 + 1 < half }
        #expect(cuts == (surplus == 0 || surplus == 1))
        equal += 1
        possible += cuts ? 1 : 0
      }
    }
    #expect(possible < equal)
    print("halves of \(half): \(possible) of \(equal) pairs of equal count can be cut")
  }
}
