internal import EspalierModelFile

/// Which structures the zeros of a weight fit, and how much work each kernel family would do on it.
///
/// The matrix is `rows` by `columns` per group, columns being (input channel, tap) with the tap fastest.
/// Patterns are formed per tap along the input channels, so that 16×8 means 16×8×1×1 on O×I×kh×kw.
package struct ZeroPattern: Sendable {
  /// Share of weights that are not zero.
  package private(set) var density: Double
  package private(set) var nonzeroCount: Int
  /// For panel heights 8, 4, 2 and 1: the share of (panel, column) pairs with a non-zero.
  package private(set) var panelDensity: [Int: Double] = [:]
  /// Empty where every weight is: then nobody asks.
  private let nonzero: [Bool]
  private let weight: Program.Weight

  package static let panelHeights = [8, 4, 2, 1]
  package static let blockShapes = [
    (16, 8), (8, 8), (16, 4), (8, 4), (4, 4), (16, 1), (8, 1), (4, 1), (2, 1),
  ]

  package init(_ weight: Program.Weight) { self.init(weight, weight.matrix()) }

  /// - Parameter matrix: The weight's own.
  init(_ weight: Program.Weight, _ matrix: DenseMatrix<Float>) {
    self.weight = weight
    nonzeroCount = matrix.nonzeroCount
    density = weight.count == 0 ? 1 : Double(nonzeroCount) / Double(weight.count)
    nonzero = density < 1 ? matrix.values.map { $0 != 0 } : []
    guard density < 1 else {
      for height in Self.panelHeights { panelDensity[height] = 1 }
      return
    }
    for height in Self.panelHeights { panelDensity[height] = occupiedShare(height: height) }
  }

  private var rowsPerGroup: Int { weight.rows / weight.groups }

  /// Share of the multiply-accumulates that panels of this height would still do.
  private func occupiedShare(height: Int) -> Double {
    var occupied = 0
    var panels = 0
    for group in 0..<weight.groups {
      for start in stride(from: 0, to: rowsPerGroup, by: height) {
        panels += 1
        let first = group * rowsPerGroup + start
        let rows = first..<(first + min(height, rowsPerGroup - start))
        for column in 0..<weight.columns
        where rows.contains(where: { nonzero[$0 * weight.columns + column] }) {
          occupied += 1
        }
      }
    }
    return Double(occupied) / Double(panels * weight.columns)
  }

  /// The blocks, O×I per tap, whose grid holds every non-zero in few enough blocks: those of which
  /// no kept block could be cut in two along a smaller grid without loss of meaning.
  ///
  /// A block shape fits when at least a tenth of its blocks are empty and the kept blocks hold few
  /// zeros (at most 2 %, trained weights are rarely exactly zero).
  package func fittingBlocks() -> [(rows: Int, columns: Int)] {
    guard density < 0.95 else { return [] }
    return Self.blockShapes.filter { shape in
      let kept = keptBlockShare(rows: shape.0, columns: shape.1)
      return kept <= 0.9 && density >= kept * 0.98
    }.map { (rows: $0.0, columns: $0.1) }
  }

  /// Share of weights that lie in blocks with a non-zero.
  private func keptBlockShare(rows height: Int, columns width: Int) -> Double {
    let channels = weight.columns / weight.taps
    var kept = 0
    for group in 0..<weight.groups {
      for start in stride(from: 0, to: rowsPerGroup, by: height) {
        let first = group * rowsPerGroup + start
        let rows = first..<(first + min(height, rowsPerGroup - start))
        for channel in stride(from: 0, to: channels, by: width) {
          let block = channel..<min(channel + width, channels)
          for tap in 0..<weight.taps
          where rows.contains(where: { row in
            block.contains { nonzero[row * weight.columns + $0 * weight.taps + tap] }
          }) {
            kept += rows.count * block.count
          }
        }
      }
    }
    return Double(kept) / Double(weight.count)
  }

  /// Whether each run of M input channels of a tap has at most N non-zeros, patterns being shared by
  /// `height` consecutive rows. Vector-wise N:M has height 2, 4 or 8; strict N:M has height 1.
  package func fits(n: Int, m: Int, height: Int) -> Bool {
    let channels = weight.columns / weight.taps
    guard channels >= m else { return false }
    for group in 0..<weight.groups {
      for start in stride(from: 0, to: rowsPerGroup, by: height) {
        let first = group * rowsPerGroup + start
        let rows = first..<(first + min(height, rowsPerGroup - start))
        for channel in stride(from: 0, to: channels, by: m) {
          for tap in 0..<weight.taps {
            var occupied = 0
            for member in channel..<min(channel + m, channels)
            where rows.contains(where: {
              nonzero[$0 * weight.columns + member * weight.taps + tap]
            }) {
              occupied += 1
            }
            if occupied > n { return false }
          }
        }
      }
    }
    return true
  }
}

extension ZeroPattern {
  /// The most telling name for what the zeros are: of the N:M patterns that fit, the tightest.
  ///
  /// A pattern that allows much more than there is fits by chance and is no name.
  func description(packing: WeightPacking, height: Int) -> (WeightEncoding, [Int]) {
    let ratios = [(1, 8), (1, 4), (2, 8), (4, 16), (2, 4), (4, 8), (8, 16)].filter {
      density > 0.7 * Double($0.0) / Double($0.1)
    }
    if packing == .panels {
      // An N:M pattern is exact in every group, so it is asked first; blocks leave whole groups full.
      for (n, m) in ratios {
        for vector in [8, 4, 2] where vector >= height && fits(n: n, m: m, height: vector) {
          return (.vectorwise, [n, m, vector])
        }
      }
      if let block = fittingBlocks().first(where: { $0.rows % height == 0 }) {
        return (.block, [block.rows, block.columns])
      }
      return (.block, [height, 1])
    }
    for (n, m) in ratios where fits(n: n, m: m, height: 1) { return (.strict, [n, m, 1]) }
    return (.unstructured, [])
  }

  /// Every pattern that the zeros fit, most regular first, as the command spells them.
  package func fittingPatterns() -> [String] {
    guard density < 1, density > 0 else { return [] }
    var patterns = fittingBlocks().map { "block:\($0.rows)x\($0.columns)" }
    let ratios = [(1, 4), (2, 4), (1, 8), (2, 8), (4, 8)]
    for height in [8, 4, 2] {
      patterns += ratios.filter { fits(n: $0.0, m: $0.1, height: height) }
        .map { "vnm:\(height):\($0.0):\($0.1)" }
    }
    patterns += ratios.filter { fits(n: $0.0, m: $0.1, height: 1) }.map { "nm:\($0.0):\($0.1)" }
    return patterns + ["unstructured"]
  }
}
