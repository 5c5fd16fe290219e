internal import EspalierModelFile

/// What each way to compute a layer is expected to take, as a share of the dense time.
///
/// Shares are linear in the share of multiplications left and in what does not shrink with them:
/// results are written once for all columns, inputs are read once for all rows. The constants are
/// those that Tests/Performance/cost-model/fit.py has found in times of the kernels on AVX-512; where a
/// device measures, nobody asks for them.
struct CostModel {
  private let rows, columns: Double
  private let width: Int
  private let winogradMap: [Int]?
  private let span: Span
  /// Whether a tile of the input, 48 columns wide, stays in the nearest cache.
  private let isNear: Bool
  /// Matrix-vector kernels take linear layers only; a convolution has a kernel for every width.
  private let isVector: Bool
  private let isGrouped: Bool

  /// One way to pack a weight: what it leaves of the dense layer's multiplications and time.
  struct Way {
    var panelHeight: Int
    var work: Double
    var cost: Double
  }

  /// How many columns share a weight.
  private enum Span {
    case wide
    /// About one tile, as 7x7 maps have.
    case narrow
    /// Less than half a vector.
    case single
  }

  init(_ weight: Program.Weight) {
    rows = Double(weight.rows / weight.groups)
    columns = Double(weight.columns)
    width = weight.width
    winogradMap = weight.winogradMap
    isVector = width < 8 && weight.isLinear
    span = width < 8 ? .single : width < 64 ? .narrow : .wide
    isGrouped = weight.groups > 1
    isNear = 4 * min(width, 48) * weight.columns <= 32 << 10
  }

  /// The ways in which a packing leaves out a weight's zeros, or computes a dense weight otherwise than
  /// multiplication by multiplication; none where it does not apply or would leave nearly nothing out.
  func ways(
    _ packing: WeightPacking, _ zeros: ZeroPattern, _ matrix: DenseMatrix<Float>
  ) -> [Way] {
    let work = zeros.density
    switch packing {
    case .panels:
      return [8, 4, 2].filter { Int(rows) >= $0 }.compactMap { height in
        let work = zeros.panelDensity[height]!
        return work < 0.95
          ? Way(panelHeight: height, work: work, cost: panels(height: height, work: work)) : nil
      }
    case .patternGroups where !isVector && !isGrouped:
      return [Way(panelHeight: 4, work: work, cost: patternGroups(work: work))]
    case .rowPairs where !isVector && !isGrouped:
      return [Way(panelHeight: 2, work: work, cost: rowPairs(work: work))]
    case .slicedEllpack where isVector:
      return [Way(panelHeight: 16, work: work, cost: slicedEllpack(work: work))]
    case .nOfFour where isVector:
      let work = matrix.quadShare
      return work < 0.9 ? [Way(panelHeight: 16, work: work, cost: nOfFour(work: work))] : []
    case .bitmap where isVector:
      return [bitmap(density: zeros.density)]
    case .winograd2, .winograd4:
      return winograd(packing).map { [$0] } ?? []
    case .patternGroups, .rowPairs, .slicedEllpack, .nOfFour, .bitmap, .depthwise: return []
    }
  }

  /// - Parameter work: Multiplications left, as a share of all.
  private func panels(height: Int, work: Double) -> Double {
    if isVector {
      // Fewer than eight sums at a time wait for one another.
      return [8: 1.43, 4: 1.48, 2: 1.81][height]! * work
    }
    // Low panels use a load of the input for few multiplications: the further it is, the worse.
    let overheads =
      switch span {
      case .single: [8: 0.98, 4: 1.58, 2: 2.62]
      case _ where isNear: [8: 1.01, 4: 1.00, 2: 1.28]
      case .narrow: [8: 1.05, 4: 1.34, 2: 3.04]
      case .wide: [8: 1.10, 4: 1.26, 2: 1.93]
      }
    return overheads[height]! * work + 5.99 / columns + 0.84 / rows
  }

  private func rowPairs(work: Double) -> Double {
    let (fixed, overhead) =
      switch span {
      case .single: (0.14, 1.26)
      case .narrow: (0.13, 1.27)
      case .wide: (0.14, 0.86)
      }
    return fixed + overhead * work + 5.19 / rows
  }

  private func patternGroups(work: Double) -> Double {
    let (fixed, overhead) =
      switch span {
      case .single: (0.22, 0.94)
      case .narrow: (0.15, 1.45)
      case .wide: (0.19, 0.86)
      }
    return fixed + overhead * work + 3.99 / rows
  }

  /// - Parameter work: Bytes of weights and codes, as a share of the dense weights'.
  private func nOfFour(work: Double) -> Double { 1.00 * work }

  /// Values and masks as a share of the dense weights' bytes, where memory or the last cache sets the
  /// pace; turning masks into lanes takes its time whatever they keep. Constants are of the times in
  /// docs/notes/kernels.md, of another processor than the other ones.
  private func bitmap(density: Double) -> Way {
    // Masks have a bit for each of 16 rows, also where there are fewer.
    let lanes = (rows / 16).rounded(.up) * 16 / rows
    let work = density + lanes / 32
    // Dense weights of a megabyte come from the second cache as fast as they are multiplied.
    let isFast = 4 * rows * columns <= 1_048_576
    let cost = isFast ? 1.5 * lanes : 0.29 * lanes + 0.50 * work
    return Way(panelHeight: 16, work: work, cost: cost)
  }

  /// Lists of single rows, for matrix-vector products.
  private func slicedEllpack(work: Double) -> Double { 2.33 * work }

  /// What Winograd's transforms leave of the multiplications and of the time; nil where they do not
  /// apply.
  private func winograd(_ packing: WeightPacking) -> Way? {
    guard let winogradMap, let tile = packing.winogradTile else { return nil }
    let tiles = winogradMap.reduce(1) { $0 * (($1 + tile - 1) / tile) }
    let positions = Double((tile + 2) * (tile + 2))
    let products = positions * Self.lanes(tiles) / (9 * Self.lanes(width))
    // Channels are transformed once for all rows, and rows back once for all channels.
    let transforms = 9 / columns + 1 / rows
    // The more weights there are for each pixel, the longer are they waited for.
    let waiting = positions / Double(width)
    return Way(
      panelHeight: 8, work: positions * Double(tiles) / Double(9 * width),
      cost: 0.97 * products + 5.16 * transforms + 0.91 * waiting)
  }

  /// Columns as kernels work on them: whole vectors, or three of them and one column more.
  private static func lanes(_ columns: Int) -> Double {
    let rest = columns % 49
    return Double(columns - rest + min(49, (rest + 15) / 16 * 16))
  }
}
