/// Packing 2: sliced ELLPACK, slices of sixteen rows with their entries side by side, for products with
/// one vector.
///
/// One group; panel_height is 16. counts: one number for each panel of 16 rows, the largest number of
/// non-zeros of a row. columns[count][16] and values[count][16] of each panel, one behind the other;
/// the columns of a row strictly increase, and a shorter row is filled up with value 0 and column 0.
enum SlicedEllpack {
  private static let height = 16

  static var rules: PackingRules {
    PackingRules(kernel: "sliced ELLPACK", servesLinear: true, validate: validate, keeps: keeps)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == height, weight.groups == 1, structure.streamCount == 0 else {
      throw WeightFault("rows are packed in one group, by panels of 16")
    }
    guard structure.countCount == dividedUp(weight.rows, height) else {
      throw WeightFault("another number of counts than panels")
    }
    var position = 0
    for panel in 0..<structure.countCount {
      let count = structure.count(panel)
      guard count <= weight.columns, count <= (structure.columnCount - position) / height else {
        throw WeightFault("counts that add up to more than the columns listed")
      }
      for lane in 0..<height {
        let isRow = panel * height + lane < weight.rows
        var previous = isRow ? -1 : weight.columns
        for entry in 0..<count {
          let column = structure.column(position + entry * height + lane)
          // From the first fill on, only fill.
          if column == 0 && entry > 0 || !isRow && column == 0 {
            previous = weight.columns
          } else {
            guard column > previous, column < weight.columns else {
              throw WeightFault("a column that is out of order or out of range")
            }
            previous = column
          }
        }
      }
      position += count * height
    }
    guard position == structure.columnCount else {
      throw WeightFault("counts that add up to less than the columns listed")
    }
    return UInt64(position) * UInt64(weight.elementSize)
  }

  private static func keeps(_ promise: WeightPromise, _ scratch: inout [UInt16]) -> Bool {
    guard promise.weight.encoding != .block else { return true }
    let structure = promise.structure
    var windows = promise.windows
    var position = 0
    for panel in 0..<structure.countCount {
      let count = structure.count(panel)
      for lane in 0..<height {
        windows.restart()
        for entry in 0..<count {
          let column = structure.column(position + entry * height + lane)
          if entry > 0 && column == 0 { break }
          guard windows.add(column) else { return false }
        }
      }
      position += count * height
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension SlicedEllpack: MatrixPacker {
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    for rows in matrix.panels(height: height) {
      let kept = rows.map { row in (0..<matrix.columns).filter { !matrix.isZero(row, $0) } }
      let longest = kept.map(\.count).max() ?? 0
      weight.counts.append(UInt32(longest))
      for entry in 0..<longest {
        for lane in 0..<height {
          let isThere = lane < kept.count && entry < kept[lane].count
          weight.columnLists.append(isThere ? UInt32(kept[lane][entry]) : 0)
        }
      }
    }
    return weight.columnLists.count * MemoryLayout<Element>.stride
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let target = unsafe target.bindMemory(to: Element.self)
    var place = 0
    for (panel, count) in weight.counts.enumerated() {
      for entry in 0..<Int(count) {
        for lane in 0..<height {
          let (row, column) = (panel * height + lane, Int(weight.columnLists[place]))
          // Behind a row's first entry, column 0 is fill; as the first of an empty row it holds zero.
          let isFill =
            row >= matrix.rows || entry > 0 && column == 0 || matrix.isZero(row, column)
          unsafe target[place] = isFill ? .zero : matrix[row, column]
          place += 1
        }
      }
    }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    var columns = weight.columnLists[...]
    for (panel, count) in weight.counts.enumerated() {
      for _ in 0..<count {
        for lane in 0..<height {
          guard let value = values.next(), let column = columns.popFirst() else { return false }
          let row = panel * height + lane
          guard value != .zero else { continue }
          guard row < matrix.rows, column < matrix.columns else { return false }
          matrix[row, Int(column)] = value
        }
      }
    }
    return weight.counts.count == dividedUp(matrix.rows, height) && columns.isEmpty
      && weight.stream.isEmpty
  }
}
#endif
