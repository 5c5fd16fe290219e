package import EspalierModelFile

/// Turns a dense matrix into the kernel-ready form that `model.fbs` specifies for each packing.
package struct PackedWeight: Sendable {
  package var values: [Float] = []
  package var counts: [UInt32] = []
  package var columns: [UInt32] = []
  package var stream: [UInt16] = []
  package var panelsPerList = 1
  package var columnBlock = 0

  /// Columns per block of pattern groups: a tile of activations that stays in the first-level cache.
  package static let patternColumnBlock = 128

  package init(_ weight: Program.Weight, _ choice: WeightChoice) {
    switch choice.packing {
    case .depthwise: values = weight.values
    case .panels:
      if choice.encoding == .dense {
        packDensePanels(weight, height: choice.panelHeight)
      } else {
        packSparsePanels(weight, choice)
      }
    case .patternGroups: packPatternGroups(weight)
    case .rowPairs: packRowPairs(weight)
    case .rows: packRows(weight)
    case .quads: packQuads(weight)
    case .winograd2: packWinograd(weight, tile: 2)
    case .winograd4: packWinograd(weight, tile: 4)
    }
  }

  /// Calls the body with the rows of each panel, group by group.
  static func forEachPanel(
    _ weight: Program.Weight, height: Int, _ body: (_ group: Int, _ rows: Range<Int>) -> Void
  ) {
    let perGroup = weight.rows / weight.groups
    for group in 0..<weight.groups {
      for start in stride(from: 0, to: perGroup, by: height) {
        let first = group * perGroup + start
        body(group, first..<(first + min(height, perGroup - start)))
      }
    }
  }

  private mutating func packDensePanels(_ weight: Program.Weight, height: Int) {
    let perGroup = weight.rows / weight.groups
    let panels = weight.groups * ((perGroup + height - 1) / height)
    let columns = weight.columns
    values = Array(repeating: 0, count: panels * columns * height)
    var panel = 0
    values.withUnsafeMutableBufferPointer { target in
      weight.values.withUnsafeBufferPointer { source in
        Self.forEachPanel(weight, height: height) { _, rows in
          let base = panel * columns * height
          for (offset, row) in rows.enumerated() {
            for column in 0..<columns {
              unsafe target[base + column * height + offset] = source[row * columns + column]
            }
          }
          panel += 1
        }
      }
    }
  }

  private mutating func packSparsePanels(_ weight: Program.Weight, _ choice: WeightChoice) {
    let height = choice.panelHeight
    var panels: [(group: Int, rows: Range<Int>, columns: [UInt32])] = []
    Self.forEachPanel(weight, height: height) { group, rows in
      let kept = (0..<weight.columns).filter { column in
        rows.contains { weight.values[$0 * weight.columns + column] != 0 }
      }
      panels.append((group, rows, kept.map(UInt32.init)))
    }
    // Only blocks of more rows than a panel promise that panels keep the same columns.
    let isShared = choice.encoding == .block && choice.pattern[0] % (2 * height) == 0
    panelsPerList =
      isShared && Self.canShareLists(panels.map { ($0.group, $0.columns) }) ? 2 : 1
    var index = 0
    while index < panels.count {
      var share = 1
      if panelsPerList == 2, index + 1 < panels.count,
        panels[index + 1].group == panels[index].group
      {
        share = 2
      }
      counts.append(UInt32(panels[index].columns.count))
      columns.append(contentsOf: panels[index].columns)
      for panel in panels[index..<(index + share)] {
        for column in panel.columns {
          for offset in 0..<height {
            let row = panel.rows.lowerBound + offset
            values.append(
              row < panel.rows.upperBound
                ? weight.values[row * weight.columns + Int(column)] : 0)
          }
        }
      }
      index += share
    }
  }

  /// Whether each pair of panels within a group keeps the same columns, as blocks of 16 rows do.
  private static func canShareLists(_ panels: [(group: Int, columns: [UInt32])]) -> Bool {
    guard panels.count > 1 else { return false }
    var index = 0
    while index + 1 < panels.count {
      if panels[index + 1].group == panels[index].group {
        guard panels[index].columns == panels[index + 1].columns else { return false }
        index += 2
      } else {
        index += 1
      }
    }
    return true
  }

  private mutating func packPatternGroups(_ weight: Program.Weight) {
    columnBlock = Self.patternColumnBlock
    let perGroup = weight.rows / weight.groups
    for group in 0..<weight.groups {
      for block in stride(from: 0, to: weight.columns, by: columnBlock) {
        let width = min(columnBlock, weight.columns - block)
        for start in stride(from: 0, to: perGroup, by: 4) {
          let first = group * perGroup + start
          let rows = first..<(first + min(4, perGroup - start))
          packPanel(weight, rows: rows, columns: block..<(block + width))
        }
      }
    }
  }

  private mutating func packPanel(
    _ weight: Program.Weight, rows: Range<Int>, columns block: Range<Int>
  ) {
    var members = [[Int]](repeating: [], count: 16)
    for column in block {
      var set = 0
      for (bit, row) in rows.enumerated() where weight.values[row * weight.columns + column] != 0 {
        set |= 1 << bit
      }
      members[set].append(column)
    }
    for set in 1..<16 { stream.append(UInt16(members[set].count)) }
    for set in 1..<16 {
      for column in members[set] {
        stream.append(UInt16(column - block.lowerBound))
        for (bit, row) in rows.enumerated() where set >> bit & 1 == 1 {
          values.append(weight.values[row * weight.columns + column])
        }
      }
    }
  }

  private mutating func packRows(_ weight: Program.Weight) {
    Self.forEachPanel(weight, height: 16) { _, rows in
      let kept = rows.map { row in
        (0..<weight.columns).filter { weight.values[row * weight.columns + $0] != 0 }
      }
      let longest = kept.map(\.count).max() ?? 0
      counts.append(UInt32(longest))
      for position in 0..<longest {
        for offset in 0..<16 {
          if offset < kept.count, position < kept[offset].count {
            let column = kept[offset][position]
            columns.append(UInt32(column))
            values.append(
              weight.values[(rows.lowerBound + offset) * weight.columns + column])
          } else {
            columns.append(0)
            values.append(0)
          }
        }
      }
    }
  }
}
