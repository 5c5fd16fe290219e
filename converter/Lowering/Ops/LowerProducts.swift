package import EspalierGraph
import EspalierModelFile

extension Gemm: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (a, b) = (try builder.operand(0), try builder.operand(1))
    let type = try builder.outputType()
    guard type.elementType == .float32 else {
      throw builder.unsupported("a product of \(type.elementType) matrices")
    }
    var result: Program.TensorID
    if try extents(builder.shape(of: a), builder.shape(of: b)).inner == 0 {
      result = builder.emitZeros(type)
    } else if let weight = builder.constant(of: b) {
      let rows = transposesA ? builder.transposed(a, [1, 0]) : a
      result = builder.emitLinear(
        rows, weight, isTransposed: !transposesB, scale: alpha, outputs: type.shape[1],
        shape: type.shape, source: builder.sourceName(1), weightShape: weight.shape)
    } else {
      result = builder.emitProduct(
        a, b, transposeA: transposesA, transposeB: transposesB, scale: alpha, type: type)
    }
    if let c = try builder.input(2), beta != 0 {
      let addend = beta == 1 ? c : builder.scaled(c, by: beta)
      result = builder.emitBinary(.add, result, addend, type: type)
    }
    builder.bind(to: result)
  }
}

extension MatMul: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (a, b) = (try builder.operand(0), try builder.operand(1))
    builder.bind(to: try builder.matrixProduct(a, b, type: try builder.outputType()))
  }
}

extension ProgramBuilder {
  /// NumPy's matrix product, by whichever step suits the operands.
  package mutating func matrixProduct(
    _ a: Program.TensorID, _ b: Program.TensorID, type: TensorType
  ) throws(GraphError) -> Program.TensorID {
    let plan = try MatMul.plan(shape(of: a), shape(of: b))
    guard plan.matrix.inner > 0 else { return emitZeros(type) }
    guard type.elementType == .float32 else {
      return try integerProduct(a, b, plan, type: type)
    }
    if let weight = constant(of: b), weight.rank == 2, constant(of: a) == nil {
      let rows = shape(of: a).count == 1 ? view(a, [1, plan.matrix.inner]) : a
      let result = emitLinear(
        rows, weight, isTransposed: true, outputs: plan.matrix.columns,
        shape: shape(of: rows).dropLast() + [plan.matrix.columns], source: sourceName(1),
        weightShape: weight.shape)
      return view(result, type.shape)
    }
    if let weight = constant(of: a), weight.rank == 2, shape(of: b).count == 2 {
      // W x X with X [inner, columns] is a 1x1 convolution over one row of pixels.
      let columns = plan.matrix.columns
      let image = view(b, [1, plan.matrix.inner, columns])
      let window = PlacedWindow(
        input: [columns], kernel: [1], strides: [1], dilations: [1], begins: [0], ends: [0],
        output: [columns])
      let result = emitConvolution(
        image, weight, rows: plan.matrix.rows, bias: nil, window: window, groups: 1,
        type: TensorType(.float32, [1, plan.matrix.rows, columns]), source: sourceName(0),
        shape: weight.shape)
      return view(result, type.shape)
    }
    let left = view(a, plan.batchA + [plan.matrix.rows, plan.matrix.inner])
    let right = view(b, plan.batchB + [plan.matrix.inner, plan.matrix.columns])
    let result = emitProduct(
      left, right,
      type: TensorType(.float32, plan.batch + [plan.matrix.rows, plan.matrix.columns]))
    return view(result, type.shape)
  }

  /// What sums of nothing are.
  package mutating func emitZeros(_ type: TensorType) -> Program.TensorID {
    let zeros = add(type)
    emit(.fill, [], writing: [zeros], integers: [0])
    return zeros
  }

  /// `y[..., o] = scale * sum over k of w[o, k] x[..., k]`, w being `[k, o]` where it is transposed.
  package mutating func emitLinear(
    _ x: Program.TensorID, _ elements: Tensor, isTransposed: Bool = false, scale: Float = 1,
    outputs: Int, shape: [Int], source: String, weightShape: [Int]
  ) -> Program.TensorID {
    let inputs = self.shape(of: x).last ?? 1
    let tokens = self.shape(of: x).dropLast().reduce(1, *)
    var weight = Program.Weight(
      elements, isTransposed: isTransposed, rows: outputs, columns: inputs, groups: 1, taps: 1,
      width: tokens, isDepthwise: false, isLinear: true, source: source, shape: weightShape)
    if scale != 1 { weight.scaleRows(by: Array(repeating: scale, count: outputs)) }
    return emit(
      .linear, [x, nil, nil], TensorType(.float32, shape), integers: [0], floats: [0, 0],
      weight: weight, multiplyAccumulates: tokens * inputs * outputs)
  }

  /// A product of two computed matrices, leading axes broadcast.
  package mutating func emitProduct(
    _ a: Program.TensorID, _ b: Program.TensorID, transposeA: Bool = false,
    transposeB: Bool = false, scale: Float = 1, type: TensorType
  ) -> Program.TensorID {
    let left = shape(of: a)
    let inner = transposeA ? left[left.count - 2] : left[left.count - 1]
    // Sums of nothing; kernels have at least one addend.
    if inner == 0 { return emitZeros(type) }
    return emit(
      .matrixProduct, [a, b], type,
      integers: [transposeA ? 1 : 0, transposeB ? 1 : 0, 0], floats: [scale, 0, 0],
      multiplyAccumulates: type.count * inner)
  }

  package mutating func scaled(
    _ tensor: Program.TensorID, by factor: Float
  ) -> Program.TensorID {
    if let constant = constant(of: tensor) {
      return add(constant: Tensor(constant.floats.map { $0 * factor }, shape: constant.shape))
    }
    return emitUnary(.affine, tensor, (Double(factor), 0))
  }

  /// Integers have no matrix kernels: a plain contraction.
  private mutating func integerProduct(
    _ a: Program.TensorID, _ b: Program.TensorID, _ plan: MatMul.Plan, type: TensorType
  ) throws(GraphError) -> Program.TensorID {
    let result = plan.batch + [plan.matrix.rows, plan.matrix.columns]
    let dims = result + [plan.matrix.inner]
    let strides = plan.strides
    let product = emit(
      .contract, [computable(a), computable(b)],
      computable(TensorType(type.elementType, result)),
      integers: [dims.count, result.count] + dims + strides.a + strides.b)
    return view(cast(product, to: type.elementType), type.shape)
  }
}
