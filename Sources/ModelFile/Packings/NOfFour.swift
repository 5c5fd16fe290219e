/// Packing 7: N:4 with 2-bit metadata: of every four columns those that each row keeps, and which they
/// are, for products with one vector.
///
/// One group; panel_height is 16. Columns are taken four and four (the last may be fewer), where inputs
/// behind the last column count as zero. counts: for each panel of 16 rows N, 1 ... 4, the columns that
/// each of its rows stores of every four; a row with fewer is filled up with value 0 and any of the
/// four. A panel's fours come in blocks of 16 / N, rounded down (the last may have fewer). For each
/// panel, for each block: 16 words of 32 bits, one for each row, whose bits 2i and 2i + 1 say which
/// column of its four is the i-th that the row stores in the block, other bits being ignored; then for
/// each four values[N][16]. Words and values stand together in the values segment.
enum NOfFour {
  private static let height = 16

  static var rules: PackingRules {
    PackingRules(kernel: "N:4", servesLinear: true, validate: validate, keeps: keeps)
  }

  /// Whatever the words say is one of four columns, or none, so they are not looked at.
  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == height, weight.groups == 1, structure.columnCount == 0,
      structure.streamCount == 0
    else { throw WeightFault("fours are packed in one group, by panels of 16") }
    guard structure.countCount == dividedUp(weight.rows, height) else {
      throw WeightFault("another number of counts than panels")
    }
    let quads = dividedUp(weight.columns, 4)
    let size = UInt64(weight.elementSize)
    var bytes: UInt64 = 0
    for panel in 0..<structure.countCount {
      let count = structure.count(panel)
      guard (1...4).contains(count) else {
        throw WeightFault("a row stores 1 to 4 of every four columns")
      }
      // All are below 2^34, so that sums of their products fit.
      bytes += 16 * (UInt64(quads * count) * size + 4 * UInt64(dividedUp(quads, 16 / count)))
      guard bytes <= weight.valuesLength else { throw WeightFault("fewer values than entries") }
    }
    return bytes
  }

  private static func keeps(_ promise: WeightPromise, _ scratch: inout [UInt16]) -> Bool {
    guard promise.weight.encoding != .block else { return true }
    let (weight, structure) = (promise.weight, promise.structure)
    var windows = promise.windows
    let quads = dividedUp(weight.columns, 4)
    var start = 0
    for panel in 0..<structure.countCount {
      let kept = structure.count(panel)
      let block = 16 / kept
      for lane in 0..<height {
        windows.restart()
        for quad in 0..<quads {
          let (number, place) = quad.quotientAndRemainder(dividingBy: block)
          let words = start + number * (block * kept + 1) * 16
          let word = unsafe promise.values[words + lane].bitPattern
          // A row may name its columns in any order.
          var columns: UInt8 = 0
          for entry in place * kept..<(place + 1) * kept
          where unsafe promise.values[words + (1 + entry) * 16 + lane] != 0 {
            columns |= 1 << UInt8(word >> UInt32(2 * entry) & 3)
          }
          for column in 0..<4 where columns >> UInt8(column) & 1 == 1 {
            guard 4 * quad + column < weight.columns, windows.add(4 * quad + column) else {
              return false
            }
          }
        }
      }
      start += (quads * kept + dividedUp(quads, block)) * 16
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension NOfFour: MatrixPacker {
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    let quads = dividedUp(matrix.columns, 4)
    var byteCount = 0
    for rows in matrix.panels(height: height) {
      let kept = fullest(matrix, rows)
      weight.counts.append(UInt32(kept))
      byteCount +=
        16 * (quads * kept * MemoryLayout<Element>.stride + 4 * dividedUp(quads, 16 / kept))
    }
    return byteCount
  }

  /// How many of every four columns, 1 ... 4, must be stored for each of the rows.
  fileprivate static func fullest<Element>(_ matrix: DenseMatrix<Element>, _ rows: Range<Int>)
    -> Int
  {
    var most = 1
    for row in rows {
      for first in stride(from: 0, to: matrix.columns, by: 4) {
        var kept = 0
        for column in first..<min(first + 4, matrix.columns) where !matrix.isZero(row, column) {
          kept += 1
        }
        most = max(most, kept)
      }
    }
    return most
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Element>.stride
    let quads = dividedUp(matrix.columns, 4)
    var start = 0
    for (rows, count) in zip(matrix.panels(height: height), weight.counts) {
      let kept = Int(count)
      for first in stride(from: 0, to: quads, by: 16 / kept) {
        let block = first..<min(first + 16 / kept, quads)
        let values = start + 64
        let end = values + 16 * kept * block.count * size
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<end])
          .initializeMemory(as: UInt8.self, repeating: 0)
        for (lane, row) in rows.enumerated() {
          var word: UInt32 = 0
          for quad in block {
            var entry = (quad - first) * kept
            for column in 4 * quad..<min(4 * quad + 4, matrix.columns)
            where !matrix.isZero(row, column) && entry < (quad - first + 1) * kept {
              word |= UInt32(column % 4) << UInt32(2 * entry)
              unsafe target.storeBytes(
                of: matrix[row, column], toByteOffset: values + (16 * entry + lane) * size,
                as: Element.self)
              entry += 1
            }
          }
          unsafe target.storeBytes(of: word, toByteOffset: start + 4 * lane, as: UInt32.self)
        }
        start = end
      }
    }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    let quads = dividedUp(matrix.columns, 4)
    for (panel, count) in weight.counts.enumerated() {
      let kept = Int(count)
      guard (1...4).contains(kept) else { return false }
      for first in stride(from: 0, to: quads, by: 16 / kept) {
        let words = (0..<height).compactMap { _ in values.nextWord() }
        guard words.count == height else { return false }
        for quad in first..<min(first + 16 / kept, quads) {
          for entry in 0..<kept {
            for (lane, word) in words.enumerated() {
              guard let value = values.next() else { return false }
              let shift = UInt32(2 * ((quad - first) * kept + entry))
              let (row, column) = (panel * height + lane, 4 * quad + Int(word >> shift & 3))
              guard value != .zero else { continue }
              guard row < matrix.rows, column < matrix.columns, matrix[row, column] == .zero
              else { return false }
              matrix[row, column] = value
            }
          }
        }
      }
    }
    return weight.counts.count == dividedUp(matrix.rows, height) && weight.columnLists.isEmpty
      && weight.stream.isEmpty
  }
}

extension DenseMatrix where Element == Float {
  /// Share of the dense matrix's bytes that it takes in quads.
  public var quadShare: Double {
    let panels = panels(height: 16).map { Double(NOfFour.fullest(self, $0)) }
    let kept = panels.reduce(0, +) / Double(max(panels.count, 1))
    return kept / 4 * 17 / 16
  }
}
#endif
