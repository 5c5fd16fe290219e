package import EspalierGraph
package import EspalierModelFile

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
    let axis = try normalise(axis: axis, rank: type.rank)
    let output = builder.add(type)
    let target = strides(of: type.shape)
    var start = 0
    for index in 0..<builder.inputCount {
      let part = try builder.operand(index)
      let shape = builder.shape(of: part)
      builder.emitCopy(
        from: part, 0, strides(of: shape), to: output, start * target[axis], target, shape)
      start += shape[axis]
    }
    builder.bind(to: output)
  }
}

extension ProgramBuilder {
  /// Part of a tensor, taken with strides; a view where the part is all of it.
  package mutating func sliced(
    _ tensor: Program.TensorID, from offset: Int, steps: [Int], _ shape: [Int]
  ) -> Program.TensorID {
    let source = type(of: tensor)
    if source.shape == shape, offset == 0, steps == strides(of: shape) { return tensor }
    let output = add(TensorType(source.elementType, shape))
    emitCopy(from: tensor, offset, steps, to: output, 0, strides(of: shape), shape)
    return output
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
    let cuts = try cuts(builder.operatorInputs())
    let own = strides(of: builder.shape(of: input))
    let shape = cuts.map(\.count)
    let start = shape.contains(0) ? 0 : zip(cuts, own).reduce(0) { $0 + $1.0.start * $1.1 }
    builder.bind(
      to: builder.sliced(input, from: start, steps: zip(cuts, own).map { $0.step * $1 }, shape))
  }
}

extension Split: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let parts = try infer(builder.operatorInputs())
    let own = strides(of: builder.shape(of: input))
    let axis = try normalise(axis: axis, rank: own.count)
    var start = 0
    for (index, part) in parts.enumerated() {
      if builder.hasOutput(index) {
        builder.bind(
          index,
          to: builder.sliced(input, from: start * own[axis], steps: own, part.shape))
      }
      start += part.shape[axis]
    }
  }
}

extension Expand: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let type = try builder.outputType()
    let input = builder.withRank(type.rank, try builder.operand(0))
    let shape = builder.shape(of: input)
    let own = strides(of: shape)
    builder.bind(
      to: builder.sliced(
        input, from: 0, steps: shape.indices.map { shape[$0] == 1 ? 0 : own[$0] }, type.shape))
  }
}

extension Tile: Lowerable {
  /// Each axis is an outer axis of repetitions, with stride 0, and the axis itself.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let shape = builder.shape(of: input)
    let (own, target) = (strides(of: shape), strides(of: type.shape))
    var box: (shape: [Int], source: [Int], target: [Int]) = ([], [], [])
    for axis in shape.indices where shape[axis] > 0 {
      box.shape += [type.shape[axis] / shape[axis], shape[axis]]
      box.source += [0, own[axis]]
      box.target += [target[axis] * shape[axis], target[axis]]
    }
    let output = builder.add(type)
    try builder.checkCopyRank(box.shape)
    builder.emitCopy(
      from: input, 0, box.source, to: output, 0, box.target,
      type.shape.contains(0) ? [0] : box.shape)
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
        input = builder.picked(input, axis: axis, places)
      }
      builder.bind(to: input)
      return
    }
    let output: Program.TensorID
    if attributeValue == nil, builder.constant(2) == nil, let value = try builder.input(2) {
      output = builder.sliced(
        builder.view(value, []), from: 0, steps: type.shape.map { _ in 0 }, type.shape)
    } else {
      let constant = attributeValue.map { Tensor([$0], shape: [1]) } ?? builder.constant(2)
      output = builder.filled(type, constant)
    }
    // Negative amounts narrow: the box that remains starts inside the input.
    let (own, target) = (strides(of: shape), strides(of: type.shape))
    var (from, to) = (0, 0)
    var box: [Int] = []
    for (axis, amount) in amounts.enumerated() {
      let cut = max(0, -amount.before)
      from += cut * own[axis]
      to += max(0, amount.before) * target[axis]
      box.append(max(0, shape[axis] - cut - max(0, -amount.after)))
    }
    builder.emitCopy(from: input, from, own, to: output, to, target, box)
    builder.bind(to: output)
  }
}

extension DepthToSpace: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let (n, c, h, w) = (
      type.shape[0], type.shape[1], builder.shape(of: input)[2], builder.shape(of: input)[3]
    )
    let b = blockSize
    let split = builder.view(input, blockComesFirst ? [n, b, b, c, h, w] : [n, c, b, b, h, w])
    let order = blockComesFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]
    builder.bind(to: builder.view(builder.transposed(split, order), type.shape))
  }
}

extension SpaceToDepth: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let shape = builder.shape(of: input)
    let b = blockSize
    let split = builder.view(
      input, [shape[0], shape[1], type.shape[2], b, type.shape[3], b])
    builder.bind(
      to: builder.view(builder.transposed(split, [0, 3, 5, 1, 2, 4]), type.shape))
  }
}
