package import EspalierGraph
package import EspalierModelFile

extension BatchNormalization: Lowerable {
  /// As a multiplication and an addition per channel, which fusion folds into a convolution before
  /// it; with computed statistics, step by step.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    guard !isTraining, let scale = builder.constant(1)?.doubles,
      let bias = builder.constant(2)?.doubles, let mean = builder.constant(3)?.doubles,
      let variance = builder.constant(4)?.doubles
    else { return try lowerComputed(&builder) }
    let factors = scale.indices.map {
      scale[$0] / (variance[$0] + Double(epsilon)).squareRoot()
    }
    let addends = bias.indices.map { bias[$0] - mean[$0] * factors[$0] }
    let channels = [plan(type.shape).count] + Array(repeating: 1, count: max(type.rank - 2, 0))
    let factor = builder.constant(factors.map(Float.init), channels)
    let addend = builder.constant(addends.map(Float.init), channels)
    let scaled = builder.emitBinary(.multiply, x, factor, type: type)
    builder.bind(to: builder.emitBinary(.add, scaled, addend, type: type))
  }

  private func lowerComputed(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    var (mean, variance) = (try builder.operand(3), try builder.operand(4))
    let vector = builder.type(of: mean)
    let ones = Array(repeating: 1, count: max(type.rank - 2, 0))
    func perChannel(_ tensor: Program.TensorID) -> Program.TensorID {
      builder.view(tensor, vector.shape + ones)
    }
    func step(
      _ code: BinaryCode, _ a: Program.TensorID, _ b: Program.TensorID
    ) -> Program.TensorID {
      builder.emitBinary(code, a, perChannel(b), type: type)
    }
    var centred: Program.TensorID?
    if isTraining {
      let axes = type.shape.indices.filter { type.rank == 1 || $0 != 1 }
      let kept = Double(momentum)
      func blended(_ old: Program.TensorID, _ new: Program.TensorID) -> Program.TensorID {
        let fresh = builder.emitUnary(.affine, new, (1 - kept, 0))
        return builder.emitBinary(
          .add, builder.emitUnary(.affine, old, (kept, 0)), fresh, type: vector)
      }
      let ownMean = builder.emitReduce(.mean, x, axes: axes, type: vector)
      let difference = step(.subtract, x, ownMean)
      let square = builder.emitBinary(.multiply, difference, difference, type: type)
      let ownVariance = builder.emitReduce(.mean, square, axes: axes, type: vector)
      if builder.hasOutput(1) { builder.bind(1, to: blended(mean, ownMean)) }
      if builder.hasOutput(2) { builder.bind(2, to: blended(variance, ownVariance)) }
      (mean, variance, centred) = (ownMean, ownVariance, difference)
    }
    let deviation = builder.emitUnary(
      .sqrt, builder.emitUnary(.affine, variance, (1, Double(epsilon))))
    let factor = builder.emitBinary(
      .divide, try builder.operand(1), deviation, type: vector)
    let scaled = step(.multiply, centred ?? step(.subtract, x, mean), factor)
    builder.bind(to: step(.add, scaled, try builder.operand(2)))
  }
}

extension ProgramBuilder {
  /// Normalises rows, scales and shifts them: one step where the parameters meet the elements in one
  /// way, else a step for each. Tensors of the rows' statistics follow where they are wanted.
  package mutating func emitNormalize(
    _ code: NormalizeCode, _ x: Program.TensorID, _ plan: NormalisationPlan,
    scale: Program.TensorID? = nil, bias: Program.TensorID? = nil, epsilon: Float,
    type: TensorType, givesStatistics: Bool = false
  ) -> [Program.TensorID] {
    let statistics = TensorType(.float32, plan.statistics)
    var outputs = [add(type)]
    if givesStatistics { outputs += [add(statistics), add(statistics)] }
    let cycle = plan.parameters
    emit(
      .normalize, [x, cycle == nil ? nil : scale, cycle == nil ? nil : bias], writing: outputs,
      integers: [
        code.rawValue, plan.rows, plan.length, cycle?.inner ?? 1, cycle?.count ?? 1,
      ], floats: [epsilon])
    if cycle == nil {
      if let scale { outputs[0] = emitBinary(.multiply, outputs[0], scale, type: type) }
      if let bias { outputs[0] = emitBinary(.add, outputs[0], bias, type: type) }
    }
    return outputs
  }
}

extension LayerNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let plan = try plan(builder.operatorInputs().map { $0?.shape })
    let givesStatistics = builder.hasOutput(1) || builder.hasOutput(2)
    guard plan.length > 0 || !givesStatistics else {
      throw builder.unsupported("the statistics of empty rows")
    }
    let outputs = builder.emitNormalize(
      .meanVariance, x, plan, scale: try builder.operand(1), bias: try builder.input(2),
      epsilon: epsilon, type: try builder.outputType(), givesStatistics: givesStatistics)
    for (index, output) in outputs.enumerated() { builder.bind(index, to: output) }
  }
}

extension RMSNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (x, scale) = (try builder.operand(0), try builder.operand(1))
    let plan = try plan(builder.shape(of: x), scale: builder.shape(of: scale))
    builder.bind(
      to: builder.emitNormalize(
        .rootMeanSquare, x, plan, scale: scale, epsilon: epsilon, type: try builder.outputType())[0]
    )
  }
}

extension InstanceNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    builder.bind(
      to: builder.emitNormalize(
        .meanVariance, x, plan(builder.shape(of: x)), scale: try builder.operand(1),
        bias: try builder.operand(2), epsilon: epsilon, type: try builder.outputType())[0])
  }
}

extension GroupNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    builder.bind(
      to: builder.emitNormalize(
        .meanVariance, x, plan(builder.shape(of: x)), scale: try builder.operand(1),
        bias: try builder.operand(2), epsilon: epsilon, type: try builder.outputType())[0])
  }
}

extension ProgramBuilder {
  /// Normalises along some axes: they are brought to the end, normalised, and brought back.
  fileprivate mutating func emitNormalizeAlong(
    axes: [Int], _ code: NormalizeCode, _ x: Program.TensorID, epsilon: Float, type: TensorType
  ) -> Program.TensorID {
    let kept = type.shape.indices.filter { !axes.contains($0) }
    let order = kept + axes.sorted()
    let moved = transposed(x, order)
    let turned = TensorType(type.elementType, order.map { type.shape[$0] })
    let normal = emitNormalize(
      code, moved, NormalisationPlan(turned.shape, from: kept.count), epsilon: epsilon,
      type: turned)[0]
    return transposed(normal, type.shape.indices.map { order.firstIndex(of: $0)! })
  }
}

extension LpNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    builder.bind(
      to: builder.emitNormalizeAlong(
        axes: [try plan(type.shape).axis], order == 1 ? .l1 : .l2, x, epsilon: 0, type: type))
  }
}

extension MeanVarianceNormalization: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    builder.bind(
      to: builder.emitNormalizeAlong(
        axes: try plan(rank: type.rank), .meanVariance, x, epsilon: 1e-18, type: type))
  }
}

extension LRN: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    // A window that reaches all channels from each takes no more by being wider; alpha is shared out
    // over its size as given.
    let (channels, isOver) = type.shape[1].multipliedReportingOverflow(by: 2)
    let reach = isOver ? size : min(size, channels + 1)
    builder.bind(
      to: builder.emit(
        .localResponse, [x], type, integers: [reach],
        floats: [Float(alpha * Double(reach) / Double(size)), Float(beta), Float(bias)]))
  }
}

extension QuantizeLinear: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerQuantization(attributes, dequantizes: false)
  }
}
extension DequantizeLinear: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerQuantization(attributes, dequantizes: true)
  }
}

extension ProgramBuilder {
  fileprivate mutating func lowerQuantization(
    _ attributes: QuantizationAttributes, dequantizes: Bool
  ) throws(GraphError) {
    let x = try operand(0)
    let scale = try operand(1)
    let type = try outputType()
    let whole = dequantizes ? self.type(of: x).elementType : type.elementType
    guard whole == .uint8 || whole == .int8 || dequantizes && whole == .int32 else {
      throw unsupported("quantisation of \(whole)")
    }
    let zeroPoint = try input(2)
    let code = dequantizes ? 1 : 0
    switch try attributes.grid(type.shape, shape(of: scale)).sharing {
    case .everywhere: bind(to: emit(.quantize, [x, scale, zeroPoint], type, integers: [code, -1]))
    case .alongAxis(let lines):
      bind(to: emit(.quantize, [x, scale, zeroPoint], type, integers: [code, lines.axis]))
    case .inBlocks(let lines, let size):
      // A scale for each element of one long axis.
      let blocks = add(constant: Tensor(integers: (0..<lines.extent).map { Int64($0 / size) }))
      func spread(_ numbers: Program.TensorID) -> Program.TensorID {
        let wide = TensorType(self.type(of: numbers).elementType, type.shape)
        return view(emit(.gather, [numbers, blocks], wide, integers: [lines.axis]), [type.count])
      }
      let flat = emit(
        .quantize, [view(x, [type.count]), spread(scale), zeroPoint.map { spread($0) }],
        TensorType(type.elementType, [type.count]), integers: [code, 0])
      bind(to: view(flat, type.shape))
    }
  }
}
