import EspalierModelFile

/// Packs a matrix in the ways that tests ask for.
struct Packer {
  private let matrix: DenseMatrix<Float>

  init(_ rows: [[Float]], groups: Int = 1) {
    matrix = DenseMatrix(
      rows: rows.count, columns: rows[0].count, groups: groups, values: Array(rows.joined()))
  }

  func packed(_ packing: WeightPacking, _ choice: PackingChoice) -> WeightDescription {
    var weight = WeightDescription(matrix, in: packing, choice)
    weight.reason = "packed by a test"
    return weight
  }

  func dense(height: Int) -> WeightDescription {
    packed(.panels, PackingChoice(.dense, panelHeight: height))
  }

  func panels(height: Int, perList: Int = 1, encoding: WeightEncoding, pattern: [Int])
    -> WeightDescription
  {
    packed(
      .panels,
      PackingChoice(encoding, pattern: pattern, panelHeight: height, panelsPerList: perList))
  }

  func patternGroups(block: Int, encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    packed(
      .patternGroups,
      PackingChoice(encoding, pattern: pattern, panelHeight: 4, columnBlock: block))
  }

  func rowPairs(block: Int, band: Int, encoding: WeightEncoding, pattern: [Int])
    -> WeightDescription
  {
    packed(
      .rowPairs,
      PackingChoice(
        encoding, pattern: pattern, panelHeight: 2, panelsPerList: band, columnBlock: block))
  }

  func nOfFour(encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    packed(.nOfFour, PackingChoice(encoding, pattern: pattern, panelHeight: 16))
  }

  func rows16(encoding: WeightEncoding, pattern: [Int]) -> WeightDescription {
    packed(.slicedEllpack, PackingChoice(encoding, pattern: pattern, panelHeight: 16))
  }

  func depthwise() -> WeightDescription {
    packed(.depthwise, PackingChoice(.dense, panelHeight: 1))
  }

  /// Taps of 3 by 3, transformed for tiles of so many outputs each way.
  func winograd(tile: Int) -> WeightDescription {
    packed(tile == 2 ? .winograd2 : .winograd4, PackingChoice(.dense, panelHeight: 8))
  }
}
