/// Whether a weight stores what its encoding promises; its structure must have been validated.
@safe
struct WeightPromise {
  private let weight: VerifiedModel.Weight
  private let structure: WeightStructure
  private let values: UnsafeBufferPointer<Float>
  private let taps: Int
  /// More taps than any kernel has would only cost memory here.
  private static let mostTaps = 1024

  init(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure,
    values: UnsafeBufferPointer<Float>, taps: Int
  ) {
    self.weight = weight
    self.structure = structure
    unsafe self.values = values
    self.taps = taps
  }

  /// - Parameter scratch: Zeros, left as zeros where the promise is kept; grows as needed, so that many
  ///   weights share one.
  func isKept(_ scratch: inout [UInt16]) -> Bool {
    let (first, second, third) = (weight.pattern[0], weight.pattern[1], weight.pattern[2])
    switch weight.encoding {
    case .dense, .unstructured: return (first, second, third) == (0, 0, 0)
    case .block:
      guard fits, first >= 1, second >= 1, third == 0 else { return false }
      return weight.packing != .panels || keepsBlocks(rows: first, channels: second)
    case .vectorwise, .strict:
      guard fits, first >= 1, second > first, second <= 4096, third >= 1 else { return false }
      guard weight.encoding == .vectorwise || third == 1 else { return false }
      switch weight.packing {
      case .panels:
        // Strict rows share a list only where there is one row.
        return third % rowsPerList == 0 && keepsLists(first, of: second)
      case .rows: return keepsRows(first, of: second)
      case .quads: return keepsQuads(first, of: second)
      case .patternGroups: return keepsPatterns(first, of: second, &scratch)
      case .rowPairs: return keepsPairs(first, of: second, &scratch)
      default: return false
      }
    case nil: return false
    }
  }

  private var fits: Bool { taps <= Self.mostTaps && weight.columns % taps == 0 }

  private var rowsPerList: Int {
    Swift.max(
      weight.panelHeight.multipliedReportingOverflow(by: weight.panelsPerList).partialValue, 1)
  }

  // MARK: N:M

  /// Counts stored columns by window of M channels and tap; the windows of one walk never decrease.
  private struct Windows {
    private let most, channels, taps: Int
    private var window = -1
    private var counts: [UInt16]
    private var touched: [Int] = []

    init(_ most: Int, of channels: Int, taps: Int) {
      self.most = most
      self.channels = channels
      self.taps = taps
      counts = [UInt16](repeating: 0, count: taps)
    }

    mutating func restart() {
      window = -1
      for tap in touched { counts[tap] = 0 }
      touched.removeAll(keepingCapacity: true)
    }

    /// False where the column is one too many in its window.
    mutating func add(_ column: Int) -> Bool {
      let (channel, tap) = column.quotientAndRemainder(dividingBy: taps)
      if channel / channels != window {
        restart()
        window = channel / channels
      }
      counts[tap] += 1
      touched.append(tap)
      return Int(counts[tap]) <= most
    }
  }

  private func keepsLists(_ most: Int, of channels: Int) -> Bool {
    var windows = Windows(most, of: channels, taps: taps)
    var position = 0
    for list in 0..<structure.countCount {
      windows.restart()
      for _ in 0..<structure.count(list) {
        guard windows.add(structure.column(position)) else { return false }
        position += 1
      }
    }
    return true
  }

  private func keepsRows(_ most: Int, of channels: Int) -> Bool {
    var windows = Windows(most, of: channels, taps: taps)
    var position = 0
    for panel in 0..<structure.countCount {
      let count = structure.count(panel)
      for lane in 0..<16 {
        windows.restart()
        for entry in 0..<count {
          let column = structure.column(position + entry * 16 + lane)
          if entry > 0 && column == 0 { break }
          guard windows.add(column) else { return false }
        }
      }
      position += count * 16
    }
    return true
  }

  private func keepsQuads(_ most: Int, of channels: Int) -> Bool {
    var windows = Windows(most, of: channels, taps: taps)
    let quads = dividedUp(weight.columns, 4)
    var start = 0
    for panel in 0..<structure.countCount {
      let kept = structure.count(panel)
      let block = 16 / kept
      for lane in 0..<16 {
        windows.restart()
        for quad in 0..<quads {
          let (number, place) = quad.quotientAndRemainder(dividingBy: block)
          let words = start + number * (block * kept + 1) * 16
          let word = unsafe values[words + lane].bitPattern
          // A row may name its columns in any order.
          var columns: UInt8 = 0
          for entry in place * kept..<(place + 1) * kept
          where unsafe values[words + (1 + entry) * 16 + lane] != 0 {
            columns |= 1 << UInt8(word >> UInt32(2 * entry) & 3)
          }
          for column in 0..<4 where columns >> UInt8(column) & 1 == 1 {
            guard 4 * quad + column < weight.columns, windows.add(4 * quad + column) else {
              return false
            }
          }
        }
      }
      start += (quads * kept + dividedUp(quads, block)) * 16
    }
    return true
  }

  /// Which count each column of a block goes to, window by window and tap by tap; `rows` counts of as
  /// many rows stand side by side. One table serves all rows: this is the longest walk of loading.
  private struct BlockWindows {
    let counts: Int
    private let channels, taps, rows: Int
    /// Where in a window the block begins.
    private var start = -1
    private(set) var slots: [Int]

    init(width: Int, channels: Int, taps: Int, rows: Int) {
      (self.channels, self.taps, self.rows) = (channels, taps, rows)
      counts = (width / (taps * channels) + 2) * taps * rows
      slots = [Int](repeating: 0, count: width)
    }

    /// Makes `slots` those of the block that begins at a column.
    mutating func enter(_ column: Int) {
      guard column % (taps * channels) != start else { return }
      start = column % (taps * channels)
      for place in slots.indices {
        let (channel, tap) = (start + place).quotientAndRemainder(dividingBy: taps)
        slots[place] = (channel / channels * taps + tap) * rows
      }
    }
  }

  /// Each row's columns within a block stand in up to eight sets, so windows are counted side by side.
  private func keepsPatterns(
    _ most: Int, of channels: Int, _ counts: inout [UInt16]
  ) -> Bool {
    var reader = PatternStream(weight, structure)
    var windows = BlockWindows(
      width: Swift.min(weight.columnBlock, weight.columns), channels: channels, taps: taps, rows: 4)
    counts += [UInt16](repeating: 0, count: max(0, windows.counts - counts.count))
    while let panel = try? reader.next() {
      windows.enter(panel.firstColumn)
      for set in 1...15 {
        for position in panel.columns(ofSet: set) {
          let slot = windows.slots[structure.streamed(position)]
          for row in 0..<4 where set >> row & 1 == 1 {
            counts[slot + row] += 1
            guard Int(counts[slot + row]) <= most else { return false }
          }
        }
      }
      for position in panel.allColumns {
        let slot = windows.slots[structure.streamed(position)]
        for row in 0..<4 { counts[slot + row] = 0 }
      }
    }
    return true
  }

  /// Windows are counted for the two rows side by side. Fill is not counted: its values are zero.
  private func keepsPairs(
    _ most: Int, of channels: Int, _ counts: inout [UInt16]
  ) -> Bool {
    var reader = PairStream(weight, structure)
    var windows = BlockWindows(
      width: Swift.min(weight.columnBlock, weight.columns), channels: channels, taps: taps, rows: 2)
    counts += [UInt16](repeating: 0, count: max(0, windows.counts - counts.count))
    var value = 0
    while let pair = try? reader.next() {
      windows.enter(pair.firstColumn)
      // No early exit: nothing here depends on what a weight holds.
      var largest: UInt16 = 0
      func count(_ position: Int, _ row: Int) {
        let slot = windows.slots[structure.streamed(position)] + row
        counts[slot] += unsafe values[value] != 0 ? 1 : 0
        largest = max(largest, counts[slot])
        value += 1
      }
      let shared = pair.columns.lowerBound + 2 * pair.alone
      for position in pair.columns.lowerBound..<shared {
        count(position, (position - pair.columns.lowerBound) % 2)
      }
      for position in shared..<pair.columns.upperBound {
        count(position, 0)
        count(position, 1)
      }
      guard Int(largest) <= most else { return false }
      for position in pair.columns {
        let slot = windows.slots[structure.streamed(position)]
        (counts[slot], counts[slot + 1]) = (0, 0)
      }
    }
    return true
  }

  // MARK: Blocks

  private func keepsBlocks(rows: Int, channels: Int) -> Bool {
    guard rows % rowsPerList == 0 else { return false }
    let lists = rows / rowsPerList
    let panels = dividedUp(weight.rows / weight.groups, weight.panelHeight)
    let listsPerGroup = dividedUp(panels, weight.panelsPerList)
    var position = 0
    var former = 0..<0
    for list in 0..<structure.countCount {
      let range = position..<position + structure.count(list)
      position = range.upperBound
      if list % listsPerGroup % lists == 0 {
        guard holdsWholeBlocks(range, channels: channels) else { return false }
      } else {
        // A list of the same block of rows as the list before.
        guard isSame(range, former) else { return false }
      }
      former = range
    }
    return true
  }

  private func isSame(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
    one.count == other.count
      && zip(one, other).allSatisfy { structure.column($0) == structure.column($1) }
  }

  /// Whether all channels of a block of channels have the same taps in the list.
  private func holdsWholeBlocks(_ list: Range<Int>, channels: Int) -> Bool {
    let channelCount = weight.columns / taps
    var position = list.lowerBound
    while position < list.upperBound {
      let block = structure.column(position) / taps / channels
      let first = block * channels
      guard structure.column(position) / taps == first else { return false }
      let firstTaps = taken(ofChannel: first, from: position, in: list)
      position = firstTaps.upperBound
      let last = Swift.min(channels, channelCount - first) + first
      for channel in (first + 1)..<Swift.max(last, first + 1) {
        let range = taken(ofChannel: channel, from: position, in: list)
        let isAlike =
          range.count == firstTaps.count
          && zip(range, firstTaps).allSatisfy {
            structure.column($0) % taps == structure.column($1) % taps
          }
        guard isAlike else { return false }
        position = range.upperBound
      }
    }
    return true
  }

  private func taken(ofChannel channel: Int, from start: Int, in list: Range<Int>) -> Range<Int> {
    var end = start
    while end < list.upperBound, structure.column(end) / taps == channel { end += 1 }
    return start..<end
  }
}
