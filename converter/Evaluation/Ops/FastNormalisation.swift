import EspalierGraph
internal import Glibc

extension BatchNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard !isTraining, let x = inputs.singles(0), output.rank > 1 else { return nil }
    let (scale, bias) = (inputs[1]!.doubles, inputs[2]!.doubles)
    let (means, variances) = (inputs[3]!.doubles, inputs[4]!.doubles)
    let factors = zip(scale, variances).map { $0 / ($1 + Double(epsilon)).squareRoot() }
    let shifts = factors.indices.map { bias[$0] - means[$0] * factors[$0] }
    let plane = output.shape.dropFirst(2).reduce(1, *)
    let channels = factors.count
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

/// Rows brought to mean 0 and variance 1, or only to a mean square of 1, then scaled and shifted.
///
/// - Parameters:
///   - centres: Whether the mean is taken away.
///   - parameter: The places of the scale and bias for an element of a row, from the row and column.
private func normalised(
  _ x: [Float], rows: Int, length: Int, epsilon: Float, centres: Bool = true,
  _ apply: (Int, UnsafeMutablePointer<Float>) -> Void
) -> [Float] {
  unsafe [Float](filling: rows * length) { y in
    unsafe x.withUnsafeBufferPointer { x in
      for row in 0..<rows {
        let (from, to) = unsafe (x.baseAddress! + row * length, y + row * length)
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
        unsafe apply(row, to)
      }
    }
  }
}

/// Scales and shifts a row, each element by its own numbers.
private func scaleRow(
  _ row: UnsafeMutablePointer<Float>, _ scale: [Float], _ bias: [Float]?, _ length: Int
) {
  for i in 0..<length { unsafe row[i] *= scale[i] }
  if let bias { for i in 0..<length { unsafe row[i] += bias[i] } }
}

extension LayerNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let first = try normalise(axis: axis, rank: output.rank)
    let length = output.shape[first...].reduce(1, *)
    guard let x = inputs.singles(0), let scale = inputs.singles(1), scale.count == length,
      length > 0
    else { return nil }
    let bias = inputs.singles(2)
    guard bias != nil || !inputs.has(2), bias == nil || bias!.count == length else { return nil }
    let values = unsafe normalised(
      x, rows: x.count / length, length: length, epsilon: epsilon
    ) { unsafe scaleRow($1, scale, bias, length) }
    return Tensor(values, shape: output.shape)
  }
}

extension RMSNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    let first = try normalise(axis: axis, rank: output.rank)
    let length = output.shape[first...].reduce(1, *)
    guard let x = inputs.singles(0), let scale = inputs.singles(1), scale.count == length,
      length > 0
    else { return nil }
    let values = unsafe normalised(
      x, rows: x.count / length, length: length, epsilon: epsilon, centres: false
    ) { unsafe scaleRow($1, scale, nil, length) }
    return Tensor(values, shape: output.shape)
  }
}

extension InstanceNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    let length = output.shape.dropFirst(2).reduce(1, *)
    guard let x = inputs.singles(0), let scale = inputs.singles(1), let bias = inputs.singles(2),
      length > 0
    else { return nil }
    let values = unsafe normalised(
      x, rows: x.count / length, length: length, epsilon: epsilon
    ) { row, to in
      let channel = row % scale.count
      for i in 0..<length { unsafe to[i] = to[i] * scale[channel] + bias[channel] }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension GroupNormalization: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    let plane = output.shape.dropFirst(2).reduce(1, *)
    let channels = output.shape[1] / groups
    let length = channels * plane
    guard let x = inputs.singles(0), let scale = inputs.singles(1), let bias = inputs.singles(2),
      length > 0
    else { return nil }
    let values = unsafe normalised(
      x, rows: x.count / length, length: length, epsilon: epsilon
    ) { row, to in
      for i in 0..<length {
        let group = row % groups
        let parameter = scalesChannels ? group * channels + i / plane : group
        unsafe to[i] = to[i] * scale[parameter] + bias[parameter]
      }
    }
    return Tensor(values, shape: output.shape)
  }
}

extension Softmax: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    let axis = try normalise(axis: axis, rank: output.rank)
    let lines =
      flattens
      ? AxisLines(of: output.shape, flattenedAt: axis) : AxisLines(of: output.shape, axis: axis)
    let (extent, step) = (lines.extent, lines.inner)
    let values = unsafe [Float](filling: output.count) { y in
      unsafe x.withUnsafeBufferPointer { x in
        for line in 0..<(extent > 0 ? lines.count : 0) {
          let start = line / step * extent * step + line % step
          let (from, to) = unsafe (x.baseAddress! + start, y + start)
          var greatest = -Float.infinity
          for i in 0..<extent { unsafe greatest = max(greatest, from[i * step]) }
          var sum: Float = 0
          for i in 0..<extent {
            let power = unsafe expf(from[i * step] - greatest)
            unsafe to[i * step] = power
            sum += power
          }
          for i in 0..<extent { unsafe to[i * step] /= sum }
        }
      }
    }
    return Tensor(values, shape: output.shape)
  }
}
