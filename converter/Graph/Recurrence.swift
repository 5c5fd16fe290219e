/// What `LSTM`, `GRU` and `RNN` share: attributes, the shape rule, and the walk over time.
///
/// Inputs: `x [steps, batch, features]`, `w [directions, gates * hidden, features]`,
/// `r [directions, gates * hidden, hidden]`, `b [directions, 2 * gates * hidden]`, the lengths of
/// the sequences `[batch]`, then initial states `[directions, batch, hidden]`. Outputs: every state
/// `[steps, directions, batch, hidden]`, then the last ones. With `isBatchFirst` the batch is the
/// first axis of all but the weights.
public struct Recurrence: Sendable, Hashable {
  public enum Direction: String, Sendable, Hashable {
    case forward, reverse, bidirectional
  }

  public let direction: Direction
  public let isBatchFirst: Bool
  /// Bound on what enters a gate's activation function, on both sides.
  public let clip: Float?
  /// The functions of each direction.
  public let activations: [[RecurrentActivation]]
  public let gates: Int
  /// Number of states carried from step to step: 1, or 2 with a memory cell.
  public let states: Int
  private let hiddenSize: Int?
  private let outputCount: Int

  /// Number of directions.
  public var directions: Int { direction == .bidirectional ? 2 : 1 }

  init(
    _ node: NodeContext, gates: Int, states: Int, functions: [String]
  ) throws(GraphError) {
    (self.gates, self.states) = (gates, states)
    let name = try node.string("direction", default: "forward")
    guard let direction = Direction(rawValue: name) else {
      throw GraphError(
        .badAttribute, "direction \"\(name)\" is none of forward, reverse, bidirectional")
    }
    self.direction = direction
    isBatchFirst = try node.boolean("layout", default: false)
    hiddenSize = try node.integer("hidden_size")
    clip = try node.float("clip")
    outputCount = max(1, node.outputCount)
    guard clip.map({ $0 >= 0 }) ?? true, outputCount <= states + 1 else {
      throw GraphError(.badAttribute, "clip is negative or there are too many outputs")
    }
    let directions = direction == .bidirectional ? 2 : 1
    let standard = (0..<directions).flatMap { _ in functions }
    let names = try node.strings("activations") ?? standard
    guard names.count == standard.count else {
      throw GraphError(
        .badAttribute, "\(names.count) activations are given where \(standard.count) are needed")
    }
    let all = try RecurrentActivation.list(
      names, alphas: node.floats("activation_alpha") ?? [],
      betas: node.floats("activation_beta") ?? [])
    activations = (0..<directions).map {
      Array(all[$0 * functions.count..<($0 + 1) * functions.count])
    }
  }

  /// The extents that an input and a recurrence weight give.
  public struct Extents: Sendable, Hashable {
    public var steps: Int
    public var batch: Int
    public var features: Int
    public var hidden: Int
  }

  public func extents(_ x: [Int], _ recurrence: [Int]) -> Extents {
    Extents(
      steps: x[isBatchFirst ? 1 : 0], batch: x[isBatchFirst ? 0 : 1], features: x[2],
      hidden: recurrence[2])
  }

  /// The shape of one state for all directions and the whole batch.
  private func stateShape(_ sizes: Extents) -> [Int] {
    isBatchFirst
      ? [sizes.batch, directions, sizes.hidden] : [directions, sizes.batch, sizes.hidden]
  }

  /// Checks inputs 0 to 4 and the initial states that follow, and gives the outputs' types.
  func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    let lengths = inputs.count > 4 ? inputs[4] : nil
    var numbers = inputs
    if inputs.count > 4 { numbers[4] = nil }
    try Operands.floatingPoint(numbers)
    let (x, r) = (inputs[0]!.shape, inputs[2]!.shape)
    guard x.count == 3, r.count == 3 else {
      throw GraphError(.badShape, "takes three axes of input and weights, not \(x) and \(r)")
    }
    let sizes = extents(x, r)
    let (rows, overflow) = sizes.hidden.multipliedReportingOverflow(by: 2 * gates)
    guard !overflow, hiddenSize == nil || hiddenSize == sizes.hidden else {
      throw GraphError(.badShape, "hidden_size disagrees with the weight \(r)")
    }
    try Operands.shape(inputs[1], [directions, rows / 2, sizes.features], "the weight")
    try Operands.shape(inputs[2], [directions, rows / 2, sizes.hidden], "the recurrence weight")
    if inputs.count > 3 { try Operands.shape(inputs[3], [directions, rows], "the bias") }
    try Operands.shape(lengths, [sizes.batch], "the sequence lengths")
    if let lengths, !lengths.elementType.isInteger {
      throw GraphError(.badType, "sequence lengths are integers, not \(lengths.type)")
    }
    for input in inputs.dropFirst(5).prefix(states) {
      try Operands.shape(input, stateShape(sizes), "an initial state")
    }
    let type = inputs[0]!.elementType
    let every =
      isBatchFirst
      ? [sizes.batch, sizes.steps, directions, sizes.hidden]
      : [sizes.steps, directions, sizes.batch, sizes.hidden]
    let last = TensorType(type, stateShape(sizes))
    let types = [TensorType(type, every)] + [TensorType](repeating: last, count: states)
    return try types.prefix(outputCount).map { type throws(GraphError) in try type.checked() }
  }

  /// One step of a cell: the gates' share of the input, the weights, and the states before it.
  typealias Cell = (
    _ input: [Double], _ weights: RecurrentWeights, _ before: [[Double]]
  ) -> [[Double]]

  /// Walks over time in every direction. The first of a cell's states is its output.
  func evaluate(_ inputs: [Tensor?], cell: Cell) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let sizes = extents(x.shape, inputs[2]!.shape)
    let lengths = inputs.count > 4 ? inputs[4]?.integers : nil
    for length in lengths ?? [] where length < 0 || length > sizes.steps {
      throw GraphError(.badInput, "sequence length \(length) is not within 0 to \(sizes.steps)")
    }
    let values = x.doubles
    let initial = (0..<states).map { inputs.count > 5 + $0 ? inputs[5 + $0]?.doubles : nil }
    let (hidden, batch) = (sizes.hidden, sizes.batch)
    var every = [Double](repeating: 0, count: sizes.steps * directions * batch * hidden)
    var last = [[Double]](
      repeating: [Double](repeating: 0, count: directions * batch * hidden), count: states)

    for direction in 0..<directions {
      let weights = RecurrentWeights(self, inputs, direction: direction, hidden: hidden)
      let isReverse = self.direction == .reverse || direction == 1
      for item in 0..<batch {
        let place =
          (isBatchFirst ? item * directions + direction : direction * batch + item) * hidden
        var state = initial.map { values in
          values.map { Array($0[place..<place + hidden]) }
            ?? [Double](repeating: 0, count: hidden)
        }
        let length = lengths.map { Int($0[item]) } ?? sizes.steps
        for time in 0..<length {
          let step = isReverse ? length - 1 - time : time
          let row = isBatchFirst ? item * sizes.steps + step : step * batch + item
          let features = Array(values[row * sizes.features..<(row + 1) * sizes.features])
          state = cell(weights.project(features), weights, state)
          let to =
            isBatchFirst
            ? row * directions + direction : (step * directions + direction) * batch + item
          every.replaceSubrange(to * hidden..<(to + 1) * hidden, with: state[0])
        }
        for index in 0..<states {
          last[index].replaceSubrange(place..<place + hidden, with: state[index])
        }
      }
    }
    let types = try infer(inputs.map { $0.map { OperatorInput($0.type) } })
    return zip(types, [every] + last).map {
      Tensor(elementType: $0.elementType, shape: $0.shape, doubles: $1)
    }
  }

  /// Multiply-accumulates of all steps.
  func multiplyAccumulates(_ inputs: [TensorType?]) -> Int {
    let sizes = extents(inputs[0]!.shape, inputs[2]!.shape)
    return sizes.steps * sizes.batch * (inputs[1]!.count + inputs[2]!.count)
  }
}

extension Recurrence {
  /// `W = [D, gates x H, I]`, `R = [D, gates x H, H]`, `B = [D, 2 gates x H]`, peepholes `[D, 3 x H]`;
  /// directions and gates frozen, H one factor for both directions.
  func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let hidden = map.fresh(map.shape(2)[2])
    let batch = x[isBatchFirst ? 0 : 1]
    let direction = map.frozen(directions, "directions of a recurrent layer")
    func gated(_ count: Int) -> Axis {
      map.product([map.frozen(count, "gates of a recurrent layer"), hidden])
    }
    map.freeze([x[isBatchFirst ? 1 : 0]], .spatial)
    map.bind(1, 2, x[2])
    for (input, axis, value) in [
      (1, 0, direction), (1, 1, gated(gates)), (2, 0, direction), (2, 1, gated(gates)),
      (2, 2, hidden),
    ] {
      map.bind(input, axis, value)
    }
    if map.has(3) {
      map.bind(3, 0, direction)
      map.bind(3, 1, gated(2 * gates))
    }
    // Each item has its length and its states.
    if map.has(4) { map.bind(4, 0, batch) }
    for input in 5..<5 + states where map.has(input) {
      map.bind(input, isBatchFirst ? 0 : 1, batch)
      map.bind(input, isBatchFirst ? 1 : 0, direction)
      map.bind(input, 2, hidden)
    }
    if map.has(7) {
      map.bind(7, 0, direction)
      map.bind(7, 1, gated(3))
    }
    if hiddenSize != nil { map.rewrite(.number("hidden_size", Extent(hidden))) }
    map.contract(1, [2], free: [map.axis(1, 1)])
    map.contract(2, [2], free: [map.axis(2, 1)])
    let state = isBatchFirst ? [batch, direction, hidden] : [direction, batch, hidden]
    let all = isBatchFirst ? [batch, x[1], direction, hidden] : [x[0], direction, batch, hidden]
    map.outputAxes = map.outputs.indices.map { $0 == 0 ? all : state }
  }
}
