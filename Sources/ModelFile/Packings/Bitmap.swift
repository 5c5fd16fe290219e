/// Packing 8: bitmask compression (`sparse_bitmask` in SparseML), for products with one vector: a bit
/// for each weight says whether it is stored, and those that are follow one another.
///
/// One group; panel_height is 16. stream: masks[columns] of each panel of 16 rows, one panel behind the
/// other: bit i of a mask says whether the panel's row i stores that column; no bit names a row behind
/// the last. counts: for each panel how many bits of its masks are set. values: for each panel, for
/// each column, those of its rows that store it, in order of rows; behind all of them 16 more, of any
/// value, so that whoever reads a vector of 16 from any value on stays within the segment.
enum Bitmap {
  private static let height = 16
  /// Elements behind the last that is stored.
  private static let padding = 16

  static var rules: PackingRules {
    PackingRules(kernel: "bitmap", servesLinear: true, validate: validate, keeps: keeps)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == height, weight.groups == 1, structure.columnCount == 0 else {
      throw WeightFault("a bitmap is packed in one group, by panels of 16")
    }
    let panels = dividedUp(weight.rows, height)
    guard structure.countCount == panels else {
      throw WeightFault("another number of counts than panels")
    }
    guard try product(panels, weight.columns) == UInt64(structure.streamCount) else {
      throw WeightFault("another number of masks than columns of all panels")
    }
    // At most 16 for each mask there is, so that sums and their bytes fit.
    var stored = padding
    for panel in 0..<panels {
      let (count, rows) = bits(structure, panel, columns: weight.columns)
      guard count == structure.count(panel) else {
        throw WeightFault("masks with another number of bits than the panel has values")
      }
      guard rows >> UInt16(min(weight.rows - panel * height, height)) == 0 else {
        throw WeightFault("a mask with a row behind the last")
      }
      stored += count
    }
    return UInt64(stored) * UInt64(weight.elementSize)
  }

  /// How many bits a panel's masks have, and which of them any mask has.
  private static func bits(_ structure: WeightStructure, _ panel: Int, columns: Int)
    -> (count: Int, rows: UInt16)
  {
    var (count, rows) = (0, UInt16(0))
    // No early exit: this runs on every load, and must stay wide.
    for position in panel * columns..<(panel + 1) * columns {
      let mask = unsafe structure.stream[position]
      count += mask.nonzeroBitCount
      rows |= mask
    }
    return (count, rows)
  }

  private static func keeps(_ promise: WeightPromise, _ scratch: inout [UInt16]) -> Bool {
    guard promise.weight.encoding != .block else { return true }
    let (columns, structure) = (promise.weight.columns, promise.structure)
    var windows = promise.windows
    for panel in 0..<structure.countCount {
      for lane in 0..<height {
        windows.restart()
        for column in 0..<columns
        where structure.streamed(panel * columns + column) >> lane & 1 == 1 {
          guard windows.add(column) else { return false }
        }
      }
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension Bitmap: MatrixPacker {
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    var stored = padding
    for rows in matrix.panels(height: height) {
      var count = 0
      for column in 0..<matrix.columns {
        var mask: UInt16 = 0
        for (lane, row) in rows.enumerated() where !matrix.isZero(row, column) {
          mask |= 1 << UInt16(lane)
        }
        weight.stream.append(mask)
        count += mask.nonzeroBitCount
      }
      weight.counts.append(UInt32(count))
      stored += count
    }
    return stored * MemoryLayout<Element>.stride
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let target = unsafe target.bindMemory(to: Element.self)
    var place = 0
    for rows in matrix.panels(height: height) {
      for column in 0..<matrix.columns {
        for row in rows where !matrix.isZero(row, column) {
          unsafe target[place] = matrix[row, column]
          place += 1
        }
      }
    }
    for rest in place..<target.count { unsafe target[rest] = .zero }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    var masks = weight.stream[...]
    for (panel, count) in weight.counts.enumerated() {
      var left = Int(count)
      for column in 0..<matrix.columns {
        guard let mask = masks.popFirst() else { return false }
        for lane in 0..<height where mask >> UInt16(lane) & 1 == 1 {
          let row = panel * height + lane
          guard row < matrix.rows, let value = values.next() else { return false }
          matrix[row, column] = value
          left -= 1
        }
      }
      guard left == 0 else { return false }
    }
    for _ in 0..<padding {
      guard values.next() != nil else { return false }
    }
    return weight.counts.count == dividedUp(matrix.rows, height) && masks.isEmpty
      && weight.columnLists.isEmpty
  }
}
#endif
