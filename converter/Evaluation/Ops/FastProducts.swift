internal import CEspalierBLAS
import EspalierGraph

/// One product of row-major float matrices that start at offsets: `c = alpha * a' b' + beta * c`.
///
/// - Precondition: no size is 0, and the matrices lie within their memory.
func multiply(
  rows: Int, inner: Int, columns: Int, _ a: UnsafePointer<Float>,
  transposed transposesA: Bool = false,
  _ b: UnsafePointer<Float>, transposed transposesB: Bool = false, alpha: Float = 1,
  beta: Float = 0, into c: UnsafeMutablePointer<Float>
) {
  nonisolated(unsafe) let (a, b, c) = unsafe (a, b, c)
  ProductStrips(rows: rows, inner: inner, columns: columns).forEach { own, places in
    unsafe espalier_sgemm(
      transposesA, transposesB, Int32(own.count), Int32(places.count), Int32(inner), alpha,
      a + own.lowerBound * (transposesA ? 1 : inner), Int32(transposesA ? rows : inner),
      b + places.lowerBound * (transposesB ? inner : 1), Int32(transposesB ? inner : columns), beta,
      c + own.lowerBound * columns + places.lowerBound, Int32(columns))
  }
}

extension MatrixExtents {
  /// Whether BLAS takes these sizes.
  var isPlain: Bool { [rows, inner, columns].allSatisfy { $0 > 0 && $0 <= Int(Int32.max) } }
}

extension Gemm: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let sizes = try extents(inputs[0]!.shape, inputs[1]!.shape)
    guard let a = inputs.singles(0), let b = inputs.singles(1), sizes.isPlain else { return nil }
    var values = [Float](repeating: 0, count: output.count)
    if inputs.has(2), beta != 0 {
      guard let addend = inputs.singles(2) else { return nil }
      let addendStrides = broadcastStrides(from: inputs[2]!.shape, to: output.shape)
      for row in 0..<sizes.rows {
        for column in 0..<sizes.columns {
          values[row * sizes.columns + column] =
            beta * addend[row * addendStrides[0] + column * addendStrides[1]]
        }
      }
    }
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe values.withUnsafeMutableBufferPointer { y in
          unsafe multiply(
            rows: sizes.rows, inner: sizes.inner, columns: sizes.columns, a.baseAddress!,
            transposed: transposesA, b.baseAddress!,
            transposed: transposesB, alpha: alpha, beta: 1, into: y.baseAddress!)
        }
      }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension MatMul: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let plan = try Self.plan(inputs[0]!.shape, inputs[1]!.shape)
    guard let a = inputs.singles(0), let b = inputs.singles(1), plan.matrix.isPlain,
      output.count > 0
    else { return nil }
    var (sizes, starts) = (plan.matrix, plan.starts)
    if plan.batchB.allSatisfy({ $0 == 1 }), sizes.rows * starts.count <= Int(Int32.max) {
      // One matrix for every row there is.
      sizes.rows *= starts.count
      starts = [(0, 0)]
    }
    let elements = sizes.rows * sizes.columns
    let values = unsafe [Float](filling: output.count) { y in
      unsafe a.withUnsafeBufferPointer { a in
        unsafe b.withUnsafeBufferPointer { b in
          for (place, start) in starts.enumerated() {
            unsafe multiply(
              rows: sizes.rows, inner: sizes.inner, columns: sizes.columns,
              a.baseAddress! + start.a, b.baseAddress! + start.b, into: y + place * elements)
          }
        }
      }
    }
    return Tensor(values, shape: output.shape)
  }
}
