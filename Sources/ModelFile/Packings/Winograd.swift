/// Packings 4 and 5: convolutions by 3 x 3 taps, transformed for tiles of M x M outputs, M = 2 or 4.
///
/// Without strides, dilations or groups; columns are a multiple of 9; panel_height is 8. Of each row
/// and channel with taps w, U = G w G^T has N x N positions, N = M + 2. G has a row for each of N - 1
/// points, (1 p p^2) divided by the product of p's differences from the other points, and a last row
/// (0 0 1). The points are 0, 1, -1 for M = 2 and 0, 3/4, -3/4, 3/2, -3/2 for M = 4.
///
/// Rows are cut into strips of 32 (the last may be short). values: for each strip, for each position
/// (row by row of U), for each panel of the strip, for each channel, 8 numbers; panels are filled with
/// zero rows. Encoding dense.
///
/// A NaN or an infinity in the input reaches all outputs of the tiles that read it, not just its 3 x 3.
enum Winograd {
  /// Rows of a panel, and panels of a strip.
  private static let height = 8
  private static let panelsPerStrip = 4

  static func rules(tile: Int) -> PackingRules {
    PackingRules(
      kernel: "Winograd", servesConvolutions: true, isDense: { _ in true }, tile: tile,
      validate: validate)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == height, weight.groups == 1, weight.columns % 9 == 0 else {
      throw WeightFault("Winograd's transforms take one group of 3 x 3 taps, in panels of 8 rows")
    }
    guard structure.countCount == 0, structure.columnCount == 0, structure.streamCount == 0 else {
      throw WeightFault("lists that the packing has not")
    }
    let extent = (weight.packing?.winogradTile ?? 2) + 2
    let panels = try product(dividedUp(weight.rows, height), weight.columns / 9)
    return try product(panels, UInt64(height * extent * extent * weight.elementSize))
  }
}

#if !hasFeature(Embedded)
extension Winograd: MatrixPacker {
  /// G, row by row.
  static func transform(tile: Int) -> [Double] {
    let points = tile == 2 ? [0, 1, -1] : [0, 0.75, -0.75, 1.5, -1.5]
    let rows = points.map { point in
      let scale = points.reduce(1) { $1 == point ? $0 : $0 * (point - $1) }
      return [1 / scale, point / scale, point * point / scale]
    }
    return rows.joined() + [0, 0, 1]
  }

  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    let extent = weight.packing.winogradTile! + 2
    let channels = matrix.columns / 9
    return dividedUp(matrix.rows, height) * height * extent * extent * channels
      * MemoryLayout<Element>.stride
  }

  /// Eight rows at a time: their sums stand beside each other in what is written. In double precision.
  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    guard let matrix = matrix as? DenseMatrix<Float> else {
      preconditionFailure("Winograd's transforms are of float32")
    }
    let transform = transform(tile: weight.packing.winogradTile!)
    let extent = transform.count / 3
    let channels = matrix.columns / 9
    let panels = dividedUp(matrix.rows, height)
    var taps = [SIMD8<Double>](repeating: SIMD8(), count: 9)
    var half = [SIMD8<Double>](repeating: SIMD8(), count: 3 * extent)
    for panel in 0..<panels {
      let rows = min(height, matrix.rows - panel * height)
      let strip = panel / panelsPerStrip * panelsPerStrip
      let stripPanels = min(panelsPerStrip, panels - strip)
      let first = strip * height * extent * extent * channels
      for tap in taps.indices { taps[tap] = SIMD8() }
      for channel in 0..<channels {
        unsafe matrix.values.withUnsafeBufferPointer { source in
          for row in 0..<rows {
            let w = (panel * height + row) * matrix.columns + 9 * channel
            for tap in 0..<9 { unsafe taps[tap][row] = Double(source[w + tap]) }
          }
        }
        for i in 0..<extent {
          for x in 0..<3 {
            half[3 * i + x] = sum(taps[x], taps[3 + x], taps[6 + x], by: transform, 3 * i)
          }
        }
        for i in 0..<extent {
          for j in 0..<extent {
            let numbers = SIMD8<Float>(
              sum(half[3 * i], half[3 * i + 1], half[3 * i + 2], by: transform, 3 * j))
            let place = (i * extent + j) * stripPanels + panel - strip
            unsafe target.storeBytes(
              of: numbers, toByteOffset: 4 * (first + (place * channels + channel) * height),
              as: SIMD8<Float>.self)
          }
        }
      }
    }
  }

  /// Zero plus three products, in this order: so that sums of negative zeros are positive.
  private static func sum(
    _ a: SIMD8<Double>, _ b: SIMD8<Double>, _ c: SIMD8<Double>, by factors: [Double], _ first: Int
  ) -> SIMD8<Double> {
    var sum = SIMD8<Double>()
    sum += a * factors[first]
    sum += b * factors[first + 1]
    sum += c * factors[first + 2]
    return sum
  }

  /// w = P U P^T with P = (G^T G)^-1 G^T, in which every position has a part.
  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    let transform = transform(tile: weight.packing.winogradTile!)
    let extent = transform.count / 3
    let inverse = pseudoinverse(transform)
    var taps = [Double](repeating: 0, count: matrix.values.count)
    let strips = stride(from: 0, to: matrix.rows, by: panelsPerStrip * height)
    for strip in strips {
      for position in 0..<extent * extent {
        let (i, j) = position.quotientAndRemainder(dividingBy: extent)
        let end = min(strip + panelsPerStrip * height, matrix.rows)
        for panel in stride(from: strip, to: end, by: height) {
          for channel in 0..<matrix.columns / 9 {
            for row in panel..<panel + height {
              guard let value = values.next() as? Float else { return false }
              guard row < matrix.rows else {
                if value != 0 { return false }
                continue
              }
              for tap in 0..<9 {
                taps[row * matrix.columns + 9 * channel + tap] +=
                  inverse[tap / 3 * extent + i] * inverse[tap % 3 * extent + j] * Double(value)
              }
            }
          }
        }
      }
    }
    guard let result = taps.map({ Float($0) }) as? [Element] else { return false }
    matrix.values = result
    return weight.counts.isEmpty && weight.columnLists.isEmpty && weight.stream.isEmpty
  }

  /// (G^T G)^-1 G^T of a matrix of three columns, three rows of as many numbers as G has rows.
  private static func pseudoinverse(_ g: [Double]) -> [Double] {
    let rows = g.count / 3
    func gram(_ a: Int, _ b: Int) -> Double {
      (0..<rows).reduce(0) { $0 + g[3 * $1 + a % 3] * g[3 * $1 + b % 3] }
    }
    // The adjugate of a 3 x 3 matrix, cyclically: no signs.
    func cofactor(_ a: Int, _ b: Int) -> Double {
      gram(a + 1, b + 1) * gram(a + 2, b + 2) - gram(a + 1, b + 2) * gram(a + 2, b + 1)
    }
    let determinant = (0..<3).reduce(0) { $0 + gram(0, $1) * cofactor(0, $1) }
    return (0..<3).flatMap { a in
      (0..<rows).map { row in
        (0..<3).reduce(0) { $0 + cofactor($1, a) / determinant * g[3 * row + $1] }
      }
    }
  }
}
#endif
