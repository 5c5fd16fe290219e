import EspalierCoupling
import EspalierGraph

/// The rows and columns of a weight of which something must be left, so that no channel is cut off.
struct NeededLines: Sendable {
  /// For each row of each group.
  var rows: [Bool]
  /// For each column of each group.
  var columns: [Bool]

  /// All of them: where nothing is known of the channels beyond the weight.
  init(_ matrix: WeightMatrix) {
    rows = [Bool](repeating: true, count: matrix.groupStarts.count * matrix.rows)
    columns = [Bool](repeating: true, count: matrix.groupStarts.count * matrix.columns)
  }

  /// Those that make a channel first, and those that read it last.
  init(_ number: Int, of flow: ChannelFlow) {
    rows = flow.layers[number].rows.map { flow.firstMaker[$0] == number && flow.needsMaker[$0] }
    columns = flow.layers[number].columns.map {
      flow.lastReader[$0] == number && flow.needsReader[$0]
    }
  }

  /// Of some weights.
  static func all(_ weights: [SelectedWeight], _ graph: Graph, _ flow: ChannelFlow?)
    -> [NeededLines]
  {
    var layerOfOutput: [Graph.ValueID: Int] = [:]
    for (number, layer) in (flow?.layers ?? []).enumerated() where !layer.isPassage {
      layerOfOutput[layer.linear.output] = number
    }
    return weights.map { weight in
      let matrix = weight.matrix!
      guard let flow, weight.layers.count == 1,
        let output = graph.nodes[weight.layers[0].node].outputs.first ?? nil,
        let number = layerOfOutput[output], flow.layers[number].fits(matrix)
      else { return NeededLines(matrix) }
      return NeededLines(number, of: flow)
    }
  }
}

extension BlockGrid {
  /// Gives back, of each row and column that must keep something and has nothing left, the largest block.
  /// - Parameters:
  ///   - chosen: Which blocks go.
  ///   - keys: Of each block; 0 where all of it is zero already.
  /// - Returns: the blocks that were given back.
  func restore(_ chosen: inout [Bool], _ keys: [UInt32], _ needed: NeededLines) -> [Int] {
    var restored: [Int] = []
    func look(_ blocks: [Int]) {
      guard !blocks.contains(where: { !chosen[$0] && keys[$0] > 0 }),
        let best = blocks.max(by: { (keys[$0], $1) < (keys[$1], $0) }), keys[best] > 0
      else { return }
      chosen[best] = false
      restored.append(best)
    }
    let (blockRows, blockColumns, taps) = (rowCount, columnCount, matrix.tapOffsets.count)
    for group in matrix.groupStarts.indices {
      for row in 0..<blockRows {
        let own = row * rows..<min((row + 1) * rows, matrix.rows)
        guard own.contains(where: { needed.rows[group * matrix.rows + $0] }) else { continue }
        look(
          (0..<blockColumns).flatMap { column in
            (0..<taps).map { number(group, row, column, $0) }
          })
      }
      for column in 0..<blockColumns {
        let own = column * columns..<min((column + 1) * columns, matrix.columns)
        guard own.contains(where: { needed.columns[group * matrix.columns + $0] }) else { continue }
        look(
          (0..<blockRows).flatMap { row in (0..<taps).map { number(group, row, column, $0) } })
      }
    }
    return restored
  }
}

extension RunSelection {
  /// Gives columns that must keep something and have nothing left a place in the run where that costs
  /// least; what gives way has other places.
  func cover(
    _ values: [Float], _ criterion: MagnitudeCriterion, _ needed: NeededLines, in mask: inout [Bool]
  ) {
    for (group, start) in matrix.groupStarts.enumerated() {
      let corners = stride(from: 0, to: matrix.rows, by: rows).flatMap { row in
        matrix.tapOffsets.map { (row: row, corner: start + row * matrix.rowStride + $0) }
      }
      func isKept(_ corner: Int, _ column: Int) -> Bool {
        !mask[corner + column * matrix.columnStride]
      }
      func score(_ corner: (row: Int, corner: Int), _ column: Int) -> Double {
        (0..<min(rows, matrix.rows - corner.row)).reduce(0) { sum, line in
          sum
            + criterion.term(
              values[corner.corner + line * matrix.rowStride + column * matrix.columnStride])
        }
      }
      var counts = (0..<matrix.columns).map { column in
        corners.count { isKept($0.corner, column) && score($0, column) > 0 }
      }
      for column in 0..<matrix.columns / run * run
      where counts[column] == 0 && needed.columns[group * matrix.columns + column] {
        let lanes = column / run * run..<column / run * run + run
        var best: (place: Int, lane: Int, cost: Double)?
        for (place, corner) in corners.enumerated() {
          let own = score(corner, column)
          for lane in lanes where own > 0 && isKept(corner.corner, lane) && counts[lane] != 1 {
            let cost = score(corner, lane) - own
            if cost < best?.cost ?? .infinity { best = (place, lane, cost) }
          }
        }
        guard let best else { continue }
        let corner = corners[best.place]
        for line in 0..<min(rows, matrix.rows - corner.row) {
          let place = corner.corner + line * matrix.rowStride
          mask[place + column * matrix.columnStride] = false
          mask[place + best.lane * matrix.columnStride] = true
        }
        counts[column] += 1
        counts[best.lane] -= 1
      }
    }
  }
}
