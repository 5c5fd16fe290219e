/// Whether a weight stores what its encoding promises; its structure must have been validated.
@safe
struct WeightPromise {
  let weight: VerifiedModel.Weight
  let structure: WeightStructure
  let values: UnsafeBufferPointer<Float>
  /// Kernel taps per channel.
  let taps: Int
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
    let isSane =
      switch weight.encoding {
      case .dense, .unstructured, nil: (first, second, third) == (0, 0, 0)
      case .block: first >= 1 && second >= 1 && third == 0
      case .vectorwise: first >= 1 && second > first && second <= 4096 && third >= 1
      case .strict: first >= 1 && second > first && second <= 4096 && third == 1
      }
    guard isSane, let encoding = weight.encoding, let packing = weight.packing else { return false }
    if encoding == .dense || encoding == .unstructured { return true }
    guard taps <= Self.mostTaps, weight.columns % taps == 0 else { return false }
    return packing.rules.keeps(self, &scratch)
  }

  /// Columns that each window of an N:M promise may store.
  var most: Int { weight.pattern[0] }
  /// Channels of a window.
  private var channels: Int { weight.pattern[1] }

  var windows: Windows { Windows(most, of: channels, taps: taps) }

  func blockWindows(rows: Int) -> ColumnBlockWindows {
    ColumnBlockWindows(
      width: Swift.min(weight.columnBlock, weight.columns), channels: channels, taps: taps,
      rows: rows)
  }

  /// Counts stored columns by window of M channels and tap; the windows of one walk never decrease.
  struct Windows {
    private let most, channels, taps: Int
    private var window = -1
    private var counts: [UInt16]
    private var touched: [Int] = []

    fileprivate init(_ most: Int, of channels: Int, taps: Int) {
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

  /// Which count each column of a block goes to, window by window and tap by tap; `rows` counts of as
  /// many rows stand side by side. One table serves all rows: this is the longest walk of loading.
  struct ColumnBlockWindows {
    let counts: Int
    private let channels, taps, rows: Int
    /// Where in a window the block begins.
    private var start = -1
    private(set) var slots: [Int]

    fileprivate init(width: Int, channels: Int, taps: Int, rows: Int) {
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
}
