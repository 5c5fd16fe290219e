package import EspalierGraph
import EspalierModelFile

/// An operator that only gives a tensor another shape: no work at run time.
package protocol ViewLowerable: Lowerable {}

extension ViewLowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(to: builder.view(input, try builder.outputType().shape))
  }
}

extension Reshape: ViewLowerable {}
extension Flatten: ViewLowerable {}
extension Squeeze: ViewLowerable {}
extension Unsqueeze: ViewLowerable {}
extension Identity: ViewLowerable {}

extension Dropout: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    // Inference has refused a constant mode that trains, as long as the ratio is constant too.
    if builder.inputType(2) != nil {
      let trains = builder.constant(2).map { $0.booleans[0] }
      let isDecided = trains == false || builder.inputType(1) == nil || builder.constant(1) != nil
      guard trains != nil, isDecided else {
        throw builder.unsupported("dropout with a computed training mode")
      }
    }
    builder.bind(to: try builder.operand(0))
    guard builder.hasOutput(1) else { return }
    let one = Tensor(integers: [1])
    builder.bind(1, to: builder.filled(try builder.outputType(1), one))
  }
}

extension Cast: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(to: builder.cast(input, to: try builder.outputType().elementType))
  }
}
extension CastLike: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(to: builder.cast(input, to: try builder.outputType().elementType))
  }
}

extension Transpose: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(
      to: builder.transposed(input, permutation(rank: builder.shape(of: input).count)))
  }
}

extension Concat: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let type = try builder.outputType()
    var parts: [Program.TensorID] = []
    for index in 0..<builder.inputCount { parts.append(try builder.operand(index)) }
    let plan = try plan(parts.map { builder.shape(of: $0) })
    let output = builder.add(type)
    let target = strides(of: type.shape)
    var start = 0
    for (part, chunk) in zip(parts, plan.chunks) {
      let shape = builder.shape(of: part)
      builder.emitCopy(from: part, 0, strides(of: shape), to: output, start, target, shape)
      start += chunk
    }
    builder.bind(to: output)
  }
}

extension ProgramBuilder {
  /// Part of a tensor, taken with strides; a view where the part is all of it.
  package mutating func sliced(
    _ tensor: Program.TensorID, from offset: Int, strides: [Int], _ shape: [Int]
  ) -> Program.TensorID {
    let source = type(of: tensor)
    if source.shape == shape, offset == 0, strides == EspalierGraph.strides(of: shape) {
      return tensor
    }
    let output = add(TensorType(source.elementType, shape))
    emitCopy(
      from: tensor, offset, strides, to: output, 0, EspalierGraph.strides(of: shape), shape)
    return output
  }

  /// The elements of a tensor that a plan names; a view where they are all of it.
  package mutating func taken(
    _ tensor: Program.TensorID, _ plan: StridedPlan
  ) -> Program.TensorID {
    plan.isWhole(of: type(of: tensor).count)
      ? view(tensor, plan.shape)
      : sliced(tensor, from: plan.start, strides: plan.strides, plan.shape)
  }

  /// Every input of the node as its operator's shape rule sees it.
  package func operatorInputs() -> [OperatorInput?] {
    (0..<inputCount).map { index in
      inputType(index).map { OperatorInput($0, constant: constant(index)) }
    }
  }
}

extension Slice: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(to: builder.taken(input, try plan(builder.operatorInputs())))
  }
}

extension Split: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    for (index, part) in try plan(builder.operatorInputs()).enumerated()
    where builder.hasOutput(index) {
      builder.bind(index, to: builder.taken(input, part))
    }
  }
}

extension Expand: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(to: builder.taken(input, try plan(builder.operatorInputs())))
  }
}

extension Tile: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let elements = try plan(builder.operatorInputs()).elements
    let output = builder.add(try builder.outputType())
    try builder.checkCopyRank(elements.shape)
    builder.emitCopy(
      from: input, 0, elements.strides, to: output, 0, strides(of: elements.shape),
      elements.shape)
    builder.bind(to: output)
  }
}

extension ProgramBuilder {
  /// Copies take eight axes after merging; extents of 1 vanish.
  fileprivate func checkCopyRank(_ shape: [Int]) throws(GraphError) {
    guard shape.count(where: { $0 != 1 }) <= 8 else {
      throw unsupported("a data movement over more than eight axes")
    }
  }

  /// Indices that lowering lists are held in memory and in the file.
  fileprivate func checkTable(_ count: Int) throws(GraphError) {
    guard count <= 1 << 22 else {
      throw GraphError(
        .shapeTooLarge, "a list of \(count) indices exceeds the limit of \(1 << 22)")
    }
  }

  /// Fills a new tensor with one constant value.
  fileprivate mutating func filled(_ type: TensorType, _ value: Tensor?) -> Program.TensorID {
    let output = add(type)
    let bits: Int
    if type.elementType == .float32 {
      bits = Int((value?.floats.first ?? 0).bitPattern)
    } else {
      bits = Int(value?.integers.first ?? 0)
    }
    emit(.fill, [], writing: [output], integers: [bits])
    return output
  }

  /// Picks places of one axis by a constant list of indices.
  fileprivate mutating func picked(
    _ tensor: Program.TensorID, axis: Int, _ places: [Int]
  ) -> Program.TensorID {
    var shape = shape(of: tensor)
    shape[axis] = places.count
    let index = add(constant: Tensor(integers: places.map { Int64($0) }))
    return emit(
      .gather, [tensor, index], TensorType(type(of: tensor).elementType, shape),
      integers: [axis])
  }
}

extension ConstantOfShape: Lowerable {
  /// Only what is too large to fold comes here.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    builder.bind(to: builder.filled(try builder.outputType(), value))
  }
}

extension Pad: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    var input = try builder.operand(0)
    let type = try builder.outputType()
    let amounts = try amounts(builder.operatorInputs())
    let shape = builder.shape(of: input)
    guard amounts.contains(where: { $0 != (0, 0) }) else {
      builder.bind(to: input)
      return
    }
    guard mode == .constant else {
      for (axis, amount) in amounts.enumerated() where amount != (0, 0) {
        try builder.checkTable(type.shape[axis])
        let places = (0..<type.shape[axis]).compactMap {
          source(of: $0 - amount.before, extent: shape[axis])
        }
        input =
          builder.copied(input, axis: axis, places)
          ?? builder.picked(input, axis: axis, places)
      }
      builder.bind(to: input)
      return
    }
    let output: Program.TensorID
    if attributeValue == nil, builder.constant(2) == nil, let value = try builder.input(2) {
      output = builder.sliced(
        builder.view(value, []), from: 0, strides: type.shape.map { _ in 0 }, type.shape)
    } else {
      let constant = attributeValue.map { Tensor([$0], shape: [1]) } ?? builder.constant(2)
      output = builder.filled(type, constant)
    }
    let plan = plan(shape, amounts: amounts, result: type.shape)
    builder.emitCopy(
      from: input, plan.kept.start, plan.kept.strides, to: output, plan.target,
      strides(of: type.shape), plan.kept.shape)
    builder.bind(to: output)
  }
}

extension ProgramBuilder {
  /// More copies than this take longer than one step that looks places up.
  private static let mostCopies = 8

  /// The elements at places along an axis, by a copy for each run of places equally far apart: a table of
  /// all places may be larger than all weights. Nil where there are many such runs, or no place.
  fileprivate mutating func copied(
    _ input: Program.TensorID, axis: Int, _ places: [Int]
  ) -> Program.TensorID? {
    var runs: [(start: Int, step: Int, count: Int)] = []
    var start = 0
    while start < places.count {
      guard runs.count < Self.mostCopies else { return nil }
      let step = start + 1 < places.count ? places[start + 1] - places[start] : 0
      var end = start + 1
      while end < places.count, places[end] - places[end - 1] == step { end += 1 }
      runs.append((start, step, end - start))
      start = end
    }
    guard !runs.isEmpty else { return nil }
    let from = strides(of: shape(of: input))
    var type = type(of: input)
    type.shape[axis] = places.count
    let result = add(type)
    let to = strides(of: type.shape)
    for run in runs {
      var (box, source) = (type.shape, from)
      box[axis] = run.count
      source[axis] = run.step * from[axis]
      emitCopy(
        from: input, places[run.start] * from[axis], source, to: result, run.start * to[axis], to,
        box)
    }
    return result
  }
}

extension DepthToSpace: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let squares = builder.taken(input, plan(builder.shape(of: input)))
    builder.bind(to: builder.view(squares, type.shape))
  }
}

extension SpaceToDepth: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let blocks = builder.taken(input, plan(builder.shape(of: input)))
    builder.bind(to: builder.view(blocks, type.shape))
  }
}
