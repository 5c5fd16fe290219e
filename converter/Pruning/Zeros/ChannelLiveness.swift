import EspalierGraph

/// Which channels vary with the input and reach an output, as zeros among the weights leave it.
struct ChannelLiveness: Sendable {
  let isLive: [Bool]
  /// Which channels something reads on the way to an output, whether they vary or not.
  let isRead: [Bool]

  /// - Parameter isZero: For each layer, for each output of the layer and each input of its group,
  ///   whether all weights between them are zero.
  init(_ flow: ChannelFlow, isZero: [[Bool]]) {
    var varies = flow.isSource
    var isRead = flow.isSink
    let layers = zip(flow.layers, isZero).filter { !$0.0.isPassage }
    // Until nothing changes: a channel that is added to itself goes in a circle.
    var changed = true
    while changed {
      changed = false
      for (layer, zeros) in layers {
        layer.forEachPair { row, column, place in
          guard !zeros[place], varies[column], !varies[row] else { return }
          varies[row] = true
          changed = true
        }
      }
    }
    changed = true
    while changed {
      changed = false
      for (layer, zeros) in layers.reversed() {
        layer.forEachPair { row, column, place in
          guard !zeros[place], isRead[row], !isRead[column] else { return }
          isRead[column] = true
          changed = true
        }
      }
    }
    self.isRead = isRead
    isLive = zip(varies, isRead).map { $0 && $1 }
  }

  /// The share of a layer's weights that are not zero and stand between live channels.
  func liveShare(of layer: MatrixLayer, _ weight: Tensor) -> Double {
    let linear = layer.linear
    let numbers = weight.floats
    var count = 0
    for group in 0..<linear.groups {
      for row in 0..<linear.rows where isLive[layer.rows[group * linear.rows + row]] {
        for column in 0..<linear.columns
        where isLive[layer.columns[group * layer.width + column / linear.taps]] {
          if numbers[linear.place(group, row, column)] != 0 { count += 1 }
        }
      }
    }
    return Double(count) / Double(max(linear.groups * linear.rows * linear.columns, 1))
  }
}

extension MatrixLayer {
  /// Calls with the channels of each output and each input of its group, and the pair's number.
  func forEachPair(_ body: (_ row: Int, _ column: Int, _ place: Int) -> Void) {
    var place = 0
    for group in 0..<linear.groups {
      for row in 0..<linear.rows {
        for column in 0..<width {
          body(rows[group * linear.rows + row], columns[group * width + column], place)
          place += 1
        }
      }
    }
  }

  /// For each pair, whether all weights between them are zero.
  func zeros(_ weight: Tensor) -> [Bool] {
    let numbers = weight.floats
    var result: [Bool] = []
    result.reserveCapacity(linear.groups * linear.rows * width)
    for group in 0..<linear.groups {
      for row in 0..<linear.rows {
        for column in 0..<width {
          let taps = column * linear.taps..<(column + 1) * linear.taps
          result.append(taps.allSatisfy { numbers[linear.place(group, row, $0)] == 0 })
        }
      }
    }
    return result
  }
}
