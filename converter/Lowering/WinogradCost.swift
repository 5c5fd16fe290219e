internal import EspalierModelFile

extension Program.Weight {
  /// What Winograd's transforms leave of the direct convolution's time; nil where they do not apply.
  ///
  /// Fitted to `Scripts/benchmark-kernels.sh winograd` on AVX-512.
  func winogradCost(_ packing: WeightPacking) -> Double? {
    guard let map = winogradMap, let tile = packing.winogradTile else { return nil }
    /// Columns as kernels work on them: whole vectors, or three of them and one column more.
    func lanes(_ columns: Int) -> Int {
      let rest = columns % 49
      return columns - rest + min(49, (rest + 15) / 16 * 16)
    }
    let tiles = map.reduce(1) { $0 * (($1 + tile - 1) / tile) }
    let positions = (tile + 2) * (tile + 2)
    let products = Double(positions * lanes(tiles)) / Double(9 * lanes(width))
    // Channels are transformed once for all rows, and rows back once for all channels.
    let transforms = 2.5 / Double(columns / 9) + 2.5 / Double(rows)
    // The more weights there are for each pixel, the longer are they waited for.
    return 1.15 * products + transforms + 1.5 * Double(positions) / Double(width)
  }
}
