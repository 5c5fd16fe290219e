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
    if softcap > 0 {
      row = builder.emitUnary(.affine, row, (1 / Double(softcap), 0))
      row = builder.emitUnary(.tanh, row)
      row = builder.emitUnary(.affine, row, (Double(softcap), 0))
    }
    if scores == .capped { shown = row }
    let addends = try addends(plan, &builder)
    if let addends {
      row = builder.emitBinary(.add, row, addends, type: builder.type(of: row))
    }
    if scores == .masked { shown = row }
    row = builder.emit(
      .softmax, [row], builder.type(of: row), integers: [SoftmaxCode.softmax.rawValue, 3, 4])

    var result = builder.emitProduct(
      builder.view(row, [batch, keyHeads, rows, total]), values,
      type: TensorType(.float32, [batch, keyHeads, rows, plan.value.size]))
    result = builder.view(result, [batch, query.heads, query.tokens, plan.value.size])
    if let addends,
      mayBeBlind(
        plan, hasMask: builder.inputType(3) != nil, mask: builder.constant(3),
        hasLengths: builder.inputType(6) != nil)
    {
      // Behind the product, so that the attention in one step is found all the same.
      let sees = builder.seesAny(addends)
      result = builder.zero(result, unless: sees)
      if scores == .probabilities { row = builder.zero(row, unless: sees) }
    }
    if scores == .probabilities { shown = row }
    let shape = try builder.outputType().shape
    builder.bind(
      to: query.isPacked ? builder.view(builder.transposed(result, [0, 2, 1, 3]), shape) : result)
    if builder.hasOutput(1) { builder.bind(1, to: keys) }
    if builder.hasOutput(2) { builder.bind(2, to: values) }
    if builder.hasOutput(3) { builder.bind(3, to: shown) }
  }

  /// What is added to the scores, of a shape that broadcasts to theirs: the mask, and minus infinity
  /// where a key is hidden; nil where nothing is.
  private func addends(
    _ plan: Plan, _ builder: inout ProgramBuilder
  ) throws(GraphError) -> Program.TensorID? {
    var addends: Program.TensorID?
    func hide(unless condition: Program.TensorID) throws(GraphError) {
      let zero = builder.constant([0], [1])
      let shape = try broadcast([
        builder.shape(of: condition), addends.map { builder.shape(of: $0) } ?? [1],
      ])
      addends = builder.emit(
        .select, [condition, addends ?? zero, builder.constant([-.infinity], [1])],
        TensorType(.float32, shape))
    }
    if var mask = try builder.input(3) {
      let isBoolean = builder.type(of: mask).elementType == .bool
      if !isBoolean { mask = builder.cast(mask, to: .float32) }
      mask = builder.widened(mask, to: plan.total, filling: isBoolean ? 0 : -.infinity)
      if isBoolean { try hide(unless: mask) } else { addends = mask }
    }
    let places = builder.add(constant: Tensor(integers: (0..<plan.total).map { Int64($0) }))
    let lengths = try builder.input(6).map {
      builder.view(builder.cast($0, to: .int64), [plan.query.batch, 1, 1, 1])
    }
    let window = [(BinaryCode.lessOrEqual, keysAfter), (.greaterOrEqual, keysBefore.map { -$0 })]
    for case (let code, let reach?) in window {
      // Compared when run: a mask in the file would grow with the square of the tokens. Queries stand
      // behind the past keys or, where the number of filled keys is given, at the end of those.
      let first = (lengths == nil ? plan.past : -plan.query.tokens) + reach
      let own = (0..<plan.query.tokens).map { Int64(first + $0) }
      var tokens = builder.add(constant: Tensor(integers: own, shape: [own.count, 1]))
      var shape = [plan.query.tokens, plan.total]
      if let lengths {
        tokens = builder.emitBinary(
          .add, lengths, tokens,
          type: TensorType(.int64, [plan.query.batch, 1, plan.query.tokens, 1]))
        shape = [plan.query.batch, 1] + shape
      }
      try hide(
        unless: builder.emitBinary(
          code, places, tokens, type: TensorType(.bool, shape)))
    }
    if let lengths {
      try hide(
        unless: builder.emitBinary(
          .less, places, lengths, type: TensorType(.bool, [plan.query.batch, 1, 1, plan.total])))
    }
    return addends
  }
}

extension ProgramBuilder {
  /// For each row of addends, whether one of them is not minus infinity; with an extent of 1 for the keys.
  fileprivate mutating func seesAny(_ addends: Program.TensorID) -> Program.TensorID {
    let shape = self.shape(of: addends)
    let rows = Array(shape.dropLast()) + [1]
    let most = emitReduce(
      .max, addends, axes: [shape.count - 1], type: TensorType(.float32, rows))
    return emitBinary(
      .greater, most, constant([-.infinity], [1]), type: TensorType(.bool, rows))
  }

  /// A tensor with zeros in the rows for which a condition does not hold.
  fileprivate mutating func zero(
    _ tensor: Program.TensorID, unless condition: Program.TensorID
  ) -> Program.TensorID {
    emit(.select, [condition, tensor, constant([0], [1])], type(of: tensor))
  }

  /// A tensor of heads as `[batch, heads, tokens, size]`.
  fileprivate mutating func headsFirst(
    _ tensor: Program.TensorID, _ layout: HeadLayout
  ) -> Program.TensorID {
    guard layout.isPacked else { return tensor }
    let split = view(tensor, [layout.batch, layout.tokens, layout.heads, layout.size])
    return transposed(split, [0, 2, 1, 3])
  }

  /// The second tensor after the first, where there is one.
  package mutating func joined(
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
