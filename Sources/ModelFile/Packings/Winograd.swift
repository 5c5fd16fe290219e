/// Packings 9 and 10: convolutions by 3 x 3 taps, which kernels transform for tiles of M x M outputs, M = 2
/// or 4.
///
/// Without strides, dilations or groups; columns are a multiple of 9, groups 1; panel_height means nothing.
/// values: `PlainRows`, the taps as ONNX has them. Encoding dense.
///
/// Of each row and channel with taps w, kernels multiply by U = G w G^T, of N x N positions, N = M + 2,
/// which whoever loads a file makes, in memory: 16 or 36 numbers of 9, of rows rounded up to a multiple of
/// 8. G has a row for each of N - 1 points, (1 p p^2) divided by the product of p's differences from the
/// other points, and a last row (0 0 1). The points are 0, 1, -1 for M = 2 and 0, 3/4, -3/4, 3/2, -3/2 for
/// M = 4.
///
/// A NaN or an infinity in the input reaches all outputs of the tiles that read it, not just its 3 x 3.
enum Winograd {
  /// Rows of a panel of what is transformed.
  private static let height = 8

  static func rules(tile: Int) -> PackingRules {
    PackingRules(
      kernel: "Winograd", servesConvolutions: true, isDense: { _ in true }, tile: tile,
      validate: validate)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.groups == 1, weight.columns % 9 == 0 else {
      throw WeightFault("Winograd's transforms take one group of 3 x 3 taps")
    }
    return try PlainRows.byteCount(weight, structure)
  }

  /// Numbers of a transformed matrix; nil where they overflow.
  fileprivate static func transformedCount(rows: Int, columns: Int, tile: Int) -> Int? {
    let positions = (tile + 2) * (tile + 2)
    let (column, overflow) = dividedUp(rows, height)
      .multipliedReportingOverflow(by: height * positions)
    let (count, carry) = column.multipliedReportingOverflow(by: columns / 9)
    return overflow || carry ? nil : count
  }
}

extension WeightPacking {
  /// Numbers that Winograd's transforms make of a validated matrix; 0 where the packing is not one of
  /// Winograd's, nil where they are too many for an `Int`.
  public func transformedCount(rows: Int, columns: Int) -> Int? {
    guard let tile = winogradTile else { return 0 }
    return Winograd.transformedCount(rows: rows, columns: columns, tile: tile)
  }
}
