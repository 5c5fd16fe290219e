/// Matrix product with NumPy's rules: leading axes broadcast, vectors become rows or columns.
public struct MatMul: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  /// A product as a stack of matrix products.
  public struct Plan: Sendable, Hashable {
    /// The sizes of each product.
    public var matrix: MatrixExtents
    /// The leading axes of each operand, and what they broadcast to.
    public var batchA: [Int]
    public var batchB: [Int]
    public var batch: [Int]
    /// The shape of the result.
    public var output: [Int]

    /// Where each product's matrices start in the operands.
    public var starts: [(a: Int, b: Int)] {
      let (a, b) = (matrix.rows * matrix.inner, matrix.inner * matrix.columns)
      return zip(
        broadcastPositions(from: batchA, to: batch), broadcastPositions(from: batchB, to: batch)
      ).map { ($0 * a, $1 * b) }
    }

    /// Steps of each operand along the leading axes, the rows, the columns and the sum.
    public var strides: (a: [Int], b: [Int]) {
      let (a, b) = (matrix.rows * matrix.inner, matrix.inner * matrix.columns)
      return (
        broadcastStrides(from: batchA, to: batch).map { $0 * a } + [matrix.inner, 0, 1],
        broadcastStrides(from: batchB, to: batch).map { $0 * b } + [0, 1, matrix.columns]
      )
    }
  }

  /// How two shapes multiply.
  /// - Throws: `GraphError` with code `.badShape` where they do not.
  package static func plan(_ a: [Int], _ b: [Int]) throws(GraphError) -> Plan {
    guard !a.isEmpty, !b.isEmpty else {
      throw GraphError(.badShape, "takes vectors and matrices, not scalars")
    }
    let matrixA = a.count == 1 ? [1, a[0]] : a
    let matrixB = b.count == 1 ? [b[0], 1] : b
    let sizes = MatrixExtents(
      rows: matrixA[matrixA.count - 2], inner: matrixA.last!, columns: matrixB.last!)
    guard sizes.inner == matrixB[matrixB.count - 2] else {
      throw GraphError(.badShape, "inner extents of \(a) and \(b) disagree")
    }
    let (batchA, batchB) = (Array(matrixA.dropLast(2)), Array(matrixB.dropLast(2)))
    let batch = try broadcast([batchA, batchB])
    let output =
      batch + (a.count == 1 ? [] : [sizes.rows]) + (b.count == 1 ? [] : [sizes.columns])
    return Plan(matrix: sizes, batchA: batchA, batchB: batchB, batch: batch, output: output)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(2, inputs)
    try Operands.same(inputs[...])
    let type = inputs[0]!.elementType
    guard type.isFloatingPoint || type.isInteger else {
      throw GraphError(.badType, "takes numbers, not \(type)")
    }
    let plan = try Self.plan(inputs[0]!.shape, inputs[1]!.shape)
    return [try TensorType(type, plan.output).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (a, b) = (inputs[0]!, inputs[1]!)
    let plan = try Self.plan(a.shape, b.shape)
    let (sizes, starts) = (plan.matrix, plan.starts)
    if a.elementType.isInteger {
      let (valuesA, valuesB) = (a.integers, b.integers)
      let result = starts.flatMap { sizes.product(valuesA, at: $0.a, valuesB, at: $0.b) }
      return [Tensor(elementType: a.elementType, shape: plan.output, integers: result)]
    }
    let (valuesA, valuesB) = (a.doubles, b.doubles)
    let result = starts.flatMap { sizes.product(valuesA, at: $0.a, valuesB, at: $0.b) }
    return [Tensor(elementType: a.elementType, shape: plan.output, doubles: result)]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    outputs[0].count * (inputs[0]!.shape.last ?? 0)
  }
}

extension MatMul {
  public func mapChannels(_ map: inout ChannelMap) {
    let (rankA, rankB) = (map.shape(0).count, map.shape(1).count)
    let (innerA, innerB) = (rankA - 1, rankB == 1 ? 0 : rankB - 2)
    if map.isConstant(0) {
      map.bind(0, innerA, map.axis(1, innerB))
    } else {
      map.bind(1, innerB, map.axis(0, innerA))
    }
    let free =
      (rankA > 1 ? [map.axis(0, rankA - 2)] : []) + (rankB > 1 ? [map.axis(1, rankB - 1)] : [])
    if map.isConstant(0) {
      map.contract(0, [innerA], free: free)
    } else {
      map.contract(1, [innerB], free: free)
    }
    // Batch axes align on the right.
    let batchRank = max(rankA, rankB, 2) - 2
    var batch = [Axis](repeating: .unit, count: batchRank)
    for (input, rank) in map.isConstant(0) ? [(1, rankB), (0, rankA)] : [(0, rankA), (1, rankB)] {
      for index in 0..<max(0, rank - 2) where map.shape(input)[index] != 1 {
        let place = batchRank - (rank - 2) + index
        if batch[place] == .unit {
          batch[place] = map.axis(input, index)
        } else {
          map.bind(input, index, batch[place])
        }
      }
    }
    map.outputAxes = [batch + free]
  }
}
