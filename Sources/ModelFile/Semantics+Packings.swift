extension VerifiedModel {
  /// Panels with or without lists; returns how many values they need.
  func validatePanels(_ weight: Weight, _ structure: WeightStructure) throws(WeightFault) -> UInt64
  {
    let height = weight.panelHeight
    guard height == 1 || height == 2 || height == 4 || height == 8 else {
      throw WeightFault("a panel has 1, 2, 4 or 8 rows")
    }
    guard structure.streamCount == 0 else { throw WeightFault("lists that the packing has not") }
    let panels = dividedUp(weight.rows / weight.groups, height)
    if structure.countCount == 0 {
      guard structure.columnCount == 0, weight.panelsPerList == 0 || weight.panelsPerList == 1
      else {
        throw WeightFault("columns without counts")
      }
      let entries = try product(try product(weight.groups, panels), UInt64(weight.columns))
      return try product(entries, UInt64(height))
    }
    guard weight.panelsPerList >= 1 else { throw WeightFault("lists that serve no panel") }
    let lists = dividedUp(panels, weight.panelsPerList)
    guard try product(weight.groups, lists) == UInt64(structure.countCount) else {
      throw WeightFault("another number of lists than the rows need")
    }
    var position = 0
    var entries: UInt64 = 0
    for list in 0..<structure.countCount {
      let count = structure.count(list)
      guard count <= structure.columnCount - position else {
        throw WeightFault("counts that add up to more than the columns listed")
      }
      guard structure.isIncreasing(position..<position + count, below: weight.columns) else {
        throw WeightFault("a column that is out of order or out of range")
      }
      position += count
      let first = list % lists * weight.panelsPerList
      // At most columnCount times the number of panels: both are bounded by 2^31.
      entries += UInt64(count) * UInt64(Swift.min(weight.panelsPerList, panels - first))
      guard entries <= weight.valuesLength else { throw WeightFault("fewer values than entries") }
    }
    guard position == structure.columnCount else {
      throw WeightFault("counts that add up to less than the columns listed")
    }
    return try product(entries, UInt64(height))
  }

  /// Panels of 16 rows for products with one vector; returns how many values they need.
  func validateRows(_ weight: Weight, _ structure: WeightStructure) throws(WeightFault) -> UInt64 {
    let height = 16
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
    return UInt64(position)
  }

  /// A few of every four columns; returns how many values and words they need. Whatever the words say
  /// is one of four columns, or none, so they are not looked at.
  func validateQuads(_ weight: Weight, _ structure: WeightStructure) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == 16, weight.groups == 1, structure.columnCount == 0,
      structure.streamCount == 0
    else { throw WeightFault("quads are packed in one group, by panels of 16") }
    guard structure.countCount == dividedUp(weight.rows, 16) else {
      throw WeightFault("another number of counts than panels")
    }
    let quads = dividedUp(weight.columns, 4)
    var lines: UInt64 = 0
    for panel in 0..<structure.countCount {
      let count = structure.count(panel)
      guard (1...4).contains(count) else {
        throw WeightFault("a row stores 1 to 4 of every four columns")
      }
      // Both are below 2^31, so that sums of their products fit.
      lines += UInt64(quads * count + dividedUp(quads, 16 / count))
      guard lines <= weight.valuesLength else { throw WeightFault("fewer values than entries") }
    }
    return try product(lines, 16)
  }

  /// Transformed taps; returns how many values they need.
  func validateWinograd(_ weight: Weight, _ structure: WeightStructure, tile: Int)
    throws(WeightFault) -> UInt64
  {
    guard weight.panelHeight == 8, weight.groups == 1, weight.columns % 9 == 0 else {
      throw WeightFault("Winograd's transforms take one group of 3 x 3 taps, in panels of 8 rows")
    }
    guard structure.countCount == 0, structure.columnCount == 0, structure.streamCount == 0 else {
      throw WeightFault("lists that the packing has not")
    }
    let positions = (tile + 2) * (tile + 2)
    let panels = try product(dividedUp(weight.rows, 8), weight.columns / 9)
    return try product(panels, UInt64(8 * positions))
  }

  /// Pattern groups; returns how many values they need.
  func validatePatternGroups(_ weight: Weight, _ structure: WeightStructure)
    throws(WeightFault) -> UInt64
  {
    guard weight.panelHeight == 4, (1...65_536).contains(weight.columnBlock),
      structure.countCount == 0, structure.columnCount == 0
    else { throw WeightFault("pattern groups have panels of 4 rows and blocks of 1 to 65536") }
    var reader = PatternStream(weight, structure)
    var values: UInt64 = 0
    // Not initialised: a small stream would pay for a large block.
    let stamps = UnsafeMutableBufferPointer<UInt32>.allocate(
      capacity: Swift.min(weight.columnBlock, weight.columns))
    defer { unsafe stamps.deallocate() }
    while let panel = try reader.next() {
      for set in 1...15 {
        let range = panel.columns(ofSet: set)
        guard range.isEmpty || set >> panel.rows == 0 else {
          throw WeightFault("a set that holds rows behind the end of its group")
        }
        guard structure.isStreamIncreasing(range, below: panel.width) else {
          throw WeightFault("a column that is out of order or out of range")
        }
        values += UInt64(range.count * set.nonzeroBitCount)
      }
      guard unsafe structure.isStreamDistinct(panel.allColumns, stamps) else {
        throw WeightFault("a column that stands in two sets")
      }
    }
    return values
  }
}

extension VerifiedModel {
  /// Row pairs; returns how many values they need.
  func validateRowPairs(_ weight: Weight, _ structure: WeightStructure)
    throws(WeightFault) -> UInt64
  {
    guard weight.panelHeight == 2, (1...4096).contains(weight.columnBlock),
      (1...128).contains(weight.panelsPerList), structure.countCount == 0,
      structure.columnCount == 0
    else {
      throw WeightFault("row pairs have bands of 1 to 128 pairs and blocks of 1 to 4096 columns")
    }
    var reader = PairStream(weight, structure)
    var values: UInt64 = 0
    while let pair = try reader.next() {
      guard structure.isStreamBelow(pair.width, in: pair.columns) else {
        throw WeightFault("a column that is out of range")
      }
      values += UInt64(2 * (pair.alone + pair.shared))
    }
    return values
  }
}

func dividedUp(_ count: Int, _ by: Int) -> Int { count / by + (count % by == 0 ? 0 : 1) }
