import EspalierCoupling

/// A layer as a walk over its blocks sees it.
struct WalkedLayer {
  let layer: MatrixLayer
  /// Whether blocks of it may go; else only whole channels do.
  let isPruned: Bool
  /// Places of one run at which each weight multiplies.
  let places: Int
  /// What a unit of loss in the layer costs the network.
  let weight: Double
}

/// Whole channels that go together: the last ones of a group.
struct WalkedGroup {
  /// An index into the coupling's groups.
  let number: Int
  /// The group's indices, in the order in which they stand; the last go first.
  let order: [Int]
  /// For each index of the group, its channels.
  let channels: [[Int]]
  /// How many must stay at least.
  let floor: Int
}

/// Takes blocks, and tiles of channels, from a whole network: that first whose loss is least for each
/// multiply-accumulate that it saves.
///
/// No block is taken that a row of its layer's outputs, or a column of its inputs, has as its last: in
/// the first layer that makes a channel, and in the last that reads it, something is left of every
/// channel, so that by induction along the graph each path from input to output stays. That alone
/// would end early in narrow layers; so eight channels at a time may go as a whole, with what makes
/// and what reads them.
struct BlockWalk {
  /// Channels of a tile: what fills a kernel's registers.
  static let tile = 8
  /// Moves after which tiles are offered anew: to look at all that a move changes takes most time.
  private static let patience = 16

  private let flow: ChannelFlow
  private let layers: [WalkedLayer]
  private let cells: [BlockCell]
  private let groups: [WalkedGroup]
  /// For each channel, the cells that have it as a row or as an input, and its number there.
  private var rowsOfChannel: [[(cell: Int, place: Int)]]
  private var inputsOfChannel: [[(cell: Int, place: Int)]]
  /// Multiply-accumulates that go with each channel, beside those of cells.
  private let ownCosts: [Int]
  /// Blocks that are left of what makes a channel first, and of what reads it last; `nil` where it
  /// needs none.
  private var makers: [Int?]
  private var readers: [Int?]
  /// For each group, how many of its indices are left.
  private(set) var counts: [Int]
  private var queue = MoveQueue()
  private var groupVersions: [Int]
  private var groupsOfCell: [Set<Int>]
  /// Groups with a cell that has changed since their tile was offered.
  private var stale: Set<Int> = []
  /// For each group, what its tile costs each cell, at a version of the cell and a count of the group.
  private var tileLosses: [[Int: (version: Int, count: Int, loss: Double)]]
  /// For each layer, multiply-accumulates of what is left; of those to prune, and what they may be.
  private var left: [Int]
  private var targets: [Int]
  private let scope: PruningScope

  /// - Parameter ownCosts: For each channel, what goes with it beside the weights of cells.
  init(
    _ flow: ChannelFlow, layers: [WalkedLayer], cells: [BlockCell], groups: [WalkedGroup],
    ownCosts: [Int], sparsity: Double, scope: PruningScope
  ) {
    (self.flow, self.layers, self.cells, self.groups) = (flow, layers, cells, groups)
    (self.ownCosts, self.scope) = (ownCosts, scope)
    rowsOfChannel = Array(repeating: [], count: flow.count)
    inputsOfChannel = Array(repeating: [], count: flow.count)
    makers = (0..<flow.count).map { channel in
      flow.needsMaker[channel] && layers[flow.firstMaker[channel]!].isPruned ? 0 : nil
    }
    readers = (0..<flow.count).map { channel in
      flow.needsReader[channel] && layers[flow.lastReader[channel]!].isPruned ? 0 : nil
    }
    left = [Int](repeating: 0, count: layers.count)
    targets = layers.map { layer in
      let linear = layer.layer.linear
      let all = linear.groups * linear.rows * linear.columns * layer.places
      return all - Int((sparsity * Double(all)).rounded())
    }
    counts = groups.map(\.order.count)
    groupVersions = [Int](repeating: 0, count: groups.count)
    tileLosses = Array(repeating: [:], count: groups.count)
    groupsOfCell = Array(repeating: [], count: cells.count)
    for (number, cell) in cells.enumerated() {
      for (place, channel) in cell.rowChannels.enumerated() {
        rowsOfChannel[channel].append((number, place))
      }
      for (place, channel) in cell.inputChannels.enumerated() {
        inputsOfChannel[channel].append((number, place))
      }
      left[cell.layer] += cell.count * layers[cell.layer].places
      for block in cell.blocks where block.isLeft { note(block, of: cell, 1) }
    }
    for (number, group) in groups.enumerated() {
      for channel in group.channels.joined() {
        for (cell, _) in rowsOfChannel[channel] + inputsOfChannel[channel] {
          groupsOfCell[cell].insert(number)
        }
      }
    }
  }

  private func isFirstMaker(_ layer: Int, _ channel: Int) -> Bool {
    flow.firstMaker[channel] == layer && makers[channel] != nil
  }
  private func isLastReader(_ layer: Int, _ channel: Int) -> Bool {
    flow.lastReader[channel] == layer && readers[channel] != nil
  }

  /// Counts a block of a cell in what makes and reads its channels.
  private mutating func note(_ block: BlockCell.Block, of cell: BlockCell, _ change: Int) {
    for (place, channel) in cell.rowChannels.enumerated()
    where cell.hasRow[place] && isFirstMaker(cell.layer, channel) {
      makers[channel]! += change
    }
    for place in cell.inputsLeft(block)
    where isLastReader(cell.layer, cell.inputChannels[place]) {
      readers[cell.inputChannels[place]]! += change
    }
  }

  /// Whether something is left of every channel once a block is gone.
  private func mayGo(_ block: BlockCell.Block, of cell: BlockCell) -> Bool {
    for (place, channel) in cell.rowChannels.enumerated()
    where cell.hasRow[place] && isFirstMaker(cell.layer, channel) {
      if makers[channel]! <= 1 { return false }
    }
    return cell.inputsLeft(block).allSatisfy { place in
      let channel = cell.inputChannels[place]
      return !isLastReader(cell.layer, channel) || readers[channel]! > 1
    }
  }

  // MARK: The walk

  /// The share of the pruned layers' multiply-accumulates that is to be left, and what is.
  private var isDone: Bool {
    let pruned = layers.indices.filter { layers[$0].isPruned }
    switch scope {
    case .global:
      return pruned.reduce(0) { $0 + left[$1] } <= pruned.reduce(0) { $0 + targets[$1] }
    case .layer: return pruned.allSatisfy { left[$0] <= targets[$0] }
    }
  }

  private func isOpen(_ layer: Int) -> Bool { scope == .global || left[layer] > targets[layer] }

  /// Goes on until the sparsity is reached, or nothing may go.
  /// - Returns: whether it was reached.
  mutating func run(progress: ((Double) -> Void)? = nil) -> Bool {
    for number in cells.indices { offer(cell: number) }
    for number in groups.indices { offer(group: number) }
    let pruned = layers.indices.filter { layers[$0].isPruned }
    let first = Double(max(pruned.reduce(0) { $0 + left[$1] }, 1))
    let wanted = Double(pruned.reduce(0) { $0 + targets[$1] })
    var moves = 0
    while !isDone {
      guard let move = queue.next() else {
        guard !stale.isEmpty else { return false }
        offerStaleGroups()
        continue
      }
      switch move.kind {
      case .block(let number):
        guard cells[number].version == move.version else { continue }
        takeBlock(of: number, value: move.value)
      case .tile(let number):
        guard groupVersions[number] == move.version else { continue }
        if stale.contains(number) { offer(group: number) } else { takeTile(of: number) }
      }
      moves += 1
      if moves % Self.patience == 0 { offerStaleGroups() }
      let now = Double(pruned.reduce(0) { $0 + left[$1] })
      progress?(min((first - now) / max(first - wanted, 1), 1))
    }
    return true
  }

  /// The block of a cell whose loss is least for what it saves.
  private func best(_ number: Int) -> (block: Int, value: Double)? {
    let cell = cells[number]
    guard layers[cell.layer].isPruned, isOpen(cell.layer) else { return nil }
    var best: (block: Int, value: Double)?
    for (place, block) in cell.blocks.enumerated() where block.isLeft {
      let value = layers[cell.layer].weight * block.loss / Double(saved(block, of: cell))
      if value < best?.value ?? .infinity, mayGo(block, of: cell) { best = (place, value) }
    }
    return best
  }

  private func saved(_ block: BlockCell.Block, of cell: BlockCell) -> Int {
    max(cell.count(of: block) * layers[cell.layer].places, 1)
  }

  private mutating func offer(cell number: Int) {
    guard let best = best(number) else { return }
    queue.insert(
      Move(kind: .block(number), version: cells[number].version, value: best.value))
  }

  private mutating func takeBlock(of number: Int, value: Double) {
    let cell = cells[number]
    // Other cells have changed since: what was best may have become somebody's last.
    guard let best = best(number) else { return }
    guard best.value <= value else { return offer(cell: number) }
    let block = cell.blocks[best.block]
    note(block, of: cell, -1)
    left[cell.layer] -= cell.count(of: block) * layers[cell.layer].places
    cell.take(best.block)
    offer(cell: number)
    stale.formUnion(groupsOfCell[number])
  }

  // MARK: Tiles

  /// The channels of a group that would go next, and what has them.
  private func tile(_ number: Int) -> Tile? {
    let group = groups[number]
    let count = (counts[number] - 1) / Self.tile * Self.tile
    guard count >= group.floor else { return nil }
    let indices = group.order[count..<counts[number]]
    var tile = Tile(count: count, channels: Set(indices.flatMap { group.channels[$0] }))
    for channel in tile.channels.sorted() {
      for (cell, place) in rowsOfChannel[channel] where cells[cell].hasRow[place] {
        tile.rows[cell, default: []].append(place)
      }
      for (cell, place) in inputsOfChannel[channel] where cells[cell].hasInput[place] {
        tile.inputs[cell, default: []].append(place)
      }
    }
    return tile
  }

  private struct Tile {
    /// What is left of the group without it.
    var count: Int
    var channels: Set<Int>
    var rows: [Int: [Int]] = [:]
    var inputs: [Int: [Int]] = [:]
  }

  private mutating func offerStaleGroups() {
    for number in stale.sorted() { offer(group: number) }
  }

  private mutating func offer(group: Int) {
    groupVersions[group] += 1
    stale.remove(group)
    guard let tile = tile(group), mayGo(tile) else { return }
    let touched = Set(tile.rows.keys).union(tile.inputs.keys)
    guard touched.contains(where: { layers[cells[$0].layer].isPruned && isOpen(cells[$0].layer) })
    else { return }
    var loss = 0.0
    var saved = tile.channels.reduce(0) { $0 + ownCosts[$1] }
    for (number, inputs) in tile.inputs.sorted(by: { $0.key < $1.key }) {
      let cell = cells[number]
      loss += layers[cell.layer].weight * self.loss(of: inputs, cell: number, group, tile.count)
      let gone = Set(inputs)
      let each = cell.blocks.reduce(0) { sum, block in
        block.isLeft ? sum + cell.inputsLeft(block).count(where: gone.contains) : sum
      }
      saved += cell.rowCount * each * layers[cell.layer].places
    }
    for (number, rows) in tile.rows {
      let cell = cells[number]
      saved += cell.count / max(cell.rowCount, 1) * rows.count * layers[cell.layer].places
    }
    queue.insert(
      Move(
        kind: .tile(group), version: groupVersions[group], value: loss / Double(max(saved, 1))))
  }

  /// What a cell loses with inputs of a group's tile.
  private mutating func loss(
    of inputs: [Int], cell number: Int, _ group: Int, _ count: Int
  ) -> Double {
    let version = cells[number].version
    if let known = tileLosses[group][number], known.version == version, known.count == count {
      return known.loss
    }
    let loss = cells[number].loss(ofInputs: inputs)
    tileLosses[group][number] = (version, count, loss)
    return loss
  }

  /// Whether something is left of every other channel once a tile is gone.
  private func mayGo(_ tile: Tile) -> Bool {
    var fewer: [Int: (makers: Int, readers: Int)] = [:]
    for (number, rows) in tile.rows {
      let cell = cells[number]
      guard rows.count == cell.rowCount else { continue }
      for block in cell.blocks where block.isLeft {
        for place in cell.inputsLeft(block)
        where isLastReader(cell.layer, cell.inputChannels[place]) {
          fewer[cell.inputChannels[place], default: (0, 0)].readers += 1
        }
      }
    }
    for (number, inputs) in tile.inputs {
      let cell = cells[number]
      let gone = Set(inputs)
      let blocks = cell.blocks.count { block in
        block.isLeft && cell.inputsLeft(block).allSatisfy(gone.contains)
      }
      guard blocks > 0 else { continue }
      for (place, channel) in cell.rowChannels.enumerated()
      where cell.hasRow[place] && isFirstMaker(cell.layer, channel) {
        fewer[channel, default: (0, 0)].makers += blocks
      }
    }
    return fewer.allSatisfy { channel, fewer in
      tile.channels.contains(channel)
        || (makers[channel] ?? .max) > fewer.makers && (readers[channel] ?? .max) > fewer.readers
    }
  }

  private mutating func takeTile(of number: Int) {
    // Other groups' channels may have gone since.
    guard let tile = tile(number), mayGo(tile) else { return }
    counts[number] = tile.count
    let touched = Set(tile.rows.keys).union(tile.inputs.keys).sorted()
    for number in touched {
      let cell = cells[number]
      left[cell.layer] -= cell.count * layers[cell.layer].places
      for block in cell.blocks where block.isLeft { note(block, of: cell, -1) }
      if let inputs = tile.inputs[number] { cell.take(inputs: inputs) }
      if let rows = tile.rows[number] { cell.take(rows: rows) }
      for block in cell.blocks where block.isLeft { note(block, of: cell, 1) }
      left[cell.layer] += cell.count * layers[cell.layer].places
    }
    for number in touched { offer(cell: number) }
    for group in Set(touched.flatMap { groupsOfCell[$0] }).union([number]).sorted() {
      offer(group: group)
    }
  }
}

/// Something that may go.
private struct Move {
  enum Kind {
    /// The best block of a cell.
    case block(Int)
    /// The next tile of a group.
    case tile(Int)

    var order: Int {
      switch self {
      case .block(let number): 2 * number
      case .tile(let number): 2 * number + 1
      }
    }
  }

  var kind: Kind
  /// Of the cell or group when the value was computed.
  var version: Int
  var value: Double

  static func < (a: Move, b: Move) -> Bool {
    (a.value, a.kind.order) < (b.value, b.kind.order)
  }
}

/// Moves, of which the one of the least value comes next: a binary heap.
private struct MoveQueue {
  private var moves: [Move] = []

  mutating func insert(_ move: Move) {
    var place = moves.count
    moves.append(move)
    while place > 0, move < moves[(place - 1) / 2] {
      moves[place] = moves[(place - 1) / 2]
      place = (place - 1) / 2
    }
    moves[place] = move
  }

  mutating func next() -> Move? {
    guard let first = moves.first else { return nil }
    let last = moves.removeLast()
    guard !moves.isEmpty else { return first }
    var place = 0
    while 2 * place + 1 < moves.count {
      var child = 2 * place + 1
      if child + 1 < moves.count, moves[child + 1] < moves[child] { child += 1 }
      guard moves[child] < last else { break }
      moves[place] = moves[child]
      place = child
    }
    moves[place] = last
    return first
  }
}
