/// Packing 1: panels of four rows whose columns are grouped by which of the rows keep them.
///
/// panel_height is 4, column_block 1 ... 65535. Columns are cut into blocks of column_block (the last
/// may be short). For each group, for each block, for each panel: 15 counts, one for each non-empty
/// set s of the 4 rows (bit r is row r; s = 1 ... 15), then for each s in turn its columns relative to
/// the block, strictly increasing. No column stands in two sets of one panel and block, and no set
/// holds a row behind the end of its group. All these numbers are u16, one behind the other, in
/// stream. values: in the same order, for each column of set s, as many numbers as s has rows, lowest
/// row first.
///
/// N:M is promised within each column block.
enum PatternGroups {
  static var rules: PackingRules {
    PackingRules(
      kernel: "pattern groups", servesConvolutions: true, servesLinear: true, validate: validate,
      keeps: keeps)
  }

  /// A set's columns are counted in 16 bits.
  private static let blockLimit = 65_535

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard weight.panelHeight == 4, (1...blockLimit).contains(weight.columnBlock),
      structure.countCount == 0, structure.columnCount == 0
    else { throw WeightFault("pattern groups have panels of 4 rows and blocks of 1 to 65535") }
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
    return values * UInt64(weight.elementSize)
  }

  /// Each row's columns within a block stand in up to eight sets, so windows are counted side by side.
  private static func keeps(_ promise: WeightPromise, _ counts: inout [UInt16]) -> Bool {
    guard promise.weight.encoding != .block else { return true }
    let structure = promise.structure
    var reader = PatternStream(promise.weight, structure)
    var windows = promise.blockWindows(rows: 4)
    counts += [UInt16](repeating: 0, count: max(0, windows.counts - counts.count))
    while let panel = try? reader.next() {
      windows.enter(panel.firstColumn)
      for set in 1...15 {
        for position in panel.columns(ofSet: set) {
          let slot = windows.slots[structure.streamed(position)]
          for row in 0..<4 where set >> row & 1 == 1 {
            counts[slot + row] += 1
            guard Int(counts[slot + row]) <= promise.most else { return false }
          }
        }
      }
      for position in panel.allColumns {
        let slot = windows.slots[structure.streamed(position)]
        for row in 0..<4 { counts[slot + row] = 0 }
      }
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension PatternGroups: MatrixPacker {
  /// A tile of activations of so many columns stays in the first-level cache.
  private static let usualBlock = 128

  /// Calls the body with the rows and columns of each panel and block, in the stream's order.
  private static func forEachBlock<Element>(
    of matrix: DenseMatrix<Element>, _ columnBlock: Int,
    _ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for group in 0..<matrix.groups {
      let end = (group + 1) * matrix.rowsPerGroup
      for block in stride(from: 0, to: matrix.columns, by: columnBlock) {
        let columns = block..<min(block + columnBlock, matrix.columns)
        for first in stride(from: end - matrix.rowsPerGroup, to: end, by: 4) {
          body(first..<min(first + 4, end), columns)
        }
      }
    }
  }

  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    weight.columnBlock = min(choice.columnBlock ?? usualBlock, blockLimit)
    var values = 0
    var members = [[UInt16]](repeating: [], count: 16)
    forEachBlock(of: matrix, weight.columnBlock) { rows, columns in
      for set in members.indices { members[set].removeAll(keepingCapacity: true) }
      for column in columns {
        var set = 0
        for (bit, row) in rows.enumerated() where !matrix.isZero(row, column) { set |= 1 << bit }
        members[set].append(UInt16(column - columns.lowerBound))
      }
      for set in 1..<16 {
        weight.stream.append(UInt16(members[set].count))
        values += members[set].count * set.nonzeroBitCount
      }
      for set in 1..<16 { weight.stream += members[set] }
    }
    return values * MemoryLayout<Element>.stride
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let target = unsafe target.bindMemory(to: Element.self)
    var (place, value) = (0, 0)
    forEachBlock(of: matrix, weight.columnBlock) { rows, columns in
      let counts = weight.stream[place..<place + 15]
      place += 15
      for (set, count) in zip(1..<16, counts) {
        for column in weight.stream[place..<place + Int(count)] {
          for (bit, row) in rows.enumerated() where set >> bit & 1 == 1 {
            unsafe target[value] = matrix[row, columns.lowerBound + Int(column)]
            value += 1
          }
        }
        place += Int(count)
      }
    }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    var stream = weight.stream[...]
    for group in 0..<matrix.groups {
      let end = (group + 1) * matrix.rowsPerGroup
      for block in stride(from: 0, to: matrix.columns, by: weight.columnBlock) {
        for first in stride(from: end - matrix.rowsPerGroup, to: end, by: 4) {
          let counts = stream.prefix(15)
          guard counts.count == 15 else { return false }
          stream = stream.dropFirst(15)
          for (set, count) in zip(1..<16, counts) {
            for _ in 0..<count {
              guard let place = stream.popFirst() else { return false }
              let column = block + Int(place)
              for bit in 0..<4 where set >> bit & 1 == 1 {
                guard let value = values.next(), first + bit < end, column < matrix.columns,
                  Int(place) < weight.columnBlock
                else { return false }
                matrix[first + bit, column] = value
              }
            }
          }
        }
      }
    }
    return stream.isEmpty && weight.counts.isEmpty && weight.columnLists.isEmpty
  }
}
#endif
