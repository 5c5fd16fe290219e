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

/// The elements of a float32 tensor at strided places.
private func gathered(
  _ x: [Float], from start: Int = 0, steps: [Int], _ output: TensorType
) -> Tensor {
  let loop = StridedLoop(output.shape, [steps, strides(of: output.shape)])
  let (length, step) = (loop.length, loop.step(0))
  let values = unsafe [Float](filling: output.count) { y in
    unsafe x.withUnsafeBufferPointer { x in
      loop.forEachLine { at in
        let (from, to) = unsafe (x.baseAddress! + start + at[0], y + at[1])
        if step == 1 {
          unsafe to.update(from: from, count: length)
        } else {
          for i in 0..<length { unsafe to[i] = from[i * step] }
        }
      }
    }
  }
  return Tensor(values, shape: output.shape)
}

extension Transpose: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let own = strides(of: inputs[0]!.shape)
    let steps = permutation(rank: inputs[0]!.rank).map { own[$0] }
    return gathered(x, steps: steps, output)
  }
}

extension Expand: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    return gathered(x, steps: broadcastSteps(from: inputs[0]!.shape, to: output.shape), output)
  }
}

extension Slice: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), output.count > 0 else { return nil }
    let cuts = try cuts(inputs.map { $0.map { OperatorInput($0) } })
    let own = strides(of: inputs[0]!.shape)
    let start = zip(cuts, own).reduce(0) { $0 + $1.0.start * $1.1 }
    return gathered(x, from: start, steps: zip(cuts, own).map { $0.step * $1 }, output)
  }
}

extension Concat: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let parts = inputs.compactMap { $0?.singles }
    guard parts.count == inputs.count else { return nil }
    let axis = try normalise(axis: axis, rank: output.rank)
    // A chunk is what a tensor contributes for one index of the axes before.
    let chunks = inputs.map { $0!.shape[axis...].reduce(1, *) }
    var values: [Float] = []
    values.reserveCapacity(output.count)
    for outer in 0..<output.shape[..<axis].reduce(1, *) {
      for (part, chunk) in zip(parts, chunks) {
        values.append(contentsOf: part[outer * chunk..<(outer + 1) * chunk])
      }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension Gather: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let axis = try normalise(axis: axis, rank: inputs[0]!.rank)
    let lines = AxisLines(of: inputs[0]!.shape, axis: axis)
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
