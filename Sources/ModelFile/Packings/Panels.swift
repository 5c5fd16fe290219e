/// Packing 0: panels of consecutive rows that share their columns (column-vector sparse, or dense).
///
/// panel_height H: 1, 2, 4 or 8. The rows of each group are cut into panels of H consecutive rows; a
/// group's last panel may be short and is filled with zero rows.
///
/// Dense: no lists (counts and columns are empty, panels_per_list is 0 or 1). values: for each panel,
/// for each column, H numbers.
///
/// Otherwise panels_per_list consecutive panels of a group share a list; the last list of a group may
/// serve fewer. counts has one number for each list; the lists stand one behind the other in columns,
/// each strictly increasing, each number below the weight's columns. values: for each panel, for each
/// column of its list, H numbers; panels that share a list follow each other panel by panel.
///
/// Blocks: O is a multiple of the rows that share a list. N:M: V is.
enum Panels {
  static var rules: PackingRules {
    PackingRules(
      kernel: "panels", hasHeights: true, servesConvolutions: true, servesLinear: true,
      isDense: { $0.countCount == 0 }, validate: validate, keeps: keeps)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    let height = weight.panelHeight
    guard height == 1 || height == 2 || height == 4 || height == 8 else {
      throw WeightFault("a panel has 1, 2, 4 or 8 rows")
    }
    guard structure.streamCount == 0 else { throw WeightFault("lists that the packing has not") }
    let panels = dividedUp(weight.rows / weight.groups, height)
    let size = UInt64(height * weight.elementSize)
    if structure.countCount == 0 {
      guard structure.columnCount == 0, weight.panelsPerList == 0 || weight.panelsPerList == 1
      else {
        throw WeightFault("columns without counts")
      }
      let entries = try product(try product(weight.groups, panels), UInt64(weight.columns))
      return try product(entries, size)
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
    return try product(entries, size)
  }

  // MARK: Promises

  private static func keeps(_ promise: WeightPromise, _ scratch: inout [UInt16]) -> Bool {
    let weight = promise.weight
    let rowsPerList = Swift.max(
      weight.panelHeight.multipliedReportingOverflow(by: weight.panelsPerList).partialValue, 1)
    if weight.encoding == .block {
      return weight.pattern[0] % rowsPerList == 0
        && keepsBlocks(promise, lists: weight.pattern[0] / rowsPerList)
    }
    // Strict rows share a list only where there is one row.
    return weight.pattern[2] % rowsPerList == 0 && keepsRuns(promise)
  }

  private static func keepsRuns(_ promise: WeightPromise) -> Bool {
    let structure = promise.structure
    var windows = promise.windows
    var position = 0
    for list in 0..<structure.countCount {
      windows.restart()
      for _ in 0..<structure.count(list) {
        guard windows.add(structure.column(position)) else { return false }
        position += 1
      }
    }
    return true
  }

  /// - Parameter lists: How many lists a block of rows has.
  private static func keepsBlocks(_ promise: WeightPromise, lists: Int) -> Bool {
    let (weight, structure) = (promise.weight, promise.structure)
    let panels = dividedUp(weight.rows / weight.groups, weight.panelHeight)
    let listsPerGroup = dividedUp(panels, weight.panelsPerList)
    var position = 0
    var former = 0..<0
    for list in 0..<structure.countCount {
      let range = position..<position + structure.count(list)
      position = range.upperBound
      if list % listsPerGroup % lists == 0 {
        guard holdsWholeBlocks(promise, range) else { return false }
      } else {
        // A list of the same block of rows as the list before.
        let isSame =
          range.count == former.count
          && zip(range, former).allSatisfy { structure.column($0) == structure.column($1) }
        guard isSame else { return false }
      }
      former = range
    }
    return true
  }

  /// Whether all channels of a block of channels have the same taps in the list.
  private static func holdsWholeBlocks(_ promise: WeightPromise, _ list: Range<Int>) -> Bool {
    let (structure, taps) = (promise.structure, promise.taps)
    let channels = promise.weight.pattern[1]
    let channelCount = promise.weight.columns / taps
    func taken(ofChannel channel: Int, from start: Int) -> Range<Int> {
      var end = start
      while end < list.upperBound, structure.column(end) / taps == channel { end += 1 }
      return start..<end
    }
    var position = list.lowerBound
    while position < list.upperBound {
      let block = structure.column(position) / taps / channels
      let first = block * channels
      guard structure.column(position) / taps == first else { return false }
      let firstTaps = taken(ofChannel: first, from: position)
      position = firstTaps.upperBound
      let last = Swift.min(channels, channelCount - first) + first
      for channel in (first + 1)..<Swift.max(last, first + 1) {
        let range = taken(ofChannel: channel, from: position)
        let isAlike =
          range.count == firstTaps.count
          && zip(range, firstTaps).allSatisfy {
            structure.column($0) % taps == structure.column($1) % taps
          }
        guard isAlike else { return false }
        position = range.upperBound
      }
    }
    return true
  }
}

#if !hasFeature(Embedded)
extension Panels: MatrixPacker {
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    let height = weight.panelHeight
    let panels = matrix.panels(height: height)
    let size = MemoryLayout<Element>.stride
    guard choice.encoding != .dense else { return panels.count * matrix.columns * height * size }
    let kept = panels.map { columns(of: matrix, rows: $0) }
    let perGroup = panels.count / matrix.groups
    weight.panelsPerList = choice.panelsPerList ?? shared(kept, perGroup, choice)
    var entries = 0
    for group in 0..<matrix.groups {
      for first in stride(
        from: group * perGroup, to: (group + 1) * perGroup, by: weight.panelsPerList)
      {
        let sharing = first..<min(first + weight.panelsPerList, (group + 1) * perGroup)
        let list =
          sharing.count == 1 || sharing.allSatisfy { kept[$0] == kept[first] }
          ? kept[first] : Set(kept[sharing].joined()).sorted()
        weight.counts.append(UInt32(list.count))
        weight.columnLists += list
        entries += list.count * sharing.count
      }
    }
    return entries * height * size
  }

  /// The columns that some of the rows keep.
  private static func columns<Element>(
    of matrix: DenseMatrix<Element>, rows: Range<Int>
  ) -> [UInt32] {
    (0..<matrix.columns).filter { column in rows.contains { !matrix.isZero($0, column) } }
      .map { UInt32($0) }
  }

  /// Two panels share a list where blocks of more rows than a panel promise that both keep the same
  /// columns, and all pairs of panels do.
  private static func shared(_ kept: [[UInt32]], _ perGroup: Int, _ choice: PackingChoice) -> Int {
    guard choice.encoding == .block, choice.pattern[0] % (2 * choice.panelHeight) == 0,
      kept.count > 1
    else { return 1 }
    let pairs = stride(from: 0, to: kept.count, by: perGroup).flatMap { first in
      stride(from: first, to: first + perGroup - 1, by: 2).map { ($0, $0 + 1) }
    }
    return pairs.allSatisfy { kept[$0.0] == kept[$0.1] } ? 2 : 1
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    let height = weight.panelHeight
    let panels = matrix.panels(height: height)
    let target = unsafe target.bindMemory(to: Element.self)
    let perGroup = panels.count / matrix.groups
    var entry = 0
    unsafe matrix.values.withUnsafeBufferPointer { source in
      /// One column of a panel, its rows apart by the matrix's width.
      func put(_ rows: Range<Int>, _ column: Int) {
        let start = rows.lowerBound * matrix.columns + column
        for row in 0..<rows.count {
          unsafe target[entry + row] = source[start + row * matrix.columns]
        }
        for row in rows.count..<height { unsafe target[entry + row] = .zero }
        entry += height
      }
      guard weight.encoding != .dense else {
        for rows in panels {
          for column in 0..<matrix.columns { put(rows, column) }
        }
        return
      }
      var (list, place) = (0, 0)
      for group in 0..<matrix.groups {
        let end = (group + 1) * perGroup
        for first in stride(from: group * perGroup, to: end, by: weight.panelsPerList) {
          let columns = place..<place + Int(weight.counts[list])
          for panel in first..<min(first + weight.panelsPerList, end) {
            for column in weight.columnLists[columns] { put(panels[panel], Int(column)) }
          }
          list += 1
          place = columns.upperBound
        }
      }
    }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    let isDense = weight.counts.isEmpty
    guard weight.stream.isEmpty, !isDense || weight.columnLists.isEmpty else { return false }
    var lists = weight.counts[...]
    var columns = weight.columnLists[...]
    let sharing = isDense ? 1 : weight.panelsPerList
    for group in 0..<matrix.groups {
      let end = (group + 1) * matrix.rowsPerGroup
      for first in stride(
        from: end - matrix.rowsPerGroup, to: end, by: sharing * weight.panelHeight)
      {
        var list = Array(0..<matrix.columns)
        if !isDense {
          guard let count = lists.popFirst(), count <= columns.count else { return false }
          list = columns.prefix(Int(count)).map { Int($0) }
          columns = columns.dropFirst(Int(count))
        }
        for panel in 0..<sharing where first + panel * weight.panelHeight < end {
          for column in list {
            for row in 0..<weight.panelHeight {
              guard let value = values.next(), column < matrix.columns else { return false }
              let row = first + panel * weight.panelHeight + row
              if row < end { matrix[row, column] = value } else if value != .zero { return false }
            }
          }
        }
      }
    }
    return lists.isEmpty && columns.isEmpty
  }
}
#endif
