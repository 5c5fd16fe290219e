import EspalierGraph
import Testing

/// Networks whose inputs have free extents: a batch `B`, a length `L`, a height `H`, a width `W`.
enum OpenNetwork: String, CaseIterable, CustomTestStringConvertible {
  case slicedOnOneAxis, slicedFromBehind, expandedByShape, expandedByConstant, headsByShape
  case headsInTheBatch, classToken, positionsOfALength, embeddedPositions, resizedByShape
  case tiledByShape, paddedByShape, groupNormalised, meansOverPlanes, dividedByALength
  case causalMask, shuffled, flattened, channelsBesideABatch, layerNormalised, splitAlongALength
  case normalisedByHand

  var testDescription: String { rawValue }

  var symbols: [String] {
    switch self {
    case .resizedByShape, .groupNormalised, .meansOverPlanes, .shuffled, .normalisedByHand:
      ["B", "H", "W"]
    case .slicedOnOneAxis, .classToken, .channelsBesideABatch, .flattened: ["B"]
    default: ["B", "L"]
    }
  }

  func built() -> Graph {
    var net = Net(opset: self == .groupNormalised ? 21 : 17)
    return build(&net)
  }

  private func build(_ net: inout Net) -> Graph {
    switch self {
    case .slicedOnOneAxis:
      let x = net.relu(net.conv(net.plane(fixed: true), 3, 8, kernel: 3))
      let cut = net.node(
        "Slice",
        [x, net.integers([1]), net.integers([.max]), net.integers([3])])
      return net.finished([net.conv(cut, 8, 4, kernel: 1)])
    case .slicedFromBehind:
      let x = net.tanh(net.linear(net.tokens(6), 6, 8))
      let cut = net.node("Slice", [x, net.integers([1]), net.integers([-1]), net.integers([1])])
      let some = net.node(
        "Slice", [cut, net.integers([1, 0]), net.integers([7, .max]), net.integers([-1, 1])])
      return net.finished([net.linear(some, 6, 4)])
    case .expandedByShape:
      let x = net.relu(net.linear(net.tokens(6), 6, 8))
      let wide = net.node("Unsqueeze", [x, net.integers([2])])
      let target = net.concat(
        [net.extent(x, 0), net.extent(x, 1), net.integers([2]), net.extent(x, 2)], axis: 0)
      let copies = net.node("Expand", [wide, target])
      let flat = net.concat([net.extent(x, 0), net.extent(x, 1), net.integers([16])], axis: 0)
      return net.finished([net.linear(net.node("Reshape", [copies, flat]), 16, 3)])
    case .expandedByConstant:
      let x = net.node("Unsqueeze", [net.linear(net.tokens(6), 6, 8), net.integers([2])])
      let wide = net.node("Expand", [net.tanh(x), net.integers([1, 1, 3, 8])])
      return net.finished([net.linear(wide, 8, 3)])
    case .headsByShape:
      let x = net.tokens(6)
      func heads() -> Graph.ValueID {
        let y = net.linear(x, 6, 8)
        let size = net.node("Div", [net.extent(y, 2), net.integers([2])])
        let target = net.concat(
          [net.extent(y, 0), net.extent(y, 1), net.integers([2]), size], axis: 0)
        return net.transpose(net.node("Reshape", [y, target]), [0, 2, 1, 3])
      }
      let (q, k, v) = (heads(), heads(), heads())
      let scores = net.softmax(net.node("MatMul", [q, net.transpose(k, [0, 1, 3, 2])]))
      let read = net.transpose(net.node("MatMul", [scores, v]), [0, 2, 1, 3])
      let target = net.concat(
        [net.extent(read, 0), net.extent(read, 1), net.integers([8])], axis: 0)
      return net.finished([net.linear(net.node("Reshape", [read, target]), 8, 5)])
    case .headsInTheBatch:
      // `[L, B, H x D]` as `[L, B x H, D]`, as PyTorch's multi-head attention writes it.
      let x = net.transpose(net.tokens(6), [1, 0, 2])
      let batch = net.extent(x, 1)
      func heads() -> Graph.ValueID {
        let y = net.linear(x, 6, 8)
        let all = net.node("Mul", [batch, net.integers([2])])
        let target = net.concat([net.extent(x, 0), all, net.integers([4])], axis: 0)
        return net.transpose(net.node("Reshape", [y, target]), [1, 0, 2])
      }
      let (q, k, v) = (heads(), heads(), heads())
      let scores = net.softmax(net.node("MatMul", [q, net.transpose(k, [0, 2, 1])]))
      let read = net.transpose(net.node("MatMul", [scores, v]), [1, 0, 2])
      let target = net.concat([net.extent(x, 0), batch, net.integers([8])], axis: 0)
      return net.finished([net.linear(net.node("Reshape", [read, target]), 8, 5)])
    case .classToken:
      let x = net.conv(net.plane(fixed: true), 3, 8, kernel: 1)
      let flat = net.transpose(
        net.node(
          "Reshape", [x, net.concat([net.extent(x, 0), net.integers([8, -1])], axis: 0)]),
        [0, 2, 1])
      let target = net.concat([net.extent(flat, 0), net.integers([1, 8])], axis: 0)
      let token = net.node("Expand", [net.weight([1, 1, 8]), target])
      let all = net.add(net.concat([token, flat], axis: 1), net.weight([1, 17, 8]))
      return net.finished([net.linear(net.layerNorm(all, 8), 8, 4)])
    case .positionsOfALength:
      let x = net.linear(net.tokens(6), 6, 8)
      let table = net.node(
        "Slice", [net.weight([1, 16, 8]), net.integers([0]), net.extent(x, 1), net.integers([1])])
      return net.finished([net.linear(net.tanh(net.add(x, table)), 8, 4)])
    case .embeddedPositions:
      let x = net.linear(net.tokens(6), 6, 8)
      let length = net.node("Squeeze", [net.extent(x, 1), net.integers([0])])
      let zero = net.graph.addConstant("zero", Tensor(integers: [0], shape: []))
      let one = net.graph.addConstant("one", Tensor(integers: [1], shape: []))
      let places = net.node(
        "Unsqueeze",
        [
          net.node("Range", [zero, length, one]), net.integers([0]),
        ])
      let table = net.node("Gather", [net.weight([16, 8]), places], ["axis": .integer(0)])
      return net.finished([net.linear(net.tanh(net.add(x, table)), 8, 4)])
    case .resizedByShape:
      let x = net.relu(net.conv(net.plane(), 3, 8, kernel: 3))
      let plane = net.node(
        "Slice",
        [
          net.node("Shape", [x]), net.integers([2]), net.integers([4]), net.integers([0]),
        ])
      let front = net.node(
        "Slice",
        [
          net.node("Shape", [x]), net.integers([0]), net.integers([2]), net.integers([0]),
        ])
      let sizes = net.concat([front, net.node("Mul", [plane, net.integers([2])])], axis: 0)
      let larger = net.node("Resize", [x, nil, nil, sizes])
      return net.finished([net.conv(larger, 8, 4, kernel: 3)])
    case .tiledByShape:
      let x = net.relu(net.linear(net.tokens(6), 6, 8))
      let row = net.linear(
        net.node(
          "ReduceMax", [net.tokens(6)],
          [
            "axes": .integers([0, 1]), "keepdims": .integer(1),
          ]), 6, 8)
      let repeats = net.concat([net.extent(x, 0), net.extent(x, 1), net.integers([1])], axis: 0)
      return net.finished([
        net.linear(net.node("Mul", [x, net.node("Tile", [row, repeats])]), 8, 4)
      ])
    case .paddedByShape:
      let x = net.relu(net.linear(net.tokens(6), 6, 8))
      let zero = net.integers([0])
      let amounts = net.concat(
        [zero, zero, zero, zero, net.extent(x, 1), net.integers([2])], axis: 0)
      return net.finished([net.linear(net.node("Pad", [x, amounts]), 10, 4)])
    case .groupNormalised:
      let x = net.conv(net.plane(), 3, 8, kernel: 3)
      let y = net.node(
        "GroupNormalization", [x, net.positive([8]), net.weight([8])], ["num_groups": .integer(2)])
      return net.finished([net.conv(net.relu(y), 8, 4, kernel: 1)])
    case .meansOverPlanes:
      let x = net.relu(net.conv(net.plane(), 3, 8, kernel: 3))
      let means = net.node("ReduceMean", [x], ["axes": .integers([1, 2, 3])])
      let instance = net.node("InstanceNormalization", [x, net.positive([8]), net.weight([8])])
      return net.finished([net.conv(net.node("Mul", [instance, means]), 8, 4, kernel: 1)])
    case .dividedByALength:
      let x = net.relu(net.linear(net.tokens(6), 6, 8))
      let all = net.node("Mul", [net.extent(x, 1), net.extent(x, 2)])
      let count = net.node("Cast", [all], ["to": .integer(1)])
      let sum = net.node("ReduceSum", [x, net.integers([1, 2])])
      return net.finished([net.linear(net.node("Mul", [x, net.node("Div", [sum, count])]), 8, 4)])
    case .causalMask:
      let x = net.tokens(6)
      let (q, k, v) = (net.linear(x, 6, 8), net.linear(x, 6, 8), net.linear(x, 6, 8))
      let square = net.concat([net.extent(x, 1), net.extent(x, 1)], axis: 0)
      let ones = net.node(
        "ConstantOfShape", [square], ["value": .tensor(Tensor([1], shape: [1]))])
      let mask = net.node("Trilu", [ones], ["upper": .integer(0)])
      let scores = net.softmax(net.node("MatMul", [q, net.transpose(k, [0, 2, 1])]))
      let read = net.node("MatMul", [net.node("Mul", [scores, mask]), v])
      return net.finished([net.linear(read, 8, 5)])
    case .shuffled:
      let x = net.relu(net.conv(net.plane(), 3, 8, kernel: 3))
      let plane = [net.extent(x, 2), net.extent(x, 3)]
      let apart = net.concat([net.extent(x, 0), net.integers([2, 4])] + plane, axis: 0)
      let turned = net.transpose(net.node("Reshape", [x, apart]), [0, 2, 1, 3, 4])
      let together = net.concat([net.extent(x, 0), net.integers([8])] + plane, axis: 0)
      return net.finished([net.conv(net.node("Reshape", [turned, together]), 8, 4, kernel: 1)])
    case .flattened:
      let x = net.relu(net.conv(net.plane(fixed: true), 3, 8, kernel: 3))
      let apart = net.node("Reshape", [x, net.integers([0, 2, 4, 4, 4])])
      let flat = net.node("Flatten", [apart], ["axis": .integer(1)])
      return net.finished([net.gemm(flat, 128, 5)])
    case .channelsBesideABatch:
      // Channels as samples of a plane each, and back.
      let x = net.relu(net.conv(net.plane(fixed: true), 3, 8, kernel: 3))
      let all = net.node("Mul", [net.extent(x, 0), net.integers([8])])
      let alone = net.node(
        "Reshape", [x, net.concat([all, net.integers([1, 4, 4])], axis: 0)])
      let pooled = net.node(
        "MaxPool", [alone], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2])])
      let back = net.node(
        "Reshape", [pooled, net.concat([net.extent(x, 0), net.integers([8, 2, 2])], axis: 0)])
      return net.finished([net.conv(back, 8, 4, kernel: 1)])
    case .normalisedByHand:
      // A group normalisation as exporters of older opsets write it: channels and positions in one.
      let x = net.conv(net.plane(), 3, 8, kernel: 3)
      let apart = net.node("Reshape", [x, net.integers([0, 2, -1])])
      let y = net.node(
        "InstanceNormalization",
        [
          apart, net.constant("one", Tensor([1, 1], shape: [2])),
          net.constant("zero", Tensor([0, 0], shape: [2])),
        ])
      let back = net.node("Reshape", [y, net.node("Shape", [x])])
      return net.finished([net.conv(net.multiply(back, net.weight([8, 1, 1])), 8, 4, kernel: 1)])
    case .layerNormalised:
      let x = net.layerNorm(net.linear(net.tokens(6), 6, 8), 8)
      let target = net.concat([net.extent(x, 0), net.integers([-1]), net.extent(x, 2)], axis: 0)
      return net.finished([net.linear(net.node("Reshape", [net.relu(x), target]), 8, 4)])
    case .splitAlongALength:
      let x = net.relu(net.linear(net.tokens(6), 6, 8))
      let rest = net.node("Sub", [net.extent(x, 1), net.integers([1])])
      let parts = net.nodes(
        "Split", [x, net.concat([net.integers([1]), rest], axis: 0)], outputs: 2,
        ["axis": .integer(1)])
      let y = net.node("Mul", [parts[0], net.tanh(parts[1])])
      return net.finished([net.linear(y, 8, 4)])
    }
  }
}

extension Net {
  /// An input `[B, L, channels]`.
  mutating func tokens(_ channels: Int) -> Graph.ValueID {
    let x = input([1, 1, channels])
    graph.values[x].shape = [.symbol("B"), .symbol("L"), .fixed(channels)]
    return x
  }

  /// An input `[B, 3, H, W]`, or `[B, 3, 4, 4]`.
  mutating func plane(fixed: Bool = false) -> Graph.ValueID {
    let x = input([1, 3, 4, 4])
    graph.values[x].shape =
      [.symbol("B"), .fixed(3)] + (fixed ? [.fixed(4), .fixed(4)] : [.symbol("H"), .symbol("W")])
    return x
  }

  /// One extent of a value, computed, as a vector.
  mutating func extent(_ x: Graph.ValueID, _ axis: Int64) -> Graph.ValueID {
    node("Gather", [node("Shape", [x]), integers([axis])], ["axis": .integer(0)])
  }
}
