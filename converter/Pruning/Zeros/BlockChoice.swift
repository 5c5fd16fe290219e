import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Chooses zero blocks and tiles of channels for a whole network.
struct BlockChoice {
  let coupling: Coupling
  let flow: ChannelFlow
  private let block: (rows: Int, columns: Int)
  private let sparsity: Double
  private let scope: PruningScope
  /// For each layer, whether blocks of it may go.
  private let isPruned: [Bool]
  /// For each group of the coupling, whether whole channels of it may go.
  private let mayLoseChannels: [Bool]
  /// For each layer with cells, the segments of the inputs of each of its groups.
  private let segments: [Int: [Range<Int>]]
  private let statistics: InputStatistics?
  private let sensitivities: [Int: Double]?

  /// The share of a group's channels that stays at least.
  private static let floor = 0.25
  /// The most columns whose covariances are looked at together: every step changes all of them.
  private static let largestSegment = 1024
  /// Runs of the model that moments are taken of, at most.
  static let samples = 128
  /// Bytes that the inverses of all cells may take.
  private static let inverseByteLimit = 1 << 29

  /// What is to become of a network.
  struct Chosen {
    /// For each layer that loses anything, which of its weights stay, by group, row and column.
    var stays: [Int: [Bool]]
    /// For each group that is to be cut or reordered, the indices that stay in their new order.
    var order: [Int: [Int]]
    /// Whether the sparsity was reached.
    var isReached: Bool
  }

  /// - Parameters:
  ///   - isPruned: For each layer of the flow.
  ///   - mayLoseChannels: For each group of the coupling.
  ///   - calibration: Inputs by which losses are weighed; `nil` for magnitudes.
  /// - Throws: `PruningError` with `.badCalibration`.
  init(
    _ coupling: Coupling, _ flow: ChannelFlow, _ pruner: MagnitudePruner, isPruned: [Bool],
    mayLoseChannels: [Bool], _ calibration: Calibration?, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) {
    (self.coupling, self.flow) = (coupling, flow)
    (block, sparsity, scope) = (pruner.pattern.block, pruner.sparsity, pruner.scope)
    (self.isPruned, self.mayLoseChannels) = (isPruned, mayLoseChannels)
    let read = Set(
      zip(flow.channelsOfGroup, mayLoseChannels).filter(\.1).flatMap { $0.0.joined() })
    let walked = flow.layers.indices.filter { number in
      !flow.layers[number].isPassage
        && (isPruned[number] || flow.layers[number].columns.contains(where: read.contains))
    }
    segments = Self.segments(of: walked, flow, block, isPruned)
    guard let calibration else {
      (statistics, sensitivities) = (nil, nil)
      return
    }
    let evaluator = Evaluator(coupling.graph)
    // What errors do to answers to noise says little of real inputs.
    sensitivities =
      calibration.isNoise
      ? nil
      : try Sensitivity().measured(
        at: walked.map { .layer(flow.layers[$0].linear) }, evaluator, calibration,
        progress: { progress?(0.5 * $0) })
    statistics = try InputStatistics(
      flow, of: walked, evaluator, calibration.prefix(Self.samples),
      progress: { progress?(0.5 + 0.5 * $0) })
  }

  /// Inputs whose covariances are looked at together: as many as memory allows, since each cell has its own.
  private static func segments(
    of walked: [Int], _ flow: ChannelFlow, _ block: (rows: Int, columns: Int), _ isPruned: [Bool]
  ) -> [Int: [Range<Int>]] {
    // Neither a block nor a tile is cut in two.
    let unit = block.columns * BlockWalk.tile / greatestCommonDivisor(block.columns, BlockWalk.tile)
    var limit = largestSegment
    while true {
      var (result, bytes): ([Int: [Range<Int>]], Int) = ([:], 0)
      for number in walked {
        let (layer, linear) = (flow.layers[number], flow.layers[number].linear)
        let width = max(unit, limit / linear.taps / unit * unit)
        result[number] = stride(from: 0, to: layer.width, by: width).map {
          $0..<min($0 + width, layer.width)
        }
        let height = isPruned[number] ? (linear.rows + block.rows - 1) / block.rows : 1
        for segment in result[number]! {
          let size = segment.count * linear.taps
          bytes += 8 * size * size * height * linear.groups
        }
      }
      if bytes <= inverseByteLimit || limit <= unit { return result }
      limit /= 2
    }
  }

  /// Walks over a network whose groups stand in some order.
  /// - Parameter orders: For each group, its indices from the one that is to go last; `nil` for as they
  ///   are.
  func chosen(orders: [[Int]]?, progress: ((Double) -> Void)? = nil) -> Chosen {
    var arranged = KeptChannels(coupling)
    for (number, group) in coupling.groups.enumerated() where mayLoseChannels[number] {
      if let orders { arranged.arrange(orders[number], of: group) }
    }
    let cells = cells(arranged)
    let groups = coupling.groups.indices.filter { mayLoseChannels[$0] }.map { number in
      let size = coupling.groups[number].size
      return WalkedGroup(
        number: number, order: orders?[number] ?? Array(0..<size),
        channels: flow.channelsOfGroup[number],
        floor: max(BlockWalk.tile, Int((Double(size) * Self.floor).rounded(.up))))
    }
    var walk = BlockWalk(
      flow, layers: flow.layers.indices.map(walkedLayer), cells: cells, groups: groups,
      ownCosts: ownCosts, sparsity: sparsity, scope: scope)
    let isReached = walk.run(progress: progress)
    var result = Chosen(stays: [:], order: [:], isReached: isReached)
    var gone: Set<Int> = []
    for (group, count) in zip(groups, walk.counts) {
      let kept = Array(group.order.prefix(count))
      gone.formUnion(group.order.dropFirst(count).flatMap { group.channels[$0] })
      if !kept.elementsEqual(0..<group.order.count) { result.order[group.number] = kept }
    }
    for number in flow.layers.indices {
      if isPruned[number] {
        result.stays[number] = stays(number, cells.filter { $0.layer == number })
      } else if let stays = stays(number, without: gone) {
        result.stays[number] = stays
      }
    }
    return result
  }

  private func walkedLayer(_ number: Int) -> WalkedLayer {
    let layer = flow.layers[number]
    let linear = layer.linear
    let weight: Double
    if let statistics = statistics?.layers[number] {
      let energy = statistics.energy
      weight = sensitivities?[linear.node] ?? (energy > 0 ? 1 / energy : 0)
    } else {
      let square = coupling.graph.constants[linear.weight]!.floats.reduce(0.0) {
        $0 + Double($1) * Double($1)
      }
      weight = square > 0 ? 1 / square / linear.factor / linear.factor : 0
    }
    return WalkedLayer(
      layer: layer, isPruned: isPruned[number], places: linear.placeCount, weight: weight)
  }

  /// Multiply-accumulates that go with each channel, beside those of cells.
  private var ownCosts: [Int] {
    var costs = [Int](repeating: 0, count: flow.count)
    for (number, layer) in flow.layers.enumerated() where segments[number] == nil {
      let linear = layer.linear
      for channel in layer.rows { costs[channel] += linear.columns * linear.placeCount }
    }
    return costs
  }

  // MARK: Cells

  private func cells(_ arranged: KeptChannels) -> [BlockCell] {
    let numbers = segments.keys.sorted()
    nonisolated(unsafe) let (choice, arranged) = (self, arranged)
    return unsafe Threads.map(numbers.count) { place in
      unsafe CellList(cells: choice.cells(of: numbers[place], arranged))
    }.flatMap(\.cells)
  }

  /// Cells that one thread has made.
  private struct CellList: @unchecked Sendable { let cells: [BlockCell] }

  private func cells(of number: Int, _ arranged: KeptChannels) -> [BlockCell] {
    let (layer, linear) = (flow.layers[number], flow.layers[number].linear)
    let outputs = positions(linear.output, linear.outputAxis, arranged)
    let inputs = positions(linear.input, linear.inputAxis, arranged)
    let constant = coupling.graph.constants[linear.weight]!
    let height = isPruned[number] ? block.rows : linear.rows
    var result: [BlockCell] = []
    for place in 0..<linear.groups {
      // Where groups themselves are reordered, all of one stays together.
      let group = outputs[place * linear.rows] / linear.rows
      let weights = linear.weights(constant, group: group)
      let read = segments[number]!.map { segment in
        let first = place * layer.width
        return Array(inputs[first + segment.lowerBound..<first + segment.upperBound])
      }
      let columns = read.map { $0.flatMap { linear.columns(ofInput: $0 % layer.width) } }
      let inverses = columns.map { inverse(number, group, $0) }
      for start in stride(from: 0, to: linear.rows, by: height) {
        let own =
          place * linear.rows + start..<place * linear.rows + min(start + height, linear.rows)
        let rows = Array(outputs[own])
        for segment in read.indices {
          result.append(
            BlockCell(
              layer: number, outputs: rows, rowChannels: rows.map { layer.rows[$0] },
              inputs: read[segment], inputChannels: read[segment].map { layer.columns[$0] },
              taps: linear.taps,
              weights: weights.selecting(
                rows: rows.map { $0 % linear.rows }, columns: columns[segment]),
              inverse: inverses[segment], width: block.columns))
        }
      }
    }
    return result
  }

  /// Positions of an axis in the order in which they are to stand.
  private func positions(
    _ value: Graph.ValueID, _ axis: Int, _ arranged: KeptChannels
  ) -> [Int] {
    TensorSelection([coupling.valueAxes[value]![axis]], arranged).positions(along: 0)!
  }

  /// Of the damped covariance of some columns. What they have to do with others is left out of account:
  /// losses are then somewhat overrated.
  private func inverse(_ number: Int, _ group: Int, _ columns: [Int]) -> Matrix? {
    statistics?.layers[number].map { statistics in
      statistics.covariances[group].selecting(rows: columns, columns: columns).factored()?.inverse()
        ?? Matrix(zeros: columns.count, columns.count).shifted(by: 1)
    }
  }

  // MARK: What stays

  private func stays(_ number: Int, _ cells: [BlockCell]) -> [Bool] {
    let linear = flow.layers[number].linear
    var result = [Bool](repeating: false, count: linear.groups * linear.rows * linear.columns)
    let width = flow.layers[number].width
    for cell in cells {
      for block in cell.blocks where block.isLeft {
        for input in cell.inputsLeft(block) {
          let column = linear.columns(ofInput: cell.inputs[input] % width).lowerBound + block.tap
          for (row, output) in cell.outputs.enumerated() where cell.hasRow[row] {
            result[output * linear.columns + column] = true
          }
        }
      }
    }
    return result
  }

  /// What stays of a layer without some channels; `nil` where that is everything.
  private func stays(_ number: Int, without gone: Set<Int>) -> [Bool]? {
    let (layer, linear) = (flow.layers[number], flow.layers[number].linear)
    guard (layer.rows + layer.columns).contains(where: gone.contains) else { return nil }
    var result: [Bool] = []
    for (output, channel) in layer.rows.enumerated() {
      let group = output / linear.rows
      for column in 0..<linear.columns {
        let input = layer.columns[group * layer.width + column / linear.taps]
        result.append(!gone.contains(channel) && !gone.contains(input))
      }
    }
    return result
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? a : greatestCommonDivisor(b, a % b)
}
