import EspalierLowering
import EspalierModelFile
import EspalierSeeded

/// A weight matrix under construction.
struct Matrix {
  var rows: Int
  var columns: Int
  var groups = 1
  var taps = 1
  /// Pixels or tokens.
  var width = 100
  var isDepthwise = false
  var values: [Float]

  init(
    _ rows: Int, _ columns: Int, groups: Int = 1, taps: Int = 1, width: Int = 100,
    _ random: inout Seeded
  ) {
    (self.rows, self.columns, self.groups) = (rows, columns, groups)
    (self.taps, self.width) = (taps, width)
    // Never zero: what is zero shall be so on purpose.
    values = (0..<rows * columns).map { _ in
      let value = random.float()
      return value == 0 ? 1 : value
    }
  }

  var weight: Program.Weight {
    Program.Weight(
      values: values, rows: rows, columns: columns, groups: groups, taps: taps, width: width,
      isDepthwise: isDepthwise, isLinear: width < 8, source: "test", shape: [rows, columns])
  }

  /// Sets the weights for which the body is true to zero; rows count within their group.
  func zeroed(where isZero: (_ group: Int, _ row: Int, _ channel: Int, _ tap: Int) -> Bool)
    -> Matrix
  {
    var result = self
    let perGroup = rows / groups
    for row in 0..<rows {
      for column in 0..<columns
      where isZero(row / perGroup, row % perGroup, column / taps, column % taps) {
        result.values[row * columns + column] = 0
      }
    }
    return result
  }

  /// Half of the blocks are zero, chosen at random for each tap and group.
  func blocks(_ height: Int, _ width: Int, _ random: inout Seeded) -> Matrix {
    var isKept: [[Int]: Bool] = [:]
    return zeroed { group, row, channel, tap in
      let key = [group, row / height, channel / width, tap]
      if isKept[key] == nil { isKept[key] = random.next(in: 0...1) == 0 }
      return !isKept[key]!
    }
  }

  /// N of each M channels are kept, the same for each run of `height` rows.
  func runs(_ n: Int, of m: Int, height: Int, _ random: inout Seeded) -> Matrix {
    var kept: [[Int]: Set<Int>] = [:]
    return zeroed { group, row, channel, tap in
      let key = [group, row / height, channel / m, tap]
      if kept[key] == nil {
        var places = Array(0..<m)
        for index in places.indices.dropLast() {
          places.swapAt(index, random.next(in: index...m - 1))
        }
        kept[key] = Set(places.prefix(n))
      }
      return !kept[key]!.contains(channel % m)
    }
  }

  func scattered(_ share: Double, _ random: inout Seeded) -> Matrix {
    zeroed { _, _, _, _ in Double(random.next(in: 0...9999)) < share * 10_000 }
  }
}

/// Reads a packed weight back, word by word of `model.fbs`, as plainly as can be.
func unpacked(_ matrix: Matrix, _ choice: WeightChoice, _ packed: PackedWeight) -> [Float]? {
  var reader = PackedReader(matrix, choice, packed)
  return reader.read() ? reader.result : nil
}

private struct PackedReader {
  let matrix: Matrix
  let choice: WeightChoice
  let packed: PackedWeight
  var result: [Float]
  private var value = 0
  private var place = 0
  private let perGroup: Int

  init(_ matrix: Matrix, _ choice: WeightChoice, _ packed: PackedWeight) {
    (self.matrix, self.choice, self.packed) = (matrix, choice, packed)
    result = Array(repeating: 0, count: matrix.values.count)
    perGroup = matrix.rows / matrix.groups
  }

  /// Whether every number was used and none was missing.
  mutating func read() -> Bool {
    let isWhole =
      switch choice.packing {
      case .depthwise: readDepthwise()
      case .panels: choice.encoding == .dense ? readDensePanels() : readListedPanels()
      case .patternGroups: readPatternGroups()
      case .rowPairs: readRowPairs()
      case .rows: readRows()
      case .quads: readQuads()
      // Taps do not come back exactly from their transforms, which have a test of their own.
      case .winograd2, .winograd4: false
      }
    return isWhole && value == packed.values.count
  }

  private mutating func next() -> Float? {
    guard value < packed.values.count else { return nil }
    value += 1
    return packed.values[value - 1]
  }

  /// One column of a panel: as many floats as the panel is high, zero where the group has ended.
  private mutating func readColumn(_ group: Int, panel: Int, column: Int) -> Bool {
    for offset in 0..<choice.panelHeight {
      guard let number = next() else { return false }
      let row = panel * choice.panelHeight + offset
      if row < perGroup {
        result[(group * perGroup + row) * matrix.columns + column] = number
      } else if number != 0 {
        return false
      }
    }
    return true
  }

  private var panelsPerGroup: Int { (perGroup + choice.panelHeight - 1) / choice.panelHeight }

  private mutating func readDepthwise() -> Bool {
    for index in result.indices {
      guard let number = next() else { return false }
      result[index] = number
    }
    return true
  }

  private mutating func readDensePanels() -> Bool {
    guard packed.counts.isEmpty, packed.columns.isEmpty, packed.stream.isEmpty else { return false }
    for group in 0..<matrix.groups {
      for panel in 0..<panelsPerGroup {
        for column in 0..<matrix.columns {
          guard readColumn(group, panel: panel, column: column) else { return false }
        }
      }
    }
    return true
  }

  private mutating func readListedPanels() -> Bool {
    var list = 0
    for group in 0..<matrix.groups {
      for first in stride(from: 0, to: panelsPerGroup, by: packed.panelsPerList) {
        guard list < packed.counts.count else { return false }
        let count = Int(packed.counts[list])
        let columns = packed.columns[place..<place + count].map { Int($0) }
        guard columns == columns.sorted(), Set(columns).count == count else { return false }
        for panel in first..<min(first + packed.panelsPerList, panelsPerGroup) {
          for column in columns {
            guard readColumn(group, panel: panel, column: column) else { return false }
          }
        }
        place += count
        list += 1
      }
    }
    return list == packed.counts.count && place == packed.columns.count
  }

  private mutating func readQuads() -> Bool {
    guard packed.columns.isEmpty, packed.stream.isEmpty, packed.counts.count == panelsPerGroup
    else { return false }
    let quads = (matrix.columns + 3) / 4
    for (panel, kept) in packed.counts.map({ Int($0) }).enumerated() {
      guard (1...4).contains(kept) else { return false }
      for first in stride(from: 0, to: quads, by: 16 / kept) {
        let words = (0..<16).compactMap { _ in next()?.bitPattern }
        guard words.count == 16 else { return false }
        for quad in first..<min(first + 16 / kept, quads) {
          for entry in 0..<kept {
            for (lane, word) in words.enumerated() {
              guard let number = next() else { return false }
              let shift = UInt32(2 * ((quad - first) * kept + entry))
              let column = 4 * quad + Int(word >> shift & 3)
              guard number != 0 else { continue }
              guard panel * 16 + lane < perGroup, column < matrix.columns else { return false }
              result[(panel * 16 + lane) * matrix.columns + column] += number
            }
          }
        }
      }
    }
    return true
  }

  private mutating func readPatternGroups() -> Bool {
    for group in 0..<matrix.groups {
      for block in stride(from: 0, to: matrix.columns, by: packed.columnBlock) {
        for panel in 0..<panelsPerGroup {
          let counts = packed.stream[place..<place + 15]
          place += 15
          for (set, count) in zip(1...15, counts) {
            for _ in 0..<count {
              let column = block + Int(packed.stream[place])
              place += 1
              for bit in 0..<4 where set >> bit & 1 == 1 {
                guard let number = next(), panel * 4 + bit < perGroup, column < matrix.columns
                else { return false }
                let row = group * perGroup + panel * 4 + bit
                result[row * matrix.columns + column] = number
              }
            }
          }
        }
      }
    }
    return place == packed.stream.count
  }

  private mutating func readRowPairs() -> Bool {
    let pairs = (perGroup + 1) / 2
    for group in 0..<matrix.groups {
      for block in stride(from: 0, to: matrix.columns, by: packed.columnBlock) {
        var rows: Set<Int> = []
        for pair in 0..<pairs {
          let header = packed.stream[place..<place + 4].map { Int($0) }
          place += 4
          let band = pair / packed.panelsPerList * packed.panelsPerList * 2
          let members = [band + header[0], band + header[1]]
          rows.formUnion(members)
          for entry in 0..<header[2] + header[3] {
            for row in members {
              guard let number = next() else { return false }
              let column = block + Int(packed.stream[place])
              if entry < header[2] { place += 1 }
              guard number != 0 else { continue }
              guard row < perGroup, column < min(matrix.columns, block + packed.columnBlock)
              else { return false }
              let index = (group * perGroup + row) * matrix.columns + column
              guard result[index] == 0 else { return false }
              result[index] = number
            }
            if entry >= header[2] { place += 1 }
          }
          guard header[2] % 2 == 0, header[3] % 2 == 0 else { return false }
        }
        guard rows == Set(0..<2 * pairs) else { return false }
      }
    }
    return place == packed.stream.count
  }

  private mutating func readRows() -> Bool {
    for (panel, count) in packed.counts.enumerated() {
      for _ in 0..<count {
        for offset in 0..<16 {
          guard let number = next() else { return false }
          let column = Int(packed.columns[place])
          place += 1
          guard number != 0 else { continue }
          result[(panel * 16 + offset) * matrix.columns + column] = number
        }
      }
    }
    return packed.counts.count == (matrix.rows + 15) / 16 && place == packed.columns.count
  }
}
