import Foundation
import Testing

@testable import EspalierZoo

@Suite struct NormalGeneratorTests {
  static let count = 1_000_000

  /// The empirical distribution against the normal one, everywhere: Kolmogorov and Smirnov's distance.
  @Test(arguments: [UInt64(0), 1, 12345])
  func numbersAreNormal(seed: UInt64) {
    var random = NormalGenerator(seed: seed)
    let values = random.normals(Self.count, deviation: 1).sorted()
    var distance = 0.0
    for (index, value) in values.enumerated() {
      let expected = 0.5 * erfc(-Double(value) / 2.squareRoot())
      let below = Double(index) / Double(Self.count)
      distance = max(distance, abs(expected - below), abs(expected - below - 1e-6))
    }
    // Exceeded by a perfect generator once in about 10,000 runs; the seeds are fixed.
    #expect(distance * Double(Self.count).squareRoot() < 2.23)
    // The tail beyond the ziggurat's layers: 258 in a million are expected.
    let tail = values.count { abs($0) > 3.654_153 }
    #expect((194...322).contains(tail))
    #expect(values.first! > -7 && values.last! < 7)
  }

  @Test func deviationScales() {
    var random = NormalGenerator(seed: 7)
    let values = random.normals(Self.count, deviation: 0.01)
    let square = values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(Self.count)
    #expect(abs(square.squareRoot() - 0.01) < 0.00004)
  }

  @Test func namesHaveNumbersOfTheirOwn() {
    var (a, b, again) = (
      NormalGenerator(seed: 1, name: "a"), NormalGenerator(seed: 1, name: "b"),
      NormalGenerator(seed: 1, name: "a")
    )
    let first = a.normals(8, deviation: 1)
    #expect(first != b.normals(8, deviation: 1))
    #expect(first == again.normals(8, deviation: 1))
  }

  @Test func uniformNumbersStayInRange() {
    var random = NormalGenerator(seed: 3)
    let values = (0..<100_000).map { _ in random.uniform(-1...3) }
    #expect(values.allSatisfy { $0 >= -1 && $0 <= 3 })
    #expect(abs(values.reduce(0, +) / 100_000 - 1) < 0.02)
  }
}
