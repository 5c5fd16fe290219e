package import EspalierGraph
package import EspalierModelFile

/// A reduction that the runtime has a kernel for.
package protocol LowerableReduction: ReductionFunction {
  static var reduceCode: ReduceCode { get }
}

extension SumReduction: LowerableReduction { package static var reduceCode: ReduceCode { .sum } }
extension MeanReduction: LowerableReduction { package static var reduceCode: ReduceCode { .mean } }
extension MaxReduction: LowerableReduction { package static var reduceCode: ReduceCode { .max } }
extension MinReduction: LowerableReduction { package static var reduceCode: ReduceCode { .min } }
extension ProductReduction: LowerableReduction {
  package static var reduceCode: ReduceCode { .product }
}
extension L1Reduction: LowerableReduction { package static var reduceCode: ReduceCode { .l1 } }
extension L2Reduction: LowerableReduction { package static var reduceCode: ReduceCode { .l2 } }
extension SumSquareReduction: LowerableReduction {
  package static var reduceCode: ReduceCode { .sumSquare }
}
extension LogSumReduction: LowerableReduction {
  package static var reduceCode: ReduceCode { .logSum }
}
extension LogSumExpReduction: LowerableReduction {
  package static var reduceCode: ReduceCode { .logSumExp }
}

extension Reduction: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    guard let function = Function.self as? any LowerableReduction.Type else {
      throw builder.unsupported("this reduction")
    }
    let x = try builder.operand(0)
    let type = try builder.outputType()
    let axes = try axes(builder.constant(1), rank: builder.shape(of: x).count)
    guard type.elementType == .float32 || type.elementType.isInteger else {
      throw builder.unsupported("a reduction of \(type.elementType)")
    }
    builder.bind(to: builder.emitReduce(function.reduceCode, x, axes: axes, type: type))
  }
}

extension ArgumentOperator {
  fileprivate func lowerArgument(
    _ code: ReduceCode, _ builder: inout ProgramBuilder
  ) throws(GraphError) {
    let x = try builder.operand(0)
    let lines = try plan(builder.shape(of: x)).lines
    builder.bind(
      to: builder.emitReduce(
        code, x, axes: [lines.axis], type: try builder.outputType(), selectLast: selectsLast))
  }
}
extension ArgMax: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try lowerArgument(.argMax, &builder)
  }
}
extension ArgMin: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try lowerArgument(.argMin, &builder)
  }
}

extension GlobalPool: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    guard type.elementType == .float32 else {
      throw builder.unsupported("pooling of \(type.elementType) tensors")
    }
    let isMean = Reduction.self == PlaneMean.self
    guard isMean || Reduction.self == PlaneMaximum.self else {
      throw builder.unsupported("this pooling")
    }
    builder.bind(
      to: builder.emitReduce(
        isMean ? .mean : .max, x, axes: Array(plan(builder.shape(of: x)).axes), type: type))
  }
}

extension AxisOperator {
  fileprivate func lowerSoftmax(
    _ code: SoftmaxCode, _ builder: inout ProgramBuilder
  ) throws(GraphError) {
    let x = try builder.operand(0)
    let axes = try plan(builder.shape(of: x)).axes
    builder.bind(
      to: builder.emit(
        .softmax, [x], try builder.outputType(),
        integers: [code.rawValue, axes.lowerBound, axes.upperBound]))
  }
}
extension Softmax: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try lowerSoftmax(.softmax, &builder)
  }
}
extension LogSoftmax: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try lowerSoftmax(.logSoftmax, &builder)
  }
}
extension Hardmax: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try lowerSoftmax(.hardmax, &builder)
  }
}

extension CumSum: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerRunning(self, [])
  }
}

extension CumProd: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    try builder.lowerRunning(self, [1])
  }
}

extension ProgramBuilder {
  /// - Parameter product: What tells the step to multiply; nothing where it adds.
  fileprivate mutating func lowerRunning(
    _ operation: some RunningOperator, _ product: [Int]
  ) throws(GraphError) {
    let x = try operand(0)
    guard let position = constant(1) else {
      throw unsupported("a cumulative sum or product along a computed axis")
    }
    let axis = try operation.plan(shape(of: x), axis: position).axis
    let type = try outputType()
    let result = emit(
      .cumulativeSum, [computable(x)], computable(type),
      integers: [axis, operation.isExclusive ? 1 : 0, operation.isReversed ? 1 : 0] + product)
    bind(to: cast(result, to: type.elementType))
  }
}

extension TopK: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = builder.computable(try builder.operand(0))
    let type = try builder.outputType()
    let values = builder.add(builder.computable(type))
    let indices = builder.add(TensorType(.int64, type.shape))
    let axis = try plan(builder.shape(of: x), builder.constant(1)).lines.axis
    builder.emit(
      .topK, [x], writing: [values, indices], integers: [axis, findsLargest ? 1 : 0])
    builder.bind(to: builder.cast(values, to: type.elementType))
    builder.bind(1, to: indices)
  }
}

extension OneHot: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let type = try builder.outputType()
    let indices = builder.computable(try builder.operand(0))
    let axis = try plan(builder.shape(of: indices), depth: builder.constant(1)!).axis
    builder.bind(
      to: builder.emit(
        .oneHot, [indices, try builder.operand(2)], type,
        integers: [axis]))
  }
}

extension Trilu: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    guard try builder.input(1) == nil || builder.constant(1) != nil else {
      throw builder.unsupported("a triangle with a computed diagonal")
    }
    let diagonal = Int(builder.constant(1)?.integers.first ?? 0)
    builder.bind(
      to: builder.emit(
        .triangle, [x], try builder.outputType(), integers: [keepsUpper ? 1 : 0, diagonal]))
  }
}

extension Einsum: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    var operands: [Program.TensorID] = []
    for index in 0..<builder.inputCount {
      operands.append(builder.computable(try builder.operand(index)))
    }
    let plan = try plan(operands.map { builder.shape(of: $0) })
    let type = try builder.outputType()
    let dims = plan.outputShape + plan.summedShape
    guard operands.count <= 4, dims.count <= 16 else {
      throw builder.unsupported("an Einsum of \(operands.count) operands and \(dims.count) axes")
    }
    var integers = [dims.count, plan.outputShape.count] + dims
    for operand in operands.indices {
      integers += plan.outputStrides[operand] + plan.summedStrides[operand]
    }
    let sums = builder.emit(
      .contract, operands, builder.computable(type), integers: integers,
      multiplyAccumulates: dims.reduce(1, *))
    builder.bind(to: builder.cast(sums, to: type.elementType))
  }
}
