package import EspalierGraph
import EspalierModelFile

extension Attention: Lowerable {
  /// Two matrix products around a softmax. Query heads that share a key head stand below one another
  /// as rows of one product.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    var shapes: [[Int]?] = []
    for index in 0..<7 { shapes.append(builder.inputType(index)?.shape) }
    let plan = try plan(shapes)
    let (query, total) = (plan.query, plan.total)
    let (batch, keyHeads) = (query.batch, plan.key.heads)
    let rows = query.heads / keyHeads * query.tokens

    let queries = builder.view(
      builder.headsFirst(try builder.operand(0), query), [batch, keyHeads, rows, query.size])
    let keys = builder.joined(
      try builder.input(4), builder.headsFirst(try builder.operand(1), plan.key), axis: 2)
    let values = builder.joined(
      try builder.input(5), builder.headsFirst(try builder.operand(2), plan.value), axis: 2)

    let scale = scale ?? Float(1 / Double(query.size).squareRoot())
    let products = builder.emitProduct(
      queries, keys, transposeB: true, scale: scale,
      type: TensorType(.float32, [batch, keyHeads, rows, total]))
    var row = builder.view(products, [batch, query.heads, query.tokens, total])
    var shown = row
    row = try masked(row, plan, &builder)
    if scores == .masked { shown = row }
    if softcap != 0 {
      row = builder.emitUnary(.affine, row, (1 / Double(softcap), 0))
      row = builder.emitUnary(.tanh, row)
      row = builder.emitUnary(.affine, row, (Double(softcap), 0))
    }
    if scores == .capped { shown = row }
    row = builder.emit(
      .softmax, [row], builder.type(of: row), integers: [SoftmaxCode.softmax.rawValue, 3, 4])
    if scores == .probabilities { shown = row }

    let result = builder.emitProduct(
      builder.view(row, [batch, keyHeads, rows, total]), values,
      type: TensorType(.float32, [batch, keyHeads, rows, plan.value.size]))
    let heads = builder.view(result, [batch, query.heads, query.tokens, plan.value.size])
    let shape = try builder.outputType().shape
    builder.bind(
      to: query.isPacked ? builder.view(builder.transposed(heads, [0, 2, 1, 3]), shape) : heads)
    if builder.hasOutput(1) { builder.bind(1, to: keys) }
    if builder.hasOutput(2) { builder.bind(2, to: values) }
    if builder.hasOutput(3) { builder.bind(3, to: shown) }
  }

  /// Scores with minus infinity where a key is hidden and the mask's addends elsewhere.
  private func masked(
    _ scores: Program.TensorID, _ plan: Plan, _ builder: inout ProgramBuilder
  ) throws(GraphError) -> Program.TensorID {
    var row = scores
    let type = builder.type(of: row)
    let hidden = builder.constant([-.infinity], [1])
    func hide(unless condition: Program.TensorID) {
      row = builder.emit(.select, [condition, row, hidden], type)
    }
    if var mask = try builder.input(3) {
      let isBoolean = builder.type(of: mask).elementType == .bool
      if !isBoolean { mask = builder.cast(mask, to: .float32) }
      mask = builder.widened(mask, to: plan.total, filling: isBoolean ? 0 : -.infinity)
      if isBoolean {
        hide(unless: mask)
      } else {
        row = builder.emitBinary(.add, row, mask, type: type)
      }
    }
    let places = builder.add(constant: Tensor(integers: (0..<plan.total).map { Int64($0) }))
    if isCausal {
      // Compared when run: a mask in the file would grow with the square of the tokens.
      let last = (0..<plan.query.tokens).map { Int64(plan.past + $0) }
      let tokens = builder.add(constant: Tensor(integers: last, shape: [last.count, 1]))
      hide(
        unless: builder.emitBinary(
          .lessOrEqual, places, tokens,
          type: TensorType(.bool, [plan.query.tokens, plan.total])))
    }
    if let given = try builder.input(6) {
      let lengths = builder.view(builder.cast(given, to: .int64), [plan.query.batch, 1, 1, 1])
      hide(
        unless: builder.emitBinary(
          .less, places, lengths, type: TensorType(.bool, [plan.query.batch, 1, 1, plan.total])))
    }
    return row
  }
}

extension ProgramBuilder {
  /// A tensor of heads as `[batch, heads, tokens, size]`.
  fileprivate mutating func headsFirst(
    _ tensor: Program.TensorID, _ layout: HeadLayout
  ) -> Program.TensorID {
    guard layout.isPacked else { return tensor }
    let split = view(tensor, [layout.batch, layout.tokens, layout.heads, layout.size])
    return transposed(split, [0, 2, 1, 3])
  }

  /// The second tensor after the first, where there is one.
  fileprivate mutating func joined(
    _ first: Program.TensorID?, _ second: Program.TensorID, axis: Int
  ) -> Program.TensorID {
    guard let first else { return second }
    var shape = shape(of: second)
    shape[axis] += self.shape(of: first)[axis]
    let output = add(TensorType(type(of: second).elementType, shape))
    let target = strides(of: shape)
    var start = 0
    for part in [first, second] {
      let own = self.shape(of: part)
      emitCopy(from: part, 0, strides(of: own), to: output, start * target[axis], target, own)
      start += own[axis]
    }
    return output
  }

  /// A tensor whose last axis is extended with one value.
  fileprivate mutating func widened(
    _ tensor: Program.TensorID, to extent: Int, filling value: Float
  ) -> Program.TensorID {
    let type = type(of: tensor)
    guard let last = type.shape.last, last < extent else { return tensor }
    let shape = Array(type.shape.dropLast()) + [extent]
    let output = add(TensorType(type.elementType, shape))
    let bits = type.elementType == .float32 ? Int(value.bitPattern) : Int(value)
    emit(.fill, [], writing: [output], integers: [bits])
    emitCopy(
      from: tensor, 0, strides(of: type.shape), to: output, 0, strides(of: shape), type.shape)
    return output
  }
}

extension RotaryEmbedding: Lowerable {
  /// Each half of the pairs is cut out, rotated, and put back in its place.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let type = try builder.outputType()
    let plan = try plan(type.shape)
    let (layout, pairs) = (plan.layout, plan.pairs)
    let outer =
      layout.isPacked
      ? [layout.batch, layout.tokens, layout.heads] : [layout.batch, layout.heads, layout.tokens]
    let x = builder.view(try builder.operand(0), outer + [layout.size])
    let half = TensorType(.float32, outer + [pairs])

    let angles =
      layout.isPacked
      ? [layout.batch, layout.tokens, 1, pairs] : [layout.batch, 1, layout.tokens, pairs]
    var tables: [Program.TensorID] = []
    for index in 1...2 {
      var table = try builder.operand(index)
      if let positions = try builder.input(3) {
        table = builder.emit(
          .gather, [table, positions],
          TensorType(.float32, [layout.batch, layout.tokens, pairs]), integers: [0])
      }
      tables.append(builder.view(table, angles))
    }

    let own = strides(of: outer + [layout.size])
    let halfStrides = Array(own.dropLast()) + [plan.stride]
    let a = builder.sliced(x, from: 0, strides: halfStrides, half.shape)
    let b = builder.sliced(x, from: plan.reach, strides: halfStrides, half.shape)
    func product(_ value: Program.TensorID, _ table: Program.TensorID) -> Program.TensorID {
      builder.emitBinary(.multiply, value, table, type: half)
    }
    let turnedA = builder.emitBinary(
      .subtract, product(a, tables[0]), product(b, tables[1]), type: half)
    let turnedB = builder.emitBinary(
      .add, product(a, tables[1]), product(b, tables[0]), type: half)

    let output = builder.add(TensorType(.float32, outer + [layout.size]))
    let target = strides(of: half.shape)
    builder.emitCopy(from: turnedA, 0, target, to: output, 0, halfStrides, half.shape)
    builder.emitCopy(from: turnedB, 0, target, to: output, plan.reach, halfStrides, half.shape)
    let rest = outer + [layout.size - 2 * pairs]
    builder.emitCopy(from: x, 2 * pairs, own, to: output, 2 * pairs, own, rest)
    builder.bind(to: builder.view(output, type.shape))
  }
}
