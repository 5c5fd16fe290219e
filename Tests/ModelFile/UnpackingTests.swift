import Testing

@testable import EspalierModelFile

/// What is packed comes back, whatever the sizes, cuts and element type.
@Suite struct UnpackingTests {
  private static let packings: [(WeightPacking, PackingChoice)] = {
    var all: [(WeightPacking, PackingChoice)] = []
    for height in [1, 2, 4, 8] {
      all.append((.panels, PackingChoice(.dense, panelHeight: height)))
      for perList in [1, 2, 3] {
        all.append(
          (.panels, PackingChoice(.unstructured, panelHeight: height, panelsPerList: perList)))
      }
    }
    for block in [nil, 1, 5, 16, 65_536] {
      all.append((.patternGroups, PackingChoice(.unstructured, panelHeight: 4, columnBlock: block)))
    }
    for (block, band) in [(nil, nil), (1, 1), (5, 2), (16, 3), (4096, 128)] {
      all.append(
        (
          .rowPairs,
          PackingChoice(.unstructured, panelHeight: 2, panelsPerList: band, columnBlock: block)
        ))
    }
    // Those for products with vectors alone leave nothing to choose.
    for packing in WeightPacking.allCases where packing.isForVectors {
      all.append((packing, PackingChoice(.unstructured, panelHeight: 16)))
    }
    for packing in [WeightPacking.depthwise, .winograd2, .winograd4] {
      all.append((packing, PackingChoice(.dense, panelHeight: 1)))
    }
    return all
  }()

  private func forEachMatrix<Element>(
    _ element: (inout SeededGenerator) -> Element, _ body: (DenseMatrix<Element>) throws -> Void
  ) rethrows {
    var random = SeededGenerator(seed: 6)
    for rows in [1, 2, 3, 5, 9, 15, 16, 17, 18, 33] {
      for columns in [1, 2, 7, 16, 18, 33, 130] {
        for zeros in [0, 0.6, 1] {
          let values = (0..<rows * columns).map { _ -> Element in
            Double.random(in: 0..<1, using: &random) < zeros ? .zero : element(&random)
          }
          for groups in rows % 3 == 0 ? [1, 3] : [1] {
            try body(
              DenseMatrix(rows: rows, columns: columns, groups: groups, values: values))
          }
        }
      }
    }
  }

  @Test func float32() throws {
    #expect(Set(Self.packings.map(\.0)).count == WeightPacking.allCases.count)
    forEachMatrix({ Float.random(in: -2...2, using: &$0) }) { matrix in
      for (packing, choice) in Self.packings where serves(packing, matrix) {
        let weight = WeightDescription(matrix, in: packing, choice)
        #expect(
          weight.unpacked() == matrix,
          "seed 6: \(matrix.rows)x\(matrix.columns) by \(matrix.groups) as \(packing), \(choice)")
        #expect(refusal(of: Samples.linear(weight)) == nil)
      }
    }
  }

  /// A new element type is a conformance: packings neither know nor care. What the file says of it is
  /// refused as long as no kernel reads it.
  @Test func int8() throws {
    forEachMatrix({ Int8.random(in: 1...127, using: &$0) }) { matrix in
      for (packing, choice) in Self.packings where serves(packing, matrix) {
        let weight = WeightDescription(packing: matrix, in: packing, choice)
        #expect(weight.unpacked(as: Int8.self) == matrix)
        #expect(weight.unpacked() == nil)
      }
    }
    let weight = WeightDescription(
      packing: DenseMatrix<Int8>(rows: 1, columns: 4, values: [1, 2, 3, 4]), in: .panels,
      PackingChoice(.dense, panelHeight: 1))
    #expect(refusal(of: Samples.linear(weight))?.code == .badWeight)
  }

  private func serves<Element>(_ packing: WeightPacking, _ matrix: DenseMatrix<Element>) -> Bool {
    if packing.winogradTile != nil { return matrix.groups == 1 && matrix.columns % 9 == 0 }
    return matrix.groups == 1 || !packing.isForVectors
  }

  /// Unpacking notices what is missing or left over.
  @Test func whatDoesNotFitIsNoMatrix() {
    var random = SeededGenerator(seed: 8)
    let matrix = DenseMatrix(
      rows: 18, columns: 36,
      values: (0..<18 * 36).map { _ in
        Bool.random(using: &random) ? 0 : Float.random(in: 1...2, using: &random)
      })
    for (packing, choice) in Self.packings {
      let weight = WeightDescription(matrix, in: packing, choice)
      var (short, long) = (weight, weight)
      short.values.floats.removeLast()
      long.values.floats.append(1)
      #expect(short.unpacked() == nil && long.unpacked() == nil, "\(packing)")
      var lists = weight
      if !lists.counts.isEmpty { lists.counts.removeLast() }
      if !lists.columnLists.isEmpty { lists.columnLists.removeLast() }
      if !lists.stream.isEmpty { lists.stream.removeLast() }
      #expect(choice.encoding == .dense || lists.unpacked() == nil, "\(packing)")
    }
  }
}
