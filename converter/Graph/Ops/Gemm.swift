/// General matrix product: `y = alpha * a' * b' + beta * c`, where `'` transposes if asked to.
public struct Gemm: Operator {
  public let alpha: Float
  public let beta: Float
  public let transposesA: Bool
  public let transposesB: Bool

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = try node.float("alpha", default: 1)
    beta = try node.float("beta", default: 1)
    transposesA = try node.boolean("transA", default: false)
    transposesB = try node.boolean("transB", default: false)
    // The third input became optional with opset 11.
    guard node.opset >= 11 || node.hasInput(2) else {
      throw GraphError(.badArity, "input 2 is required before opset 11")
    }
  }

  /// The sizes of the product of two matrices of given shapes.
  /// - Throws: `GraphError` with code `.badShape` where they do not multiply.
  public func extents(_ a: [Int], _ b: [Int]) throws(GraphError) -> MatrixExtents {
    guard a.count == 2, b.count == 2 else {
      throw GraphError(.badShape, "takes matrices, not \(a) and \(b)")
    }
    let (rows, inner) = transposesA ? (a[1], a[0]) : (a[0], a[1])
    let (innerB, columns) = transposesB ? (b[1], b[0]) : (b[0], b[1])
    guard inner == innerB else {
      throw GraphError(.badShape, "inner extents \(inner) and \(innerB) disagree")
    }
    return MatrixExtents(rows: rows, inner: inner, columns: columns)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.between(2, 3, inputs)
    try Operands.same(inputs[...])
    let type = inputs[0]!.elementType
    guard type.isFloatingPoint || type.isInteger else {
      throw GraphError(.badType, "takes numbers, not \(type)")
    }
    let extents = try extents(inputs[0]!.shape, inputs[1]!.shape)
    let shape = [extents.rows, extents.columns]
    if inputs.count > 2, let addend = inputs[2]?.shape {
      guard try broadcast([addend, shape]) == shape else {
        throw GraphError(.badShape, "input 2 of shape \(addend) does not broadcast to \(shape)")
      }
    }
    return [try TensorType(type, shape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let a = transposesA ? inputs[0]!.transposedMatrix : inputs[0]!
    let b = transposesB ? inputs[1]!.transposedMatrix : inputs[1]!
    let addend = inputs.count > 2 ? inputs[2] : nil
    let sizes = MatrixExtents(rows: a.shape[0], inner: a.shape[1], columns: b.shape[1])
    let shape = [sizes.rows, sizes.columns]
    let places = addend.map { broadcastPositions(from: $0.shape, to: shape) }

    if a.elementType.isInteger, alpha == 1, beta == 1 {
      // Exact and wrapping, which doubles would not be.
      var sums = sizes.product(a.integers, at: 0, b.integers, at: 0)
      if let places, let values = addend?.integers {
        for i in sums.indices { sums[i] &+= values[places[i]] }
      }
      return [Tensor(elementType: a.elementType, shape: shape, integers: sums)]
    }
    var sums = sizes.product(a.doubles, at: 0, b.doubles, at: 0).map { $0 * Double(alpha) }
    if let places, let values = addend?.doubles {
      for i in sums.indices { sums[i] += Double(beta) * values[places[i]] }
    }
    return [Tensor(elementType: a.elementType, shape: shape, doubles: sums)]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    outputs[0].count * inputs[0]!.shape[transposesA ? 0 : 1]
  }
}

extension Tensor {
  /// A matrix with its axes exchanged.
  var transposedMatrix: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let positions = (0..<columns).flatMap { column in
      (0..<rows).map { $0 * columns + column }
    }
    return gathering(positions, shape: [columns, rows])
  }
}

extension Gemm {
  public func mapChannels(_ map: inout ChannelMap) {
    let (rowsAxis, innerA) = transposesA ? (1, 0) : (0, 1)
    let (innerB, columnsAxis) = transposesB ? (1, 0) : (0, 1)
    if map.isConstant(0) {
      map.bind(0, innerA, map.axis(1, innerB))
    } else {
      map.bind(1, innerB, map.axis(0, innerA))
    }
    let y = [map.axis(0, rowsAxis), map.axis(1, columnsAxis)]
    if map.isConstant(0) {
      map.contract(0, [innerA], free: y)
    } else {
      map.contract(1, [innerB], free: y)
    }
    if map.has(2) { map.bindBroadcast(2, to: y) }
    map.outputAxes = [y]
  }
}
