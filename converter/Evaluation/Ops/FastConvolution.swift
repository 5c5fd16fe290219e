internal import CEspalierBLAS
import EspalierGraph

/// A grouped product of weights with the columns that a window sees.
private struct WindowProduct {
  var columns: WindowColumns
  var images: Int
  var groups: Int
  /// Input and output channels of one group.
  var channels: Int
  var outputs: Int

  /// Columns of a chunk: what stays in a core's cache beside the weights, but not too few.
  private var chunk: Int {
    let rows = channels * columns.tapCount
    return min(columns.placeCount, max(64, (1 << 19) / rows))
  }

  private var isPlain: Bool {
    channels > 0 && outputs > 0 && columns.placeCount > 0
      && channels * columns.tapCount <= Int(Int32.max) && columns.placeCount <= Int(Int32.max)
  }

  /// The outputs, bias included.
  /// - Parameter weights: For each group `[outputs, channels * taps]`.
  func compute(_ x: [Float], _ weights: [Float], _ bias: [Float]?) -> [Float]? {
    guard isPlain else { return nil }
    let (places, sources, rows) = (
      columns.placeCount, columns.sourceCount, channels * columns.tapCount
    )
    // One tap that sees every place in order: the input is the matrix of columns.
    let takesWhole = columns.isIdentity || channels == 1
    let width = takesWhole ? places : chunk
    let chunks = (places + width - 1) / width
    return unsafe [Float](filling: images * groups * outputs * places) { y in
      nonisolated(unsafe) let y = unsafe y
      Threads.forEach(images * groups * chunks) { piece in
        let (item, start) = (piece / chunks, piece % chunks * width)
        let group = item % groups
        let range = start..<min(start + width, places)
        unsafe x.withUnsafeBufferPointer { x in
          unsafe weights.withUnsafeBufferPointer { weights in
            let result = unsafe y + item * outputs * places
            for output in 0..<outputs {
              unsafe (result + output * places + start).update(
                repeating: bias?[group * outputs + output] ?? 0, count: range.count)
            }
            unsafe add(
              range, x.baseAddress! + item * channels * sources,
              weights.baseAddress! + group * outputs * rows, to: result)
          }
        }
      }
    }
  }

  /// Adds to some places of all outputs of an image and group.
  private func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    to result: UnsafeMutablePointer<Float>
  ) {
    let (places, taps) = (columns.placeCount, columns.tapCount)
    let rows = channels * taps
    if columns.isIdentity {
      unsafe multiply(
        rows: outputs, inner: rows, columns: places, weights, source, beta: 1, into: result)
    } else if channels == 1 {
      for output in 0..<outputs {
        unsafe columns.accumulate(weights + output * taps, source, into: result + output * places)
      }
    } else {
      let width = range.count
      unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * width) { buffer in
        unsafe columns.fill(
          buffer.baseAddress!, stride: width, from: source, channels: channels, places: range)
        unsafe espalier_sgemm(
          false, false, Int32(outputs), Int32(width), Int32(rows), 1, weights, Int32(rows),
          buffer.baseAddress!, Int32(width), 1, result + range.lowerBound, Int32(places))
      }
    }
  }
}

extension Conv: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), let weights = inputs.singles(1) else { return nil }
    let bias = inputs.singles(2)
    guard bias != nil || !inputs.has(2) else { return nil }
    let (shape, weight) = (inputs[0]!.shape, inputs[1]!.shape)
    let product = WindowProduct(
      columns: WindowColumns(convolution: try placedWindow(shape, weight)), images: shape[0],
      groups: groups, channels: weight[1], outputs: weight[0] / groups)
    return product.compute(x, weights, bias).map { Tensor($0, shape: output.shape) }
  }
}

extension ConvTranspose: FastOperator {
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor? {
    guard let x = inputs.singles(0), let weights = inputs.singles(1) else { return nil }
    let bias = inputs.singles(2)
    guard bias != nil || !inputs.has(2) else { return nil }
    let (shape, weight) = (inputs[0]!.shape, inputs[1]!.shape)
    let placed = try adjointWindow(shape, weight)
    let product = WindowProduct(
      columns: WindowColumns(transposedConvolution: placed), images: shape[0], groups: groups,
      channels: weight[0] / groups, outputs: weight[1])
    return product.compute(
      x, outputsFirst(weights, weight), bias
    ).map { Tensor($0, shape: output.shape) }
  }

  /// A weight [inputs, outputs / groups, taps] as [groups, outputs, inputs, taps] of each group.
  private func outputsFirst(_ weights: [Float], _ shape: [Int]) -> [Float] {
    let (channels, outputs) = (shape[0] / groups, shape[1])
    let taps = shape.dropFirst(2).reduce(1, *)
    var result: [Float] = []
    result.reserveCapacity(weights.count)
    for group in 0..<groups {
      for output in 0..<outputs {
        for channel in 0..<channels {
          let start = ((group * channels + channel) * outputs + output) * taps
          result.append(contentsOf: weights[start..<start + taps])
        }
      }
    }
    return result
  }
}
