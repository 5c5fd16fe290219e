import EspalierModelFile
import Testing

@Suite struct WeightTests {
  private func refused(_ weight: WeightDescription) -> Bool {
    guard let error = refusal(of: Samples.linear(weight)) else { return false }
    return error.code == .badWeight && error.place == .weight(0)
  }

  private func accepted(_ weight: WeightDescription) -> Bool {
    refusal(of: Samples.linear(weight)) == nil
  }

  /// A matrix of so many rows and columns, each element zero with the given chance.
  private func random(
    _ rows: Int, _ columns: Int, zeros: Double, _ random: inout SeededGenerator
  ) -> [[Float]] {
    (0..<rows).map { _ in
      (0..<columns).map { _ in
        Double.random(in: 0..<1, using: &random) < zeros
          ? 0 : Float.random(in: 1...2, using: &random)
      }
    }
  }

  @Test func everyPackingOfEverySizeIsAccepted() {
    var random = SeededGenerator(seed: 3)
    for rows in 1...18 {
      for columns in [1, 2, 7, 16, 33] {
        let groups = rows % 3 == 0 ? 3 : 1
        let matrix = self.random(rows, columns, zeros: 0.6, &random)
        let packer = Packer(matrix, groups: groups)
        for height in [1, 2, 4, 8] {
          #expect(accepted(packer.dense(height: height)))
          for perList in [1, 2, 3] {
            #expect(
              accepted(
                packer.panels(
                  height: height, perList: perList, encoding: .unstructured, pattern: [])))
          }
        }
        for block in [1, 5, 16, 65_535] {
          #expect(
            accepted(packer.patternGroups(block: block, encoding: .unstructured, pattern: [])))
        }
        for (block, band) in [(1, 1), (5, 2), (16, 3), (4096, 128)] {
          #expect(
            accepted(
              packer.rowPairs(block: block, band: band, encoding: .unstructured, pattern: [])))
        }
        #expect(accepted(Packer(matrix).rows16(encoding: .unstructured, pattern: [])))
        #expect(accepted(Packer(matrix).nOfFour(encoding: .unstructured, pattern: [])))
        #expect(accepted(packer.depthwise()))
      }
    }
  }

  /// A choice that was slower than dense was no choice, and one time alone compares nothing.
  @Test func timesThatContradictTheChoice() {
    var weight = Packer(Samples.sparse(rows: 8, channels: 8, taps: 1, shared: 4))
      .panels(height: 4, encoding: .vectorwise, pattern: [2, 4, 4])
    for (chosen, dense) in [(1, 1), (1, 2), (UInt64.max, UInt64.max)] as [(UInt64, UInt64)] {
      weight.times = MeasuredTimes(chosen: chosen, dense: dense)
      #expect(accepted(weight))
    }
    for (chosen, dense) in [(2, 1), (1, 0), (0, 1), (.max, .max - 1)] as [(UInt64, UInt64)] {
      weight.times = MeasuredTimes(chosen: chosen, dense: dense)
      #expect(refused(weight))
    }
  }

  @Test(arguments: [2, 4]) func winogradOfEverySizeIsAccepted(tile: Int) {
    var random = SeededGenerator(seed: 4)
    for rows in [1, 7, 8, 9, 31, 32, 33, 70] {
      for columns in [9, 18, 63] {
        let matrix = self.random(rows, columns, zeros: 0.1, &random)
        #expect(accepted(Packer(matrix).winograd(tile: tile)))
      }
    }
  }

  @Test func winogradWithAFault() {
    var random = SeededGenerator(seed: 5)
    let good = Packer(self.random(9, 18, zeros: 0, &random)).winograd(tile: 4)
    #expect(accepted(good))
    #expect(good.values.floats.count == 9 * 18)
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.values.floats.append(0) }, { $0.values.floats.removeLast() },
      { $0.encoding = .unstructured },
      { $0.packing = .panels }, { $0.groups = 3 },
      { $0.columns = 17 }, { $0.columns = 27 }, { $0.rows = 8 }, { $0.rows = 1 << 30 },
      { $0.counts = [1] }, { $0.columnLists = [0] }, { $0.stream = [0] },
      { $0.pattern = [1, 0, 0] },
      { $0.nonzeroCount = UInt64($0.values.floats.count) + 1 },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
  }

  /// Rows rounded up to 8, 36 or 16 numbers for each nine; nil where that overflows.
  @Test func transformedCounts() {
    func count(_ packing: WeightPacking, _ rows: Int, _ columns: Int) -> Int? {
      packing.transformedCount(rows: rows, columns: columns)
    }
    #expect(count(.winograd4, 1, 9) == 288 && count(.winograd2, 8, 27) == 384)
    #expect(count(.winograd4, 9, 18) == 1152 && count(.panels, 9, 18) == 0)
    let most = Int(Int32.max)
    #expect(count(.winograd2, most, most) == (1 << 31) * 16 * (most / 9))
    #expect(count(.winograd4, .max / 64, 18) == nil)
  }

  @Test func panelsWithAFault() {
    let good = Packer(Samples.sparse(rows: 9, channels: 8, taps: 1, shared: 4))
      .panels(height: 4, encoding: .vectorwise, pattern: [2, 4, 4])
    #expect(accepted(good))
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.rows = 0 }, { $0.rows = -8 }, { $0.columns = 0 }, { $0.groups = 0 }, { $0.groups = 2 },
      { $0.groups = -1 }, { $0.panelHeight = 3 }, { $0.panelHeight = 0 }, { $0.panelHeight = 16 },
      { $0.panelsPerList = 0 }, { $0.panelsPerList = -1 }, { $0.panelsPerList = 2 },
      { $0.columns = 7 }, { $0.columnLists[0] = 70_000 }, { $0.columnLists.swapAt(0, 1) },
      { $0.columnLists[1] = $0.columnLists[0] }, { $0.columnLists[3] = 8 },
      { $0.columnLists.removeLast() }, { $0.columnLists.append(7) }, { $0.counts[0] += 1 },
      { $0.counts[2] += 1 }, { $0.counts[0] = .max }, { $0.counts.removeLast() },
      { $0.counts.append(0) }, { $0.counts = [] }, { $0.values.floats.removeLast() },
      { $0.values.floats.append(0) }, { $0.stream = [1] }, { $0.encoding = .dense },
      { $0.nonzeroCount = UInt64($0.values.floats.count) + 1 }, { $0.rows = 1 << 30 },
      { $0.panelsPerList = 1 << 30 },
    ]
    for (index, fault) in faults.enumerated() {
      var weight = good
      fault(&weight)
      var model = Samples.linear(good)
      model.weights = [weight]
      let error = refusal(of: model)
      #expect(error?.code == .badWeight && error?.place == .weight(0), "fault \(index)")
    }
  }

  @Test func denseWithAFault() {
    let good = Packer([[1, 2, 3], [4, 5, 6]]).dense(height: 2)
    #expect(accepted(good))
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.values.floats.append(0) }, { $0.values.floats.removeLast() },
      { $0.encoding = .unstructured },
      { $0.columnLists = [0] }, { $0.panelsPerList = 2 }, { $0.pattern = [1, 0, 0] },
      { $0.rows = .init(Int32.max) }, { $0.rows = 4 },
      {
        $0.packing = .depthwise; $0.stream = [0]
      },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
  }

  @Test func rowsWithAFault() {
    let good = Packer(Samples.sparse(rows: 18, channels: 8, taps: 1, shared: 1))
      .rows16(encoding: .strict, pattern: [2, 4, 1])
    #expect(accepted(good))
    #expect(good.counts == [4, 4])
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.panelHeight = 8 }, { $0.groups = 2 }, { $0.counts[0] = 3 }, { $0.counts[1] = 5 },
      { $0.counts.append(0) }, { $0.counts[0] = .max }, { $0.columnLists.removeLast() },
      { $0.columnLists[16] = $0.columnLists[0] }, { $0.columnLists[48] = 8 },
      {
        $0.columnLists[16] = 0; $0.columnLists[32] = 7
      },
      // A row behind the last.
      { $0.columnLists[64 + 15] = 1 }, { $0.stream = [0] }, { $0.values.floats.append(0) },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
  }

  @Test func quadsWithAFault() {
    let good = Packer(Samples.sparse(rows: 18, channels: 38, taps: 1, shared: 1))
      .nOfFour(encoding: .strict, pattern: [2, 4, 1])
    #expect(accepted(good))
    #expect(good.counts == [2, 2])
    // Ten fours of two, and two lines of words, for each of two panels.
    #expect(good.values.floats.count == 2 * 22 * 16)
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.panelHeight = 8 }, { $0.panelHeight = 0 }, { $0.groups = 2 }, { $0.counts[0] = 1 },
      { $0.counts[0] = 0 }, { $0.counts[1] = 3 }, { $0.counts[1] = 5 }, { $0.counts[0] = .max },
      { $0.counts.append(2) }, { $0.counts.removeLast() }, { $0.counts = [] },
      { $0.columnLists = [0] }, { $0.stream = [0] }, { $0.values.floats.append(0) },
      { $0.values.floats.removeLast() }, { $0.rows = 16 }, { $0.rows = 33 }, { $0.rows = 1 << 30 },
      { $0.columns = 36 }, { $0.columns = 41 }, { $0.columns = .init(Int32.max) },
      { $0.encoding = .dense }, { $0.packing = .slicedEllpack }, { $0.pattern = [1, 4, 1] },
      { $0.nonzeroCount = UInt64($0.values.floats.count) + 1 },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
    // No word can name what is not there, so any is accepted where nothing is promised.
    var wild = good
    (wild.encoding, wild.pattern) = (.unstructured, [])
    for panel in 0..<2 {
      for lane in 0..<16 { wild.values.floats[panel * 22 * 16 + lane] = Float(bitPattern: .max) }
    }
    #expect(accepted(wild))
    // Row 0 keeps columns 32, 33 and 36 in its second block, or 38 of 38.
    var behind = good
    behind.values.floats[17 * 16] = Float(bitPattern: 0b00_01_00)
    #expect(accepted(behind))
    behind.values.floats[17 * 16] = Float(bitPattern: 0b10_01_00)
    #expect(refused(behind))
  }

  @Test func bitmapWithAFault() {
    let rows = Samples.sparse(rows: 18, channels: 38, taps: 1, shared: 1)
    let matrix = DenseMatrix(rows: 18, columns: 38, values: Array(rows.joined()))
    let good = WeightDescription(
      matrix, in: .bitmap, PackingChoice(.strict, pattern: [2, 4, 1], panelHeight: 16))
    #expect(accepted(good))
    #expect(good.stream.count == 2 * 38 && good.counts.count == 2)
    #expect(good.counts.reduce(0) { $0 + Int($1) } == matrix.nonzeroCount)
    #expect(good.values.floats.count == matrix.nonzeroCount + 16)
    // Columns of the second panel of which its first row keeps one, and none.
    let kept = (38..<76).first { good.stream[$0] & 1 == 1 }!
    let free = (38..<76).first { good.stream[$0] & 1 == 0 }!
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.panelHeight = 8 }, { $0.panelHeight = 0 }, { $0.groups = 2 },
      // Counts: of more or fewer bits than there are, also where they add up; too many; too few.
      { $0.counts[0] += 1 }, { $0.counts[0] = 0 }, { $0.counts[0] = .max },
      {
        $0.counts[0] += 1; $0.counts[1] -= 1
      },
      { $0.counts.append(0) }, { $0.counts.removeLast() }, { $0.counts = [] },
      // Masks: another bit, one less, of a row behind the last, too many or few of them.
      { $0.stream[free] |= 1 }, { $0.stream[kept] ^= 1 },
      { $0.stream[kept] ^= 1 | 1 << 2 }, { $0.stream[kept] ^= 1 | 1 << 15 },
      { $0.stream[0] = .max }, { $0.stream.append(0) }, { $0.stream.removeLast() },
      { $0.stream = [] },
      // Values: too many, too few, nothing behind the last.
      { $0.values.floats.append(0) }, { $0.values.floats.removeLast() },
      { $0.values.floats.removeLast(16) }, { $0.values.floats = [] },
      { $0.columnLists = [0] }, { $0.rows = 16 }, { $0.rows = 17 }, { $0.rows = 33 },
      { $0.rows = 1 << 30 }, { $0.columns = 36 }, { $0.columns = 39 }, { $0.columns = 19 },
      { $0.columns = .init(Int32.max) }, { $0.encoding = .dense }, { $0.packing = .slicedEllpack },
      { $0.packing = .nOfFour }, { $0.pattern = [1, 4, 1] },
      { $0.nonzeroCount = UInt64($0.values.floats.count) + 1 },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
    // Nothing is said of the values behind the last.
    var wild = good
    for place in matrix.nonzeroCount..<matrix.nonzeroCount + 16 { wild.values.floats[place] = .nan }
    #expect(accepted(wild))
    // A third column of four; where nothing is promised, it may be any.
    var third = good
    let other = (38..<76).last { good.stream[$0] & 1 == 1 && ($0 - 38) / 4 != (free - 38) / 4 }!
    third.stream[other] ^= 1
    third.stream[free] |= 1
    #expect(refused(third))
    (third.encoding, third.pattern) = (.unstructured, [])
    #expect(accepted(third))
  }

  @Test func patternGroupsWithAFault() {
    // Two panels, of 4 and 1 rows; the first column of the first panel is in rows 0 and 2.
    let good = Packer([
      [1, 0, 0, 2, 0], [0, 3, 0, 0, 0], [4, 0, 0, 0, 5], [0, 0, 0, 0, 6], [7, 0, 0, 0, 8],
    ]).patternGroups(block: 4, encoding: .unstructured, pattern: [])
    #expect(accepted(good))
    // Sets 1 {3}, 2 {1}, 5 {0} of the first block and panel.
    #expect(good.stream.prefix(18) == [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0])
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.columnBlock = 0 }, { $0.columnBlock = 65_537 }, { $0.columnBlock = 5 },
      { $0.panelHeight = 8 }, { $0.stream[15] = 4 }, { $0.stream[15] = 1 }, { $0.stream[16] = 3 },
      { $0.stream[0] = 2 }, { $0.stream[0] = .max }, { $0.stream.removeLast() },
      { $0.stream.append(0) }, { $0.stream = [] }, { $0.values.floats.append(0) },
      { $0.values.floats.removeLast() }, { $0.counts = [1] }, { $0.columnLists = [1] },
      { $0.rows = 4 }, { $0.columns = 4 }, { $0.rows = 1 << 30 }, { $0.encoding = .dense },
      // Row 1 of a panel that has one row.
      {
        $0.stream[18] = 0; $0.stream[19] = 1
      },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
  }

  @Test func rowPairsWithAFault() {
    // Three pairs in bands of two; rows 0 and 1 share columns 0 ... 3 of the first block.
    let good = Packer([
      [1, 2, 3, 4, 0, 0, 7], [1, 2, 3, 4, 5, 0, 0], [0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0, 1, 2],
    ]).rowPairs(block: 6, band: 2, encoding: .unstructured, pattern: [])
    #expect(accepted(good))
    #expect(good.stream.prefix(8) == [2, 3, 2, 0, 1, 0, 0, 0])
    #expect(good.stream.dropFirst(8).prefix(12) == [0, 1, 2, 4, 0, 4, 0, 0, 0, 1, 2, 3])
    let faults: [(inout WeightDescription) -> Void] = [
      { $0.columnBlock = 0 }, { $0.columnBlock = 4097 }, { $0.columnBlock = 7 },
      { $0.panelsPerList = 0 }, { $0.panelsPerList = 129 }, { $0.panelsPerList = 1 },
      { $0.panelsPerList = -1 }, { $0.panelHeight = 4 },
      // Rows: outside their band, twice in a pair, twice in a band.
      { $0.stream[1] = 4 }, { $0.stream[1] = .max }, { $0.stream[1] = 2 }, { $0.stream[8] = 2 },
      // Counts: odd, of more than there is, of less.
      { $0.stream[2] = 1 }, { $0.stream[3] = 3 }, { $0.stream[2] = 0xFFFE },
      { $0.stream[3] = 0xFFFC }, { $0.stream[11] = 0 }, { $0.stream[2] = 4 },
      // Columns of one row and of both, behind the block.
      { $0.stream[5] = 6 }, { $0.stream[19] = 6 }, { $0.stream[19] = .max },
      { $0.stream.removeLast() }, { $0.stream.append(0) }, { $0.stream = [] },
      { $0.values.floats.append(0) }, { $0.values.floats.removeLast() }, { $0.counts = [1] },
      { $0.columnLists = [1] }, { $0.rows = 4 }, { $0.columns = 6 }, { $0.rows = 1 << 30 },
      { $0.encoding = .dense },
    ]
    for (index, fault) in faults.enumerated() {
      var model = Samples.linear(good)
      fault(&model.weights[0])
      #expect(refusal(of: model)?.code == .badWeight, "fault \(index)")
    }
    // A column behind the last block, which is one wide.
    var wide = good
    wide.stream[wide.stream.count - 1] = 1
    #expect(good.stream.suffix(4) == [0, 0, 0, 0] && refused(wide))
    // One column over and over, more often than a promise is counted up to.
    var often = Packer([[1, 2, 0, 0], [0, 3, 4, 0]])
      .rowPairs(block: 4, band: 1, encoding: .strict, pattern: [2, 4, 1])
    #expect(accepted(often))
    often.stream = [0, 1, 0xFFFE, 0xFFFE] + [UInt16](repeating: 0, count: 3 * 0xFFFE)
    often.values.floats = [Float](repeating: 1, count: 4 * 0xFFFE)
    #expect(refused(often))
  }

  // MARK: Promises

  @Test func vectorwisePromise() {
    let matrix = Samples.sparse(rows: 8, channels: 8, taps: 1, shared: 4)
    #expect(accepted(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [2, 4, 4])))
    #expect(accepted(Packer(matrix).panels(height: 2, encoding: .vectorwise, pattern: [2, 4, 4])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [1, 4, 4])))
    #expect(refused(Packer(matrix).panels(height: 8, encoding: .vectorwise, pattern: [2, 4, 4])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [2, 4, 2])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [0, 4, 4])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [4, 2, 4])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [2, 0, 4])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .vectorwise, pattern: [2, 4, 0])))
    #expect(refused(Packer(matrix).panels(height: 4, encoding: .strict, pattern: [2, 4, 1])))
  }

  @Test func strictPromise() {
    let matrix = Samples.sparse(rows: 7, channels: 40, taps: 1, shared: 1)
    let packer = Packer(matrix)
    #expect(accepted(packer.patternGroups(block: 16, encoding: .strict, pattern: [2, 4, 1])))
    #expect(accepted(packer.patternGroups(block: 6, encoding: .strict, pattern: [2, 4, 1])))
    #expect(refused(packer.patternGroups(block: 16, encoding: .strict, pattern: [1, 4, 1])))
    #expect(refused(packer.patternGroups(block: 16, encoding: .strict, pattern: [2, 4, 4])))
    for block in [16, 6] {
      let pairs = packer.rowPairs(block: block, band: 3, encoding: .strict, pattern: [2, 4, 1])
      #expect(accepted(pairs))
      var broken = pairs
      broken.pattern = [1, 4, 1]
      #expect(refused(broken))
    }
    #expect(accepted(packer.rows16(encoding: .strict, pattern: [2, 4, 1])))
    #expect(refused(packer.rows16(encoding: .strict, pattern: [1, 4, 1])))
    #expect(accepted(packer.nOfFour(encoding: .strict, pattern: [2, 4, 1])))
    #expect(accepted(packer.nOfFour(encoding: .strict, pattern: [4, 8, 1])))
    #expect(refused(packer.nOfFour(encoding: .strict, pattern: [1, 4, 1])))
    #expect(refused(packer.nOfFour(encoding: .strict, pattern: [3, 8, 1])))
    #expect(accepted(packer.panels(height: 1, encoding: .strict, pattern: [2, 4, 1])))
  }

  @Test func tapsAreCountedApart() {
    // 2:4 along channels for each of 9 taps, but not along columns.
    let matrix = Samples.sparse(rows: 4, channels: 8, taps: 9, shared: 1)
    for weight in [
      Packer(matrix).patternGroups(block: 36, encoding: .strict, pattern: [2, 4, 1]),
      Packer(matrix).patternGroups(block: 50, encoding: .strict, pattern: [2, 4, 1]),
      Packer(matrix).rowPairs(block: 36, band: 2, encoding: .strict, pattern: [2, 4, 1]),
      Packer(matrix).rowPairs(block: 50, band: 1, encoding: .strict, pattern: [2, 4, 1]),
      Packer(matrix).panels(height: 1, encoding: .strict, pattern: [2, 4, 1]),
    ] {
      var model = Samples.linear(weight)
      model.steps[0].kind = .convolution
      model.steps[0].integers = [3, 3, 1, 1, 1, 1, 1, 1, 0]
      #expect(refusal(of: model) == nil)
      model.steps[0].integers = [1, 1, 1, 1, 1, 1, 1, 1, 0]
      #expect(refusal(of: model)?.code == .badWeight)
      model.steps[0].integers = [5, 1, 1, 1, 1, 1, 1, 1, 0]
      #expect(refusal(of: model)?.code == .badWeight)
    }
  }

  @Test func blockPromise() {
    // Blocks of 4 rows by 2 channels; a last block of 2 rows and of 1 channel.
    let matrix: [[Float]] = (0..<6).map { row in
      (0..<7).map { (row / 4 + $0 / 2) % 2 == 0 ? 1 : 0 }
    }
    let packer = Packer(matrix)
    for height in [1, 2, 4] {
      #expect(accepted(packer.panels(height: height, encoding: .block, pattern: [4, 2, 0])))
      #expect(refused(packer.panels(height: height, encoding: .block, pattern: [4, 4, 0])))
      #expect(refused(packer.panels(height: height, encoding: .block, pattern: [6, 2, 0])))
      #expect(refused(packer.panels(height: height, encoding: .block, pattern: [4, 0, 0])))
      #expect(refused(packer.panels(height: height, encoding: .block, pattern: [0, 2, 0])))
      #expect(refused(packer.panels(height: height, encoding: .block, pattern: [4, 2, 1])))
    }
    #expect(accepted(packer.panels(height: 2, perList: 2, encoding: .block, pattern: [4, 2, 0])))
    #expect(refused(packer.panels(height: 8, encoding: .block, pattern: [4, 2, 0])))
  }

  @Test func blocksStandAtOneTap() {
    // Two channels by four taps: block (0, tap 1) and (0, tap 2).
    var model = Samples.linear(
      Packer([[0, 1, 1, 0, 0, 1, 1, 0]]).panels(height: 1, encoding: .block, pattern: [1, 2, 0]))
    #expect(refusal(of: model)?.code == .badWeight)
    model.steps[0].kind = .convolution
    model.steps[0].integers = [2, 2, 1, 1, 1, 1, 0, 0, 0]
    #expect(refusal(of: model) == nil)
  }
}
