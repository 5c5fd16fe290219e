import EspalierModelFile

/// Packs a matrix as `model.fbs` says, as plainly as can be.
struct Packer {
  let matrix: [[Float]]
  let groups: Int

  init(_ matrix: [[Float]], groups: Int = 1) {
    self.matrix = matrix
    self.groups = groups
  }

  private var rows: Int { matrix.count }
  private var columns: Int { matrix[0].count }
  private var nonzeros: UInt64 { UInt64(matrix.joined().count { $0 != 0 }) }

  /// The rows of each panel, group by group; rows behind the end of a group are nil.
  private func panels(_ height: Int) -> [[[Int?]]] {
    let perGroup = rows / groups
    return (0..<groups).map { group in
      stride(from: 0, to: perGroup, by: height).map { first in
        (first..<first + height).map { $0 < perGroup ? group * perGroup + $0 : nil }
      }
    }
  }

  func value(_ row: Int?, _ column: Int) -> Float { row.map { matrix[$0][column] } ?? 0 }

  func dense(height: Int) -> WeightDescription {
    var weight = description(.dense, .panels, [], height: height)
    for panel in panels(height).joined() {
      for column in 0..<columns { weight.values += panel.map { value($0, column) } }
    }
    return weight
  }

  func panels(height: Int, perList: Int = 1, encoding: WeightEncoding, pattern: [Int])
    -> WeightDescription
  {
    var weight = description(encoding, .panels, pattern, height: height)
    weight.panelsPerList = perList
    for group in panels(height) {
      for first in stride(from: 0, to: group.count, by: perList) {
        let sharing = group[first..<min(first + perList, group.count)]
        let list = (0..<columns).filter { column in
          sharing.joined().contains { value($0, column) != 0 }
        }
        weight.counts.append(UInt32(list.count))
        weight.columnLists += list.map { UInt32($0) }
        for panel in sharing {
          for column in list { weight.values += panel.map { value($0, column) } }
        }
      }
    }
    return weight
  }

  func patternGroups(block: Int, encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    var weight = description(encoding, .patternGroups, pattern, height: 4)
    weight.columnBlock = block
    for group in panels(4) {
      for first in stride(from: 0, to: columns, by: block) {
        for panel in group {
          var sets = [[Int]](repeating: [], count: 16)
          for column in first..<min(first + block, columns) {
            sets[occupied(panel, column)].append(column - first)
          }
          weight.stream += sets[1...].map { UInt16($0.count) }
          for set in 1...15 {
            weight.stream += sets[set].map { UInt16($0) }
            for column in sets[set] {
              for row in 0..<4 where set >> row & 1 == 1 {
                weight.values.append(value(panel[row], first + column))
              }
            }
          }
        }
      }
    }
    return weight
  }

  /// Pairs of neighbours, in each block the other way round.
  func rowPairs(block: Int, band: Int, encoding: WeightEncoding, pattern: [Int])
    -> WeightDescription
  {
    var weight = description(encoding, .rowPairs, pattern, height: 2)
    weight.columnBlock = block
    weight.panelsPerList = band
    for group in panels(2) {
      for first in stride(from: 0, to: columns, by: block) {
        for (number, pair) in group.enumerated() {
          let isTurned = first / block % 2 == 1
          let rows = isTurned ? pair.reversed() : pair
          let place = number % band * 2
          let lists = rows.map { row in
            (first..<min(first + block, columns)).filter { value(row, $0) != 0 }
          }
          let both = lists[0].filter(lists[1].contains)
          let shared = Array(both.prefix(both.count / 2 * 2))
          let alone = lists.map { $0.filter { !shared.contains($0) } }
          let count = (max(alone[0].count, alone[1].count) + 1) / 2 * 2
          let header = [
            place + (isTurned ? 1 : 0), place + (isTurned ? 0 : 1), count, shared.count,
          ]
          weight.stream += header.map { UInt16($0) }
          for entry in 0..<count {
            for (row, list) in zip(rows, alone) {
              weight.stream.append(entry < list.count ? UInt16(list[entry] - first) : 0)
              weight.values.append(entry < list.count ? value(row, list[entry]) : 0)
            }
          }
          for column in shared {
            weight.stream.append(UInt16(column - first))
            weight.values += rows.map { value($0, column) }
          }
        }
      }
    }
    return weight
  }

  private func occupied(_ panel: [Int?], _ column: Int) -> Int {
    (0..<4).reduce(0) { $0 | (value(panel[$1], column) != 0 ? 1 << $1 : 0) }
  }

  /// Rows name their columns from last to first, and fill the columns that they do not keep.
  func quads(encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    var weight = description(encoding, .quads, pattern, height: 16)
    let fours = stride(from: 0, to: columns, by: 4).map { $0..<min($0 + 4, columns) }
    for panel in panels(16).joined() {
      let lists = fours.map { four in
        panel.map { row in four.reversed().filter { value(row, $0) != 0 } }
      }
      let kept = max(lists.joined().map(\.count).max()!, 1)
      weight.counts.append(UInt32(kept))
      for first in stride(from: 0, to: fours.count, by: 16 / kept) {
        var words = [UInt32](repeating: 0, count: 16)
        var values: [Float] = []
        for (place, rows) in lists[first..<min(first + 16 / kept, lists.count)].enumerated() {
          for entry in 0..<kept {
            for (lane, list) in rows.enumerated() {
              let column = entry < list.count ? list[entry] : 3
              words[lane] |= UInt32(column % 4) << UInt32(2 * (place * kept + entry))
              values.append(entry < list.count ? value(panel[lane], column) : 0)
            }
          }
        }
        weight.values += words.map { Float(bitPattern: $0) } + values
      }
    }
    return weight
  }

  func rows16(encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    var weight = description(encoding, .rows, pattern, height: 16)
    for panel in panels(16).joined() {
      let lists = panel.map { row in (0..<columns).filter { value(row, $0) != 0 } }
      let count = lists.map(\.count).max() ?? 0
      weight.counts.append(UInt32(count))
      for entry in 0..<count {
        for (row, list) in zip(panel, lists) {
          weight.columnLists.append(entry < list.count ? UInt32(list[entry]) : 0)
          weight.values.append(entry < list.count ? value(row, list[entry]) : 0)
        }
      }
    }
    return weight
  }

  func depthwise() -> WeightDescription {
    var weight = description(.dense, .depthwise, [], height: 1)
    weight.values = Array(matrix.joined())
    return weight
  }

  /// Taps of 3 by 3, transformed for tiles of so many outputs each way.
  func winograd(tile: Int) -> WeightDescription {
    var weight = description(.dense, tile == 2 ? .winograd2 : .winograd4, [], height: 8)
    let points = tile == 2 ? [0, 1, -1] : [0, 0.75, -0.75, 1.5, -1.5]
    let transform: [[Double]] =
      points.map { p in
        let product = points.filter { $0 != p }.map { p - $0 }.reduce(1, *)
        return [1, p, p * p].map { $0 / product }
      } + [[0, 0, 1]]
    let panels = panels(8)[0]
    for strip in stride(from: 0, to: panels.count, by: 4) {
      for i in transform {
        for j in transform {
          for panel in panels[strip..<min(strip + 4, panels.count)] {
            for channel in 0..<columns / 9 {
              for row in panel {
                var sum = 0.0
                for y in 0..<3 {
                  for x in 0..<3 {
                    sum += i[y] * j[x] * Double(value(row, 9 * channel + 3 * y + x))
                  }
                }
                weight.values.append(Float(sum))
              }
            }
          }
        }
      }
    }
    return weight
  }

  private func description(
    _ encoding: WeightEncoding, _ packing: WeightPacking, _ pattern: [Int], height: Int
  ) -> WeightDescription {
    WeightDescription(
      encoding: encoding, packing: packing, rows: rows, columns: columns, groups: groups,
      panelHeight: height, pattern: pattern, nonzeroCount: nonzeros, values: [],
      reason: "packed by a test")
  }
}
