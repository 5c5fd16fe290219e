extension Expansion {
  /// LSTM with weights of bytes, `[directions, inputs, gates]`.
  static let quantisedRecurrences: [String: Expansion] = [
    "com.microsoft.DynamicQuantizeLSTM": .always(needsTypes: true) { builder throws(GraphError) in
      if builder.stage == .execution {
        try builder.quantisedSteps()
      } else {
        try builder.floatingPointLSTM()
      }
    }
  ]
}

/// Inputs of DynamicQuantizeLSTM.
private enum Input {
  static let x = 0
  static let weight = 1
  static let recurrent = 2
  static let bias = 3
  static let lengths = 4
  static let hidden = 5
  static let cell = 6
  static let peepholes = 7
  /// Scale and zero point of each weight.
  static let weightScale = 8
  static let recurrentScale = 10
}

extension ExpansionBuilder {
  /// The LSTM of the weights' numbers: what is pruned. It lacks the rounding of the states.
  fileprivate mutating func floatingPointLSTM() throws(GraphError) {
    var weights: [Graph.ValueID] = []
    for (index, scale) in [
      (Input.weight, Input.weightScale), (Input.recurrent, Input.recurrentScale),
    ] {
      let bytes = try constant(index, "a weight")
      guard bytes.rank == 3 else { throw GraphError(.badShape, "a weight of \(bytes.shape)") }
      let scales = try perGate(scale, bytes.shape, "a scale")
      let zeros = try perGate(scale + 1, bytes.shape, "a zero point")
      let (inner, gates) = (bytes.shape[1], bytes.shape[2])
      let values = bytes.doubles
      // ONNX's weights have the gates first.
      var turned = [Double](repeating: 0, count: values.count)
      for place in values.indices {
        let (direction, row, gate) = (
          place / (inner * gates), place / gates % inner, place % gates
        )
        let own = direction * gates + gate
        turned[own * inner + row] = (values[place] - zeros[own]) * scales[own]
      }
      weights.append(
        add(
          constant: Tensor(
            elementType: .float32, shape: [bytes.shape[0], gates, inner], doubles: turned),
          index == Input.weight ? "weight" : "recurrent"))
    }
    let rest = (Input.bias...Input.peepholes).map { input($0) }
    let outputs = add(
      "LSTM", [try operand(Input.x)] + weights + rest, node.attributes,
      outputs: node.outputs.count, isNamesake: true)
    for (index, output) in outputs.enumerated() where isWanted(index) { give(output, to: index) }
  }

  /// Scales or zero points, one for each direction or for each of its gates, as one for each gate.
  private func perGate(
    _ index: Int, _ weight: [Int], _ name: String
  ) throws(GraphError) -> [Double] {
    let tensor = try constant(index, name)
    let values = tensor.doubles
    let (directions, gates) = (weight[0], weight[2])
    if values.count == directions * gates { return values }
    guard values.count == directions else {
      throw GraphError(.badShape, "\(name) of \(tensor.shape) for a weight of \(weight)")
    }
    return values.flatMap { Array(repeating: $0, count: gates) }
  }

  /// Every step as onnxruntime has it: the input is turned into bytes as a whole, the state before each step.
  fileprivate mutating func quantisedSteps() throws(GraphError) {
    try refuseInput(Input.lengths, "sequence_lens")
    try refuseInput(Input.peepholes, "peepholes")
    try refuseFlag("input_forget")
    let context = context
    if let names = try context.strings("activations"),
      names.enumerated().contains(where: { $1 != ($0 % 3 == 0 ? "Sigmoid" : "Tanh") })
    {
      throw unsupported("the activations \(names)")
    }
    if try context.float("clip") ?? 0 > 0 { throw unsupported("the attribute clip") }
    let kind = try context.string("direction", default: "forward")
    let weight = try constant(Input.weight, "the weight").shape
    let recurrent = try constant(Input.recurrent, "the weight").shape
    let x = try shape(Input.x, "the input")
    guard weight.count == 3, recurrent.count == 3, x.count == 3, recurrent[1] * 4 == recurrent[2],
      weight[2] == recurrent[2], weight[0] == (kind == "bidirectional" ? 2 : 1), x[0] > 0,
      weight[1] == x[2], recurrent[0] == weight[0]
    else { throw GraphError(.badShape, "weights of \(weight) and \(recurrent) for \(x)") }
    // A step's own nodes, before those are replaced in turn.
    guard x[0] <= Splicing.maximumNodes / (16 * weight[0]) else {
      throw unsupported("\(x[0]) steps")
    }
    let bytes = add("DynamicQuantizeLinear", [try operand(Input.x)], outputs: 3)
    var all: [[Graph.ValueID]] = []
    var last: [(hidden: Graph.ValueID, cell: Graph.ValueID)] = []
    for direction in 0..<weight[0] {
      let isReversed = kind == "reverse" || direction == 1
      let states = try steps(
        bytes, direction, x, hidden: recurrent[1], isReversed: isReversed)
      all.append(states.map(\.hidden).map { unsqueeze($0, [0, 1]) })
      if isReversed { all[direction].reverse() }
      last.append(states.last!)
    }
    if isWanted(0) {
      let sides = all.map { add("Concat", $0, ["axis": .integer(0)]) }
      give(sides.count == 1 ? sides[0] : add("Concat", sides, ["axis": .integer(1)]))
    }
    for (output, states) in [last.map(\.hidden), last.map(\.cell)].enumerated()
    where isWanted(output + 1) {
      let sides = states.map { unsqueeze($0, [0]) }
      give(add("Concat", sides, ["axis": .integer(0)]), to: output + 1)
    }
  }

  /// The states, `[batch, hidden]`, after each step of one direction, in the order of the steps.
  private mutating func steps(
    _ bytes: [Graph.ValueID], _ direction: Int, _ x: [Int], hidden size: Int, isReversed: Bool
  ) throws(GraphError) -> [(hidden: Graph.ValueID, cell: Graph.ValueID)] {
    let weight = try side(Input.weight, Input.weightScale, direction)
    let recurrent = try side(Input.recurrent, Input.recurrentScale, direction)
    var own = product(bytes, weight, isNamesake: true)
    if input(Input.bias) != nil {
      let bias = try constant(Input.bias, "the bias").part(direction)
      guard bias.count == 8 * size else { throw GraphError(.badShape, "a bias of \(bias.shape)") }
      let values = bias.floats
      let sums = (0..<4 * size).map { values[$0] + values[4 * size + $0] }
      own = add("Add", [own, add(constant: Tensor(sums, shape: [4 * size]), "bias")])
    }
    var state = (
      hidden: try initial(Input.hidden, direction), cell: try initial(Input.cell, direction)
    )
    var states: [(hidden: Graph.ValueID, cell: Graph.ValueID)] = []
    for step in 0..<x[0] {
      let place = isReversed ? x[0] - 1 - step : step
      let position = add(constant: Tensor(integers: [Int64(place)], shape: []), "step")
      var gates = add("Gather", [own, position], ["axis": .integer(0)])
      if let hidden = state.hidden {
        let before = add("DynamicQuantizeLinear", [hidden], outputs: 3)
        gates = add("Add", [gates, product(before, recurrent)])
      }
      let parts = split(gates, axis: -1, Array(repeating: size, count: 4))
      var cell = add("Mul", [add("Sigmoid", [parts[0]]), add("Tanh", [parts[3]])])
      if let old = state.cell {
        cell = add("Add", [add("Mul", [add("Sigmoid", [parts[2]]), old]), cell])
      }
      let hidden = add("Mul", [add("Sigmoid", [parts[1]]), add("Tanh", [cell])])
      state = (hidden, cell)
      states.append((hidden, cell))
    }
    return states
  }

  /// A direction's initial state; nil where it is zero.
  private mutating func initial(
    _ index: Int, _ direction: Int
  ) throws(GraphError) -> Graph.ValueID? {
    guard let value = input(index) else { return nil }
    let position = add(constant: Tensor(integers: [Int64(direction)], shape: []), "direction")
    return add("Gather", [value, position], ["axis": .integer(0)])
  }

  /// A direction's weight, scale and zero point.
  private mutating func side(
    _ weight: Int, _ scale: Int, _ direction: Int
  ) throws(GraphError) -> [Graph.ValueID] {
    [
      add(constant: try constant(weight, "a weight").part(direction), "weight"),
      add(constant: try constant(scale, "a scale").part(direction), "scale"),
      add(constant: try constant(scale + 1, "a zero point").part(direction), "zero"),
    ]
  }

  /// The product of bytes with scale and zero point by a direction's weight.
  private mutating func product(
    _ bytes: [Graph.ValueID], _ weight: [Graph.ValueID], isNamesake: Bool = false
  ) -> Graph.ValueID {
    let sums = add(
      "MatMulInteger", [bytes[0], weight[0], bytes[2], weight[2]], isNamesake: isNamesake)
    return add("Mul", [cast(sums, to: .float32), add("Mul", [bytes[1], weight[1]])])
  }
}

extension Tensor {
  /// What the first axis counts, at one place.
  /// - Throws: `GraphError` with code `.badShape` where there is none.
  fileprivate func part(_ index: Int) throws(GraphError) -> Tensor {
    guard let count = shape.first, index < count else {
      throw GraphError(.badShape, "a tensor of \(shape) has nothing for direction \(index)")
    }
    let length = shape.dropFirst().reduce(1, *)
    return gathering(
      Array(index * length..<(index + 1) * length), shape: Array(shape.dropFirst()))
  }
}
