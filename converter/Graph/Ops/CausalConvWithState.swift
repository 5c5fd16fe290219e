/// A convolution of each channel with its own kernel, over the present and the past of one axis.
///
/// Inputs: `x [batch, channels, length]`, kernels `[channels, 1, k]`, a bias for each channel, and the
/// `k - 1` elements before the first, zeros where left out. Outputs: of the shape of `x`,
/// `y[n, c, t] = bias[c] + sum over j of w[c, j] * x[n, c, t + j - (k - 1)]` and its activation; and the
/// last `k - 1` elements, for the next call.
public struct CausalConvWithState: Operator {
  /// Whether `y * sigmoid(y)` takes the place of `y`.
  public let isActivated: Bool
  private let outputCount: Int

  public init(_ node: NodeContext) throws(GraphError) {
    let activation = try node.string("activation", default: "none")
    guard ["none", "silu", "swish"].contains(activation) else {
      throw GraphError(
        .badAttribute, "activation \"\(activation)\" is none of none, silu and swish")
    }
    isActivated = activation != "none"
    outputCount = max(1, node.outputCount)
    guard outputCount <= 2 else {
      throw GraphError(.badArity, "\(outputCount) outputs are named, of two")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 4, inputs)
    try Operands.floatingPoint(inputs)
    let (x, w) = (inputs[0]!.shape, inputs[1]!.shape)
    guard x.count == 3, w.count == 3, w[0] == x[1], w[1] == 1, w[2] > 0 else {
      throw GraphError(
        .badShape, "kernels \(w) do not suit \(x): [batch, channels, length] and [channels, 1, k]")
    }
    let state = [x[0], x[1], w[2] - 1]
    if inputs.count > 2 { try Operands.shape(inputs[2], [x[1]], "the bias") }
    if inputs.count > 3 { try Operands.shape(inputs[3], state, "the past state") }
    let type = inputs[0]!.elementType
    _ = try TensorType(type, [x[0], x[1], try checkedSum([x[2], w[2] - 1])]).checked()
    return Array([inputs[0]!.type, TensorType(type, state)].prefix(outputCount))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (x, weights) = (inputs[0]!, inputs[1]!.doubles)
    let (rows, channels, length) = (x.shape[0] * x.shape[1], x.shape[1], x.shape[2])
    let past = inputs[1]!.shape[2] - 1
    let bias = inputs.count > 2 ? inputs[2]?.doubles : nil
    let state =
      (inputs.count > 3 ? inputs[3]?.doubles : nil)
      ?? [Double](repeating: 0, count: rows * past)
    let values = x.doubles
    var (output, last): ([Double], [Double]) = ([], [])
    for row in 0..<rows {
      let line =
        state[row * past..<(row + 1) * past] + values[row * length..<(row + 1) * length]
      let padded = Array(line)
      let channel = row % channels
      for time in 0..<length {
        var sum = bias?[channel] ?? 0
        for tap in 0...past { sum += weights[channel * (past + 1) + tap] * padded[time + tap] }
        output.append(isActivated ? swish(sum) : sum)
      }
      last += padded.suffix(past)
    }
    let types = try infer(inputs.known)
    return zip(types, [output, last]).map {
      Tensor(elementType: $0.elementType, shape: $0.shape, doubles: $1)
    }
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    outputs[0].count * inputs[1]!.shape[2]
  }
}

extension CausalConvWithState {
  public func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    map.freeze([x[2]], .spatial)
    map.bind(1, 0, x[1])
    map.bind(1, 2, map.frozen(map.shape(1)[2], .spatial))
    if map.has(2) { map.bind(2, 0, x[1]) }
    let past = map.frozen(map.shape(1)[2] - 1, .spatial)
    if map.has(3) {
      for (index, axis) in [x[0], x[1], past].enumerated() { map.bind(3, index, axis) }
    }
    map.outputAxes = Array([[x[0], x[1], x[2]], [x[0], x[1], past]].prefix(map.outputs.count))
  }
}
