import EspalierGraph
import EspalierLowering
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
      Tensor(values, shape: [rows, columns]), rows: rows, columns: columns, groups: groups,
      taps: taps, width: width,
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
