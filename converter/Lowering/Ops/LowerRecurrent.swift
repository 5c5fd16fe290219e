package import EspalierGraph
import EspalierModelFile

extension RNN: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerRecurrence(recurrence, .rnn)
  }
}

extension GRU: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerRecurrence(recurrence, .gru, linearBeforeReset: resetsAfter)
  }
}

extension LSTM: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerRecurrence(
      recurrence, .lstm, inputForget: couplesForget, peephole: try builder.input(7))
  }
}

extension ProgramBuilder {
  fileprivate mutating func lowerRecurrence(
    _ recurrence: Recurrence, _ code: RecurrentCode, linearBeforeReset: Bool = false,
    inputForget: Bool = false, peephole: Program.TensorID? = nil
  ) throws(GraphError) {
    guard recurrence.clip != 0 else { throw unsupported("a recurrent layer clipped at 0") }
    // The kernel takes steps first; with the batch first, operands and results are turned around it.
    let batchFirst = recurrence.isBatchFirst
    let x = try operand(0)
    // Asked for first: a constant becomes a tensor only now, and its shape is looked up after that.
    let recurrentWeight = try operand(2)
    let sizes = recurrence.extents(shape(of: x), shape(of: recurrentWeight))
    var state = try input(5)
    var cell = code == .lstm ? try input(6) : nil
    if batchFirst {
      state = state.map { transposed($0, [1, 0, 2]) }
      cell = cell.map { transposed($0, [1, 0, 2]) }
    }
    let sequence = batchFirst ? transposed(x, [1, 0, 2]) : x
    let lengths = try input(4).map { cast($0, to: .int32) }

    var codes = [Int](repeating: UnaryCode.tanh.rawValue, count: 6)
    var alphas = [Float](repeating: 0, count: 6)
    var betas = [Float](repeating: 0, count: 6)
    for (direction, functions) in recurrence.activations.enumerated() {
      for (place, activation) in functions.enumerated() {
        guard let code = activation.unaryCode else {
          throw unsupported("the recurrent activation \(activation.function.rawValue)")
        }
        codes[direction * 3 + place] = code.rawValue
        alphas[direction * 3 + place] = activation.alpha
        betas[direction * 3 + place] = activation.beta
      }
    }
    let direction =
      switch recurrence.direction {
      case .forward: 0
      case .reverse: 1
      case .bidirectional: 2
      }
    let last = TensorType(.float32, [recurrence.directions, sizes.batch, sizes.hidden])
    let types = [
      TensorType(
        .float32, [sizes.steps, recurrence.directions, sizes.batch, sizes.hidden]),
      last, last,
    ]
    let outputs: [Program.TensorID?] = (0..<3).map { index in
      hasOutput(index) ? add(types[index]) : nil
    }
    let gates = recurrence.gates
    emit(
      .recurrent,
      [sequence, try operand(1), recurrentWeight, try input(3), lengths, state, cell, peephole],
      writing: outputs,
      integers: [code.rawValue, direction, linearBeforeReset ? 1 : 0, inputForget ? 1 : 0]
        + codes,
      floats: alphas + betas + [recurrence.clip ?? 0],
      multiplyAccumulates: recurrence.directions * sizes.steps * sizes.batch * gates
        * sizes.hidden * (sizes.features + sizes.hidden))
    for (index, output) in outputs.enumerated() {
      guard let output else { continue }
      let order = index == 0 ? [2, 0, 1, 3] : [1, 0, 2]
      bind(index, to: batchFirst ? transposed(output, order) : output)
    }
  }
}

extension RecurrentActivation {
  /// The same function among the elementwise kernels; nil where they have none.
  fileprivate var unaryCode: UnaryCode? {
    switch function {
    case .affine: .affine
    case .elu: .elu
    case .hardSigmoid: .hardSigmoid
    case .leakyRelu: .leakyRelu
    case .relu: .relu
    case .scaledTanh: nil
    case .sigmoid: .sigmoid
    case .softplus: .softplus
    case .softsign: .softsign
    case .tanh: .tanh
    case .thresholdedRelu: .thresholdedRelu
    }
  }
}
