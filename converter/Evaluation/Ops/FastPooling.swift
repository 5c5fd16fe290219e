import EspalierGraph

/// Folds each window of each plane, tap by tap.
@inline(__always)
private func folded(
  _ x: [Float], _ output: TensorType, _ placed: PlacedWindow, from start: Float,
  _ fold: (Float, Float) -> Float
) -> [Float] {
  let (inputs, outputs) = (placed.input.reduce(1, *), placed.output.reduce(1, *))
  let planes = output.shape[0] * output.shape[1]
  let taps = placed.seeingTapRuns
  let stride = placed.strides.last!
  return unsafe [Float](filling: output.count) { y in
    unsafe y.update(repeating: start, count: output.count)
    unsafe x.withUnsafeBufferPointer { x in
      for plane in 0..<planes {
        for runs in taps {
          for run in runs {
            let from = unsafe x.baseAddress! + plane * inputs + run.input
            let to = unsafe y + plane * outputs + run.output
            for i in 0..<run.count { unsafe to[i] = fold(to[i], from[i * stride]) }
          }
        }
      }
    }
  }
}

extension PlacedWindow {
  /// For each tap in row-major order, the runs of outputs that see inputs through it.
  var tapRuns: [[Run]] {
    var result: [[Run]] = []
    forEachIndex(of: kernel) { result.append(runs(tap: $0)) }
    return result
  }

  /// As `tapRuns`, but only of taps that may see inputs: where no weights bound a kernel, one may be claimed
  /// that is far larger than what it slides over.
  var seeingTapRuns: [[Run]] {
    let seen = kernel.indices.map { axis in
      let reach = (output[axis] - 1) * strides[axis]
      let first = max(0, (begins[axis] - reach + dilations[axis] - 1) / dilations[axis])
      let end = min(kernel[axis], (input[axis] - 1 + begins[axis]) / dilations[axis] + 1)
      return first..<max(first, end)
    }
    var result: [[Run]] = []
    forEachIndex(of: seen.map(\.count)) { index in
      result.append(runs(tap: zip(seen, index).map { $0.lowerBound + $1 }))
    }
    return result
  }
}

extension MaxPool: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let placed = try placedWindow(inputs[0]!.shape)
    let values = folded(x, output, placed, from: -.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
    return Tensor(values, shape: output.shape)
  }
}

extension AveragePool: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let placed = try placedWindow(inputs[0]!.shape)
    var values = folded(x, output, placed, from: 0) { $0 + $1 }
    var divisors: [Float] = []
    forEachIndex(of: placed.output) { divisors.append(Float(divisor(placed, output: $0))) }
    for i in values.indices { values[i] /= divisors[i % divisors.count] }
    return Tensor(values, shape: output.shape)
  }
}

extension GlobalPool: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard Reduction.self == PlaneMean.self, let x = inputs.singles(0) else { return nil }
    let plane = plan(inputs[0]!.shape).extent
    let values = (0..<output.count).map { row in
      var sum = 0.0
      for value in x[row * plane..<(row + 1) * plane] { sum += Double(value) }
      return Float(sum / Double(plane))
    }
    return Tensor(values, shape: output.shape)
  }
}
