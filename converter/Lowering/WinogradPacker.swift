extension PackedWeight {
  /// Transforms the taps w of each row and channel into U = G w G^T, in double precision.
  ///
  /// Values are ordered by strip of 32 rows, position in U, panel of 8 rows, channel, row.
  mutating func packWinograd(_ weight: Program.Weight, tile: Int) {
    let transform = Self.winogradTransform(tile: tile)
    let extent = tile + 2
    let (positions, channels) = (extent * extent, weight.columns / 9)
    let panels = (weight.rows + 7) / 8
    values = Array(repeating: 0, count: panels * 8 * positions * channels)
    var half = Array(repeating: 0.0, count: extent * 3)
    for row in 0..<weight.rows {
      let strip = row / 32
      let stripPanels = min(4, panels - 4 * strip)
      let first = strip * 32 * positions * channels + row % 8
      for channel in 0..<channels {
        let taps = row * weight.columns + 9 * channel
        for i in 0..<extent {
          for x in 0..<3 {
            half[3 * i + x] = (0..<3).reduce(0) {
              $0 + transform[3 * i + $1] * Double(weight.values[taps + 3 * $1 + x])
            }
          }
        }
        for position in 0..<positions {
          let (i, j) = (position / extent, position % extent)
          let sum = (0..<3).reduce(0) { $0 + half[3 * i + $1] * transform[3 * j + $1] }
          let panel = position * stripPanels + row % 32 / 8
          values[first + (panel * channels + channel) * 8] = Float(sum)
        }
      }
    }
  }

  /// G, row by row: (1, p, p²) of each point p, divided by the product of p's differences from the
  /// other points; the last row is the point at infinity.
  static func winogradTransform(tile: Int) -> [Double] {
    let points = tile == 2 ? [0, 1, -1] : [0, 0.75, -0.75, 1.5, -1.5]
    let rows = points.map { point in
      let scale = points.reduce(1) { $1 == point ? $0 : $0 * (point - $1) }
      return [1 / scale, point / scale, point * point / scale]
    }
    return rows.joined() + [0, 0, 1]
  }
}
