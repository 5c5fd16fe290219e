import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// Weights packed as lowering packs them: unpacking gets the dense matrix back.
@Suite struct PackingTests {
  private static let sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 33]

  @Test func densePanelsHoldTheMatrix() throws {
    var random = Seeded(seed: 1)
    for rows in Self.sizes {
      for columns in [1, 2, 7, 16, 33] {
        let matrix = Matrix(rows, columns, &random)
        let choice = WeightChoice(matrix.weight)
        #expect(choice.encoding == .dense)
        check(matrix, choice)
      }
    }
  }

  @Test func denseGroupsHoldTheMatrix() throws {
    var random = Seeded(seed: 2)
    for (rows, groups) in [(6, 2), (9, 3), (20, 4), (34, 2), (51, 3)] {
      let matrix = Matrix(rows, 18, groups: groups, taps: 9, &random)
      check(matrix, WeightChoice(matrix.weight))
    }
  }

  @Test func depthwiseWeightsStayAsTheyAre() throws {
    var random = Seeded(seed: 3)
    var matrix = Matrix(24, 9, groups: 12, taps: 9, &random)
    matrix.isDepthwise = true
    let choice = WeightChoice(matrix.weight)
    #expect(choice.packing == .depthwise)
    check(matrix, choice)
  }

  @Test(arguments: [WeightPacking.winograd2, .winograd4])
  func winogradHoldsTheMatrix(packing: WeightPacking) throws {
    var random = Seeded(seed: 10)
    for (rows, channels) in [(1, 1), (8, 3), (9, 2), (32, 1), (75, 5)] {
      let matrix = Matrix(rows, 9 * channels, taps: 9, &random)
      check(matrix, choice(matrix, packing, .dense, 8))
    }
  }

  /// Each family whether or not it is the one that would be chosen.
  @Test(arguments: [0.0, 0.3, 0.5, 0.9, 1.0]) func everyFamilyHoldsAnyZeros(share: Double) throws {
    var random = Seeded(seed: 4)
    for rows in Self.sizes {
      for columns in [1, 3, 16, 127, 128, 129, 300] {
        let matrix = Matrix(rows, columns, &random).scattered(share, &random)
        for height in [8, 4, 2, 1] {
          check(matrix, choice(matrix, .panels, .block, height, [height, 1]))
        }
        check(matrix, choice(matrix, .patternGroups, .unstructured, 4))
        check(matrix, choice(matrix, .rowPairs, .unstructured, 2))
        for packing in WeightPacking.allCases where packing.isForVectors {
          check(matrix, choice(matrix, packing, .unstructured, 16))
        }
      }
    }
  }

  @Test func groupsHaveTheirOwnLists() throws {
    var random = Seeded(seed: 5)
    for (rows, groups) in [(2, 2), (6, 2), (27, 3), (34, 2), (64, 4)] {
      let matrix = Matrix(rows, 36, groups: groups, taps: 9, &random).scattered(0.6, &random)
      for height in [8, 4, 2] {
        check(matrix, choice(matrix, .panels, .block, height, [height, 1]))
      }
      check(matrix, choice(matrix, .patternGroups, .unstructured, 4))
      check(matrix, choice(matrix, .rowPairs, .unstructured, 2))
    }
  }

  @Test func blocksOfSixteenRowsShareLists() throws {
    var random = Seeded(seed: 6)
    for rows in [16, 24, 32, 40, 48] {
      let matrix = Matrix(rows, 64, &random).blocks(16, 8, &random)
      let choice = choice(matrix, .panels, .block, 8, [16, 8])
      let packed = matrix.weight.packed(choice)
      #expect(packed.panelsPerList == 2)
      #expect(packed.counts.count == (rows + 15) / 16)
      check(matrix, choice)
    }
  }

  @Test func sharingStaysWithinAGroup() throws {
    var random = Seeded(seed: 7)
    // Three panels in each group: a pair, and one alone.
    let matrix = Matrix(48, 32, groups: 2, &random).blocks(16, 8, &random)
    let choice = choice(matrix, .panels, .block, 8, [16, 8])
    #expect(matrix.weight.packed(choice).counts.count == 4)
    check(matrix, choice)
  }

  @Test func panelsThatDifferDoNotShare() throws {
    var random = Seeded(seed: 8)
    let matrix = Matrix(32, 64, &random).blocks(8, 8, &random)
    let choice = choice(matrix, .panels, .block, 8, [8, 8])
    #expect(matrix.weight.packed(choice).panelsPerList == 1)
    check(matrix, choice)
  }

  /// Zeros that are left out cost nothing: the floats stored are those of kept panels or weights.
  @Test func onlyWhatIsKeptIsStored() throws {
    var random = Seeded(seed: 9)
    let matrix = Matrix(64, 256, &random).runs(1, of: 4, height: 8, &random)
    let panels = choice(matrix, .panels, .vectorwise, 8, [1, 4, 8])
    #expect(matrix.weight.packed(panels).values.floats.count == 64 * 64)
    let groups = choice(matrix, .patternGroups, .unstructured, 4)
    #expect(matrix.weight.packed(groups).values.floats.count == 64 * 64)
    let pairs = choice(matrix, .rowPairs, .unstructured, 2)
    #expect(matrix.weight.packed(pairs).values.floats.count == 64 * 64)
  }

  /// Two numbers in 17 are stored of 32, where two of four are kept.
  @Test func quadsStoreWhatRowsKeep() throws {
    var random = Seeded(seed: 12)
    for (n, most) in [(1, 1), (2, 2), (3, 3)] {
      let matrix = Matrix(32, 256, &random).runs(n, of: 4, height: 1, &random)
      let packed = matrix.weight.packed(choice(matrix, .nOfFour, .strict, 16, [n, 4, 1]))
      #expect(packed.counts == [UInt32(most), UInt32(most)])
      let blocks = (64 + 16 / n - 1) / (16 / n)
      #expect(packed.values.floats.count == 2 * 16 * (64 * n + blocks))
    }
  }

  /// Rows of N:M keep as many columns in each block, so that pairs need no fill, whatever the taps.
  @Test func pairsOfStrictRowsNeedNoFill() throws {
    var random = Seeded(seed: 10)
    for (channels, taps) in [(256, 1), (128, 1), (64, 9), (96, 9), (20, 25)] {
      let matrix = Matrix(140, channels * taps, taps: taps, &random)
        .runs(2, of: 4, height: 1, &random)
      let packed = matrix.weight.packed(choice(matrix, .rowPairs, .strict, 2, [2, 4, 1]))
      #expect(packed.values.floats.count { $0 == 0 } == 0, "\(channels) channels, \(taps) taps")
      check(matrix, choice(matrix, .rowPairs, .strict, 2, [2, 4, 1]))
    }
  }

  /// Rows that share columns find one another, and load them once.
  @Test func rowsThatAreAlikeBecomePairs() throws {
    var random = Seeded(seed: 11)
    // Rows 0 and 64, 1 and 65 ... keep the same columns.
    let half = Matrix(64, 64, &random).scattered(0.7, &random)
    var matrix = Matrix(128, 64, &random)
    for index in half.values.indices {
      matrix.values[index] = half.values[index]
      matrix.values[64 * 64 + index] = half.values[index]
    }
    let packed = matrix.weight.packed(choice(matrix, .rowPairs, .unstructured, 2))
    var position = 0
    var alone = 0
    while position < packed.stream.count {
      let header = packed.stream[position..<position + 4].map { Int($0) }
      #expect(header[0] % 64 == header[1] % 64)
      alone += header[2]
      position += 4 + 2 * header[2] + header[3]
    }
    // At most one column is left over where two at a time are shared, and one of fill.
    #expect(alone <= 64 * 2)
  }

  private func check(_ matrix: Matrix, _ choice: WeightChoice) {
    let same = matrix.weight.packed(choice).unpacked()?.values == matrix.values
    #expect(
      same,
      "\(matrix.rows)x\(matrix.columns) in \(matrix.groups) groups as \(choice.packing), \(choice.name)"
    )
  }

  private func choice(
    _ matrix: Matrix, _ packing: WeightPacking, _ encoding: WeightEncoding, _ height: Int,
    _ pattern: [Int] = []
  ) -> WeightChoice {
    var choice = WeightChoice(matrix.weight)
    (choice.packing, choice.encoding) = (packing, encoding)
    (choice.panelHeight, choice.pattern) = (height, pattern)
    return choice
  }
}
