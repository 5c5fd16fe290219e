import EspalierGraph

/// An operator that only gives its first input another shape.
protocol FastView: FastOperator {}

extension FastView {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    inputs[0]!.elementType == output.elementType ? inputs[0]!.reshaped(output.shape) : nil
  }
}

extension Reshape: FastView {}
extension Flatten: FastView {}
extension Squeeze: FastView {}
extension Unsqueeze: FastView {}
extension Identity: FastView {}

/// The elements of a float32 tensor that a plan names.
private func gathered(_ x: [Float], _ plan: StridedPlan) -> Tensor {
  let loop = StridedLoop(plan.shape, [plan.strides, strides(of: plan.shape)])
  let (length, stride) = (loop.length, loop.stride(0))
  let values = unsafe [Float](filling: plan.shape.reduce(1, *)) { y in
    unsafe x.withUnsafeBufferPointer { x in
      loop.forEachLine { at in
        let (from, to) = unsafe (x.baseAddress! + plan.start + at[0], y + at[1])
        if stride == 1 {
          unsafe to.update(from: from, count: length)
        } else {
          for i in 0..<length { unsafe to[i] = from[i * stride] }
        }
      }
    }
  }
  return Tensor(values, shape: plan.shape)
}

extension Transpose: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    inputs.singles(0).map { gathered($0, plan(inputs[0]!.shape)) }
  }
}

extension Expand: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    return gathered(x, try plan(inputs.map { $0.map { OperatorInput($0) } }))
  }
}

extension Slice: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), output.count > 0 else { return nil }
    return gathered(x, try plan(inputs.map { $0.map { OperatorInput($0) } }))
  }
}

extension Concat: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let parts = inputs.compactMap { $0?.singles }
    guard parts.count == inputs.count else { return nil }
    let plan = try plan(inputs.map { $0!.shape })
    var values: [Float] = []
    values.reserveCapacity(output.count)
    for row in 0..<plan.rows {
      for (part, chunk) in zip(parts, plan.chunks) {
        values.append(contentsOf: part[row * chunk..<(row + 1) * chunk])
      }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension Gather: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let lines = try plan(inputs[0]!.shape, indices: inputs[1]!.shape).lines
    let extent = Int64(lines.extent)
    var indices: [Int] = []
    for index in inputs[1]!.integers {
      guard index >= -extent, index < extent else { return nil }
      indices.append(Int(index < 0 ? index + extent : index))
    }
    var values: [Float] = []
    values.reserveCapacity(output.count)
    for outer in 0..<lines.outer {
      for index in indices {
        let start = (outer * lines.extent + index) * lines.inner
        values.append(contentsOf: x[start..<start + lines.inner])
      }
    }
    return Tensor(values, shape: output.shape)
  }
}
