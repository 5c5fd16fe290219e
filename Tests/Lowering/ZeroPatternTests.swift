import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// Zeros that somebody else made are recognised, and packed as what they are.
@Suite struct ZeroPatternTests {
  /// The candidate that packs the matrix in panels of that height.
  private func panels(of matrix: Matrix, height: Int) throws -> WeightChoice {
    let choices = WeightCandidates(matrix.weight).all.dropFirst().map(\.choice)
    return try #require(choices.first { $0.packing == .panels && $0.panelHeight == height })
  }

  @Test func blocksAreRecognised() throws {
    var random = Seeded(seed: 1)
    for (height, width) in [(16, 8), (8, 8), (16, 4), (8, 4), (16, 1), (8, 1), (4, 1)] {
      let matrix = Matrix(64, 9 * 64, taps: 9, &random).blocks(height, width, &random)
      let choice = try panels(of: matrix, height: min(height, 8))
      #expect(choice.name == "block:\(height)x\(width)")
      #expect(
        ZeroPattern(matrix.weight).fittingPatterns().contains("block:\(height)x\(width)"))
    }
  }

  @Test func vectorwisePatternsAreRecognised() throws {
    var random = Seeded(seed: 2)
    for height in [8, 4, 2] {
      for (n, m) in [(1, 4), (2, 4), (1, 8), (2, 8)] where height > 2 || n < m / 2 {
        let matrix = Matrix(32, 9 * 32, taps: 9, &random).runs(n, of: m, height: height, &random)
        let choice = try panels(of: matrix, height: height)
        let fitting = ZeroPattern(matrix.weight).fittingPatterns()
        #expect(fitting.contains("vnm:\(height):\(n):\(m)"), "\(fitting)")
        #expect(choice.name == "vnm:\(height):\(n):\(m)")
      }
    }
  }

  @Test func strictPatternsAreRecognised() throws {
    var random = Seeded(seed: 3)
    for (n, m) in [(1, 4), (2, 4), (2, 8), (4, 8)] {
      let matrix = Matrix(32, 128, &random).runs(n, of: m, height: 1, &random)
      let choice = WeightChoice(matrix.weight)
      #expect(choice.packing == .rowPairs)
      #expect(choice.name == "nm:\(n):\(m)")
    }
  }

  @Test func scatteredZerosAreUnstructured() throws {
    var random = Seeded(seed: 5)
    for share in [0.5, 0.6, 0.7] {
      let matrix = Matrix(256, 512, &random).scattered(share, &random)
      let choice = WeightChoice(matrix.weight)
      #expect(choice.name == "unstructured")
      #expect(choice.packing == .rowPairs)
      #expect(abs(choice.density - (1 - share)) < 0.02)
    }
  }

  /// Nearly empty weights fit many patterns by chance; none of those is a name for them.
  @Test func chanceIsNoPattern() throws {
    var random = Seeded(seed: 4)
    let choice = WeightChoice(Matrix(64, 256, &random).scattered(0.97, &random).weight)
    #expect(choice.encoding == .block || choice.encoding == .unstructured, "\(choice.name)")
  }

  @Test func fewZerosStayDense() throws {
    var random = Seeded(seed: 6)
    for share in [0.0, 0.02, 0.05] {
      let choice = WeightChoice(Matrix(64, 256, &random).scattered(share, &random).weight)
      #expect(choice.encoding == .dense)
      #expect(!choice.reason.isEmpty)
    }
  }

  @Test func depthwiseStaysDense() throws {
    var random = Seeded(seed: 7)
    var matrix = Matrix(32, 9, groups: 32, taps: 9, &random).scattered(0.7, &random)
    matrix.isDepthwise = true
    let choice = WeightChoice(matrix.weight)
    #expect(choice.encoding == .dense)
    #expect(choice.packing == .depthwise)
  }

  @Test func denseOnRequest() throws {
    var random = Seeded(seed: 8)
    let matrix = Matrix(64, 64, &random).blocks(16, 8, &random)
    #expect(WeightChoice(matrix.weight, allowSparse: false).encoding == .dense)
  }

  @Test func patternsAreFormedWithinGroups() throws {
    var random = Seeded(seed: 9)
    let matrix = Matrix(48, 9 * 16, groups: 3, taps: 9, &random).blocks(8, 8, &random)
    let choice = WeightChoice(matrix.weight)
    #expect(choice.name == "block:8x8")
    #expect(choice.packing == .panels)
  }

  @Test func aGroupsLastBlockMayBeShort() throws {
    var random = Seeded(seed: 10)
    // 12 rows in each group: a block of 8 and one of 4.
    let matrix = Matrix(36, 9 * 24, groups: 3, taps: 9, &random).blocks(8, 8, &random)
    #expect(WeightChoice(matrix.weight).name == "block:8x8")
  }

  /// Patterns run along channels at one tap, not along the matrix's columns.
  @Test func tapsAreNotChannels() throws {
    var random = Seeded(seed: 11)
    let alongColumns = Matrix(32, 9 * 32, taps: 9, &random).zeroed { _, _, channel, tap in
      (channel * 9 + tap) % 4 >= 2
    }
    #expect(ZeroPattern(alongColumns.weight).fits(n: 2, m: 4, height: 8))
    let oneTap = Matrix(32, 9 * 32, taps: 9, &random).zeroed { _, _, _, tap in tap < 5 }
    #expect(!ZeroPattern(oneTap.weight).fits(n: 2, m: 4, height: 1))
  }

  @Test func oneExtraWeightBreaksAPattern() throws {
    var random = Seeded(seed: 12)
    var matrix = Matrix(32, 64, &random).runs(2, of: 4, height: 8, &random)
    #expect(ZeroPattern(matrix.weight).fits(n: 2, m: 4, height: 8))
    let place = matrix.values.firstIndex(of: 0)!
    matrix.values[place] = 1
    #expect(!ZeroPattern(matrix.weight).fits(n: 2, m: 4, height: 8))
  }

  @Test func aWeightOfZerosAloneIsPacked() throws {
    var random = Seeded(seed: 13)
    let matrix = Matrix(17, 33, &random).zeroed { _, _, _, _ in true }
    let choice = WeightChoice(matrix.weight)
    #expect(choice.density == 0)
    #expect(matrix.weight.packed(choice).unpacked()?.values == matrix.values)
  }
}
