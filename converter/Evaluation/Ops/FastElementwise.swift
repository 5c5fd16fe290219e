import EspalierGraph
internal import Glibc

/// Any unary operator, its function evaluated in double precision as the reference does.
struct FastUnary: FastOperator {
  let operation: any UnaryOperator

  init(_ operation: any UnaryOperator) { self.operation = operation }

  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard let x = inputs.singles(0) else { return nil }
    return Tensor(map(x, operation), shape: output.shape)
  }

  private func map(_ x: [Float], _ operation: some UnaryOperator) -> [Float] {
    x.map { Float(operation.apply(Double($0))) }
  }
}

/// Maps a float32 input by a function that the compiler sees.
@inline(__always)
private func mapped(
  _ inputs: [Tensor?], _ output: TensorType, _ function: (Float) -> Float
) -> Tensor? {
  guard let x = inputs.singles(0) else { return nil }
  return Tensor(x.map(function), shape: output.shape)
}

extension Relu: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    mapped(inputs, output) { $0 < 0 ? 0 : $0 }
  }
}

extension Clip: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    let bounds = bounds(inputs.count > 1 ? inputs[1] : nil, inputs.count > 2 ? inputs[2] : nil)
    let (low, high) = (Float(bounds.lower), Float(bounds.upper))
    return mapped(inputs, output) {
      let raised = $0 < low ? low : $0
      return raised > high ? high : raised
    }
  }
}

extension Erf: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    mapped(inputs, output) { erff($0) }
  }
}

extension Gelu: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    guard approximatesWithTanh else {
      let scale = Float(0.5.squareRoot())
      return mapped(inputs, output) { $0 == -.infinity ? 0 : 0.5 * $0 * (1 + erff($0 * scale)) }
    }
    let scale = Float((2 / Double.pi).squareRoot())
    return mapped(inputs, output) {
      $0 == -.infinity
        ? 0 : 0.5 * $0 * (1 + tanhf(scale * ($0 + 0.044715 * $0 * $0 * $0)))
    }
  }
}

extension Tanh: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    mapped(inputs, output) { tanhf($0) }
  }
}

extension Sigmoid: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    mapped(inputs, output) { 1 / (1 + expf(-$0)) }
  }
}

extension Add: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    joined(inputs, output) { $0 + $1 }
  }
}
extension Sub: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    joined(inputs, output) { $0 - $1 }
  }
}
extension Mul: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    joined(inputs, output) { $0 * $1 }
  }
}
extension Div: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) -> Tensor? {
    joined(inputs, output) { $0 / $1 }
  }
}

/// Joins two broadcast float32 inputs by a function that the compiler sees.
@inline(__always)
private func joined(
  _ inputs: [Tensor?], _ output: TensorType, _ function: (Float, Float) -> Float
) -> Tensor? {
  guard let a = inputs.singles(0), let b = inputs.singles(1) else { return nil }
  let shape = output.shape
  let loop = StridedLoop(
    shape,
    [
      broadcastStrides(from: inputs[0]!.shape, to: shape),
      broadcastStrides(from: inputs[1]!.shape, to: shape), strides(of: shape),
    ])
  let (length, strideA, strideB) = (loop.length, loop.stride(0), loop.stride(1))
  let values = unsafe [Float](filling: output.count) { y in
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        loop.forEachLine { at in
          let (a, b, y) = unsafe (a.baseAddress! + at[0], b.baseAddress! + at[1], y + at[2])
          if strideA == 1, strideB == 1 {
            for i in 0..<length { unsafe y[i] = function(a[i], b[i]) }
          } else if strideB == 0, strideA == 1 {
            let b = unsafe b[0]
            for i in 0..<length { unsafe y[i] = function(a[i], b) }
          } else {
            for i in 0..<length { unsafe y[i] = function(a[i * strideA], b[i * strideB]) }
          }
        }
      }
    }
  }
  return Tensor(values, shape: shape)
}
