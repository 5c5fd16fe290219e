package import EspalierGraph
import EspalierModelFile

extension CausalConvWithState: Lowerable {
  /// The past and the present in one tensor, a convolution of each channel over it, and its end.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let (shape, weightType) = (builder.shape(of: x), builder.inputType(1)!)
    let kernel = weightType.shape[2]
    let padded = builder.joined(
      try builder.input(3)
        ?? builder.emitZeros(TensorType(.float32, [shape[0], shape[1], kernel - 1])), x, axis: 2)
    let window = PlacedWindow(
      input: [shape[2] + kernel - 1], kernel: [kernel], strides: [1], dilations: [1], begins: [0],
      ends: [0], output: [shape[2]])
    let type = try builder.outputType()
    let bias = try builder.input(2)
    var result: Program.TensorID
    if type.count == 0 {
      result = builder.emitZeros(type)
    } else if let weight = builder.constant(1) {
      result = builder.emitConvolution(
        padded, weight, rows: shape[1], bias: bias, window: window, groups: shape[1], type: type,
        source: builder.sourceName(1), shape: weightType.shape)
    } else {
      result = try builder.emitPlainConvolution(
        padded, try builder.operand(1), bias, window: window, groups: shape[1], type: type)
    }
    if isActivated { result = builder.emitUnary(.silu, result, (1, 0)) }
    builder.bind(to: result)
    guard builder.hasOutput(1) else { return }
    builder.bind(
      1,
      to: builder.sliced(
        padded, from: shape[2], strides: strides(of: builder.shape(of: padded)),
        [shape[0], shape[1], kernel - 1]))
  }
}

extension LinearAttention: Lowerable {
  /// The rule, token after token: as many steps as there are tokens, times about six.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    var shapes: [[Int]?] = []
    for index in 0..<6 { shapes.append(builder.inputType(index)?.shape) }
    let plan = try plan(shapes)
    let (batch, tokens, heads) = (plan.key.batch, plan.key.tokens, plan.key.heads)
    let (size, valueSize, group) = (plan.key.size, plan.value.size, plan.group)
    let state = TensorType(.float32, plan.state)
    let scale = scale ?? Float(1 / Double(size).squareRoot())

    let queries = try builder.operand(0)
    let (keys, values) = (try builder.operand(1), try builder.operand(2))
    let decay = try builder.input(4).map { builder.emitUnary(.exp, $0) }
    let rate = try builder.input(5)
    /// What a token has of an operand, `[batch, tokens, heads * rest]`, as `[batch, heads, …]`.
    func part(
      _ operand: Program.TensorID, _ token: Int, _ shape: [Int]
    ) -> Program.TensorID {
      let width = builder.shape(of: operand)[2]
      let own = builder.sliced(
        operand, from: token * width, strides: [tokens * width, 1], [batch, width])
      return builder.view(own, [batch] + shape)
    }

    var current = try builder.input(3) ?? builder.emitZeros(state)
    let result = try builder.outputType()
    let output = builder.add(result)
    let width = result.shape[2]
    for token in 0..<tokens {
      if let decay {
        let factors = part(decay, token, [heads, plan.decaysByHead ? 1 : size, 1])
        current = builder.emitBinary(.multiply, current, factors, type: state)
      }
      let key = part(keys, token, [heads, 1, size])
      var written = part(values, token, [heads, 1, valueSize])
      if let rate {
        let type = TensorType(.float32, [batch, heads, 1, valueSize])
        let known = builder.emitProduct(key, current, type: type)
        written = builder.emitBinary(.subtract, written, known, type: type)
        let rates = part(rate, token, [plan.sharesRate ? 1 : heads, 1, 1])
        written = builder.emitBinary(.multiply, written, rates, type: type)
      }
      let column = builder.view(key, [batch, heads, size, 1])
      let change = builder.emitBinary(.multiply, column, written, type: state)
      current = builder.emitBinary(.add, current, change, type: state)
      let answers = builder.emitProduct(
        part(queries, token, [heads, group, size]), current, scale: scale,
        type: TensorType(.float32, [batch, heads, group, valueSize]))
      builder.emitCopy(
        from: answers, 0, [width, 1], to: output, token * width, [tokens * width, 1],
        [batch, width])
    }
    if tokens == 0 || result.count == 0 {
      builder.emit(.fill, [], writing: [output], integers: [0])
    }
    builder.bind(to: output)
    builder.bind(1, to: current)
  }
}

extension TensorScatter: Lowerable {
  /// Rows of the update at pairs of an item and a place, which are made when run; the axis stands second
  /// meanwhile. Without places the update lies over the beginning of the cache.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (cache, update) = (try builder.operand(0), try builder.operand(1))
    let type = try builder.outputType()
    let plan = try plan(type.shape, builder.shape(of: update))
    guard builder.type(of: update).count > 0 else { return builder.bind(to: cache) }
    guard let places = try builder.input(2) else {
      let whole = strides(of: type.shape)
      let output = builder.add(type)
      builder.emitCopy(from: cache, 0, whole, to: output, 0, whole, type.shape)
      let shape = builder.shape(of: update)
      builder.emitCopy(from: update, 0, strides(of: shape), to: output, 0, whole, shape)
      return builder.bind(to: output)
    }
    let between = Array(1..<plan.axis)
    let order = [0, plan.axis] + between + Array((plan.axis + 1)..<type.rank)
    let rows = builder.transposed(cache, order)

    let pairs = [plan.batch, plan.count]
    let steps = builder.add(
      constant: Tensor(integers: (0..<Int64(plan.count)).map { $0 }, shape: [1, plan.count]))
    var own = builder.emitBinary(
      .add, builder.view(places, [plan.batch, 1]), steps, type: TensorType(.int64, pairs))
    if isCircular {
      let extent = builder.add(constant: Tensor(integers: [Int64(plan.extent)], shape: [1, 1]))
      own = builder.emitBinary(.modulo, own, extent, type: TensorType(.int64, pairs))
    }
    let items = builder.add(constant: Tensor(integers: (0..<Int64(plan.batch)).map { $0 }))
    let index = builder.add(TensorType(.int64, pairs + [2]))
    let target = [2 * plan.count, 2]
    builder.emitCopy(from: items, 0, [1, 0], to: index, 0, target, pairs)
    builder.emitCopy(from: own, 0, [plan.count, 1], to: index, 1, target, pairs)

    let written = builder.emit(
      .scatterND, [rows, index, builder.transposed(update, order)], builder.type(of: rows),
      integers: [0])
    let back = type.shape.indices.map { order.firstIndex(of: $0)! }
    builder.bind(to: builder.transposed(written, back))
  }
}

extension BitCast: Lowerable {
  /// The same bytes, where the runtime keeps both types as ONNX does.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let (own, type) = (builder.inputType(0)!.elementType, try builder.outputType())
    guard own == builder.type(of: x).elementType, type.elementType == elementType else {
      throw builder.unsupported("a view of the bits of \(own) as \(elementType)")
    }
    if own == elementType { return builder.bind(to: x) }
    // Any byte but 0 is true, and only 1 may stand for that.
    if elementType == .bool { return builder.bind(to: builder.cast(x, to: .bool)) }
    guard builder.constant(of: x) == nil else {
      let value = try evaluate([builder.constant(of: x)])[0]
      return builder.bind(to: builder.add(constant: value))
    }
    builder.bind(to: builder.reinterpreted(x, as: elementType))
  }
}
