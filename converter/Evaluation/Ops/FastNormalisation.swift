import EspalierGraph
internal import Glibc

extension BatchNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard !isTraining, let x = inputs.singles(0), output.rank > 1 else { return nil }
    let (scale, bias) = (inputs[1]!.doubles, inputs[2]!.doubles)
    let (means, variances) = (inputs[3]!.doubles, inputs[4]!.doubles)
    let factors = zip(scale, variances).map { $0 / ($1 + Double(epsilon)).squareRoot() }
    let shifts = factors.indices.map { bias[$0] - means[$0] * factors[$0] }
    let plan = plan(output.shape)
    let (plane, channels) = (plan.inner, plan.count)
    let values = unsafe [Float](filling: output.count) { y in
      unsafe x.withUnsafeBufferPointer { x in
        for row in 0..<output.shape[0] * channels {
          let (factor, shift) = (Float(factors[row % channels]), Float(shifts[row % channels]))
          for i in row * plane..<(row + 1) * plane { unsafe y[i] = x[i] * factor + shift }
        }
      }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension NormalisationPlan {
  /// Rows brought to mean 0 and variance 1, or only to a mean square of 1, then scaled and shifted;
  /// nil where a parameter is broadcast by itself.
  fileprivate func normalised(
    _ x: [Float], scale: [Float], bias: [Float]?, epsilon: Float, centres: Bool = true
  ) -> [Float]? {
    guard let parameters, length > 0 else { return nil }
    return unsafe [Float](filling: rows * length) { y in
      unsafe x.withUnsafeBufferPointer { x in
        for row in 0..<rows {
          let start = row * length
          let (from, to) = unsafe (x.baseAddress! + start, y + start)
          var sum = 0.0
          if centres { for i in 0..<length { unsafe sum += Double(from[i]) } }
          let mean = Float(sum / Double(length))
          var square = 0.0
          for i in 0..<length {
            let centred = unsafe from[i] - mean
            unsafe to[i] = centred
            square += Double(centred) * Double(centred)
          }
          let inverse = Float(1 / (square / Double(length) + Double(epsilon)).squareRoot())
          for i in 0..<length { unsafe to[i] *= inverse }
          unsafe parameters.apply(scale, bias, to: to, at: start, count: length)
        }
      }
    }
  }
}

extension ParameterCycle {
  /// Scales and shifts a row that starts at a position of its tensor.
  fileprivate func apply(
    _ scale: [Float], _ bias: [Float]?, to row: UnsafeMutablePointer<Float>, at start: Int,
    count length: Int
  ) {
    var i = 0
    while i < length {
      // A run of elements with numbers of their own, or of such that share one.
      let number = (start + i) / inner % count
      let isShared = inner > 1
      let run = min(length - i, isShared ? inner - (start + i) % inner : count - number)
      for k in 0..<run {
        let number = isShared ? number : number + k
        unsafe row[i + k] *= scale[number]
        if let bias { unsafe row[i + k] += bias[number] }
      }
      i += run
    }
  }
}

extension LayerNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), let scale = inputs.singles(1) else { return nil }
    let bias = inputs.singles(2)
    guard bias != nil || !inputs.has(2) else { return nil }
    return try plan(inputs.map { $0?.shape })
      .normalised(x, scale: scale, bias: bias, epsilon: epsilon)
      .map { Tensor($0, shape: output.shape) }
  }
}

extension RMSNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), let scale = inputs.singles(1) else { return nil }
    return try plan(output.shape, scale: inputs[1]!.shape)
      .normalised(x, scale: scale, bias: nil, epsilon: epsilon, centres: false)
      .map { Tensor($0, shape: output.shape) }
  }
}

extension InstanceNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard let x = inputs.singles(0), let scale = inputs.singles(1), let bias = inputs.singles(2)
    else { return nil }
    return plan(output.shape).normalised(x, scale: scale, bias: bias, epsilon: epsilon)
      .map { Tensor($0, shape: output.shape) }
  }
}

extension GroupNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard let x = inputs.singles(0), let scale = inputs.singles(1), let bias = inputs.singles(2)
    else { return nil }
    return plan(output.shape).normalised(x, scale: scale, bias: bias, epsilon: epsilon)
      .map { Tensor($0, shape: output.shape) }
  }
}

extension Softmax: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let lines = try plan(output.shape)
    let (extent, stride) = (lines.extent, lines.inner)
    let values = unsafe [Float](filling: output.count) { y in
      unsafe x.withUnsafeBufferPointer { x in
        for line in 0..<(extent > 0 ? lines.count : 0) {
          let start = line / stride * extent * stride + line % stride
          let (from, to) = unsafe (x.baseAddress! + start, y + start)
          var greatest = -Float.infinity
          for i in 0..<extent { unsafe greatest = max(greatest, from[i * stride]) }
          var sum: Float = 0
          for i in 0..<extent {
            let power = unsafe expf(from[i * stride] - greatest)
            unsafe to[i * stride] = power
            sum += power
          }
          for i in 0..<extent { unsafe to[i * stride] /= sum }
        }
      }
    }
    return Tensor(values, shape: output.shape)
  }
}
