import EspalierEvaluation
import EspalierGraph

/// A node that multiplies what it reads by a constant: `y = W x + b` at every place, for each group.
///
/// A convolution's `x` holds what its window sees at a place, channel by channel.
struct LinearLayer: Sendable {
  let node: Int
  let input: Graph.ValueID
  let weight: Graph.ValueID
  /// Which of the node's inputs is read, the other one being the constant.
  let inputPlace: Int
  let output: Graph.ValueID
  let groups: Int
  /// Outputs of one group.
  let rows: Int
  /// Inputs of one group, times taps.
  let columns: Int
  let taps: Int
  /// The axes of the input and of the output along which features stand.
  let inputAxis: Int
  let outputAxis: Int
  /// What one weight of the constant counts for: a `Gemm`'s alpha.
  let factor: Double
  private let source: Source
  private let result: FeaturePlaces
  private let layout: WeightLayout

  private enum Source: Sendable {
    /// Images of `groups` times `channels` planes that a window slides over.
    case window(WindowColumns, images: Int, channels: Int)
    case features(FeaturePlaces)
  }

  /// Where the element of a group, row and column stands in the constant.
  private struct WeightLayout: Sendable {
    var group: Int
    var row: Int
    /// Step from one input to the next; taps follow each other.
    var column: Int
  }

  /// Nothing where a node is no such product, or its constant is not float32.
  init?(_ node: Int, of graph: Specialised) {
    let inputs = graph.graph.nodes[node].inputs
    guard inputs.count >= 2, let a = inputs[0], let b = inputs[1],
      let output = graph.graph.nodes[node].outputs[0],
      (graph.constants[a] == nil) || (graph.constants[b] == nil)
    else { return nil }
    let isLeft = graph.constants[a] != nil
    let (input, weight) = isLeft ? (b, a) : (a, b)
    inputPlace = isLeft ? 1 : 0
    guard let constant = graph.constants[weight], constant.elementType == .float32,
      constant.count > 0, !(graph.operators[node] is OpaqueOperator),
      graph.type(of: output).count > 0
    else { return nil }
    (self.node, self.input, self.weight, self.output) = (node, input, weight, output)
    let (x, w, y) = (graph.type(of: input).shape, constant.shape, graph.type(of: output).shape)
    switch graph.operators[node] {
    case let conv as Conv:
      guard !isLeft, let placed = try? conv.placedWindow(x, w) else { return nil }
      let window = WindowColumns(convolution: placed)
      (groups, rows, taps, factor) = (conv.groups, w[0] / conv.groups, window.tapCount, 1)
      columns = w[1] * taps
      (inputAxis, outputAxis) = (1, 1)
      source = .window(window, images: x[0], channels: w[1])
      result = FeaturePlaces(planes: y, groups: groups)
      layout = WeightLayout(group: rows * columns, row: columns, column: taps)
    case let conv as ConvTranspose:
      guard !isLeft, let placed = try? conv.adjointWindow(x, w) else { return nil }
      let window = WindowColumns(transposedConvolution: placed)
      (groups, rows, taps, factor) = (conv.groups, w[1], window.tapCount, 1)
      columns = w[0] / groups * taps
      (inputAxis, outputAxis) = (1, 1)
      source = .window(window, images: x[0], channels: w[0] / groups)
      result = FeaturePlaces(planes: y, groups: groups)
      layout = WeightLayout(group: rows * columns, row: taps, column: rows * taps)
    case let gemm as Gemm:
      guard let sizes = try? isLeft ? gemm.extents(w, x) : gemm.extents(x, w), gemm.alpha != 0
      else { return nil }
      (groups, taps, factor) = (1, 1, Double(gemm.alpha))
      let places = isLeft ? sizes.columns : sizes.rows
      (rows, columns) = (isLeft ? sizes.rows : sizes.columns, sizes.inner)
      // Features of the input lie next to each other unless the operand is transposed.
      let inRows = isLeft ? gemm.transposesB : !gemm.transposesA
      (inputAxis, outputAxis) = (inRows ? 1 : 0, isLeft ? 0 : 1)
      source = .features(FeaturePlaces(matrix: columns, places, featuresInRows: inRows))
      result = FeaturePlaces(matrix: rows, places, featuresInRows: !isLeft)
      let transposed = isLeft ? gemm.transposesA : !gemm.transposesB
      layout = WeightLayout(
        group: 0, row: transposed ? 1 : columns, column: transposed ? rows : 1)
    case is MatMul:
      guard w.count >= 2, x.count >= 2, w.dropLast(2).allSatisfy({ $0 == 1 }) else { return nil }
      (groups, taps, factor) = (1, 1, 1)
      (rows, columns) = isLeft ? (w[w.count - 2], w.last!) : (w.last!, w[w.count - 2])
      let batch = x.dropLast(2).reduce(1, *)
      (inputAxis, outputAxis) = isLeft ? (x.count - 2, y.count - 2) : (x.count - 1, y.count - 1)
      if isLeft {
        source = .features(FeaturePlaces(batch: batch, columns, x.last!))
        result = FeaturePlaces(batch: batch, rows, x.last!)
      } else {
        let places = batch * x[x.count - 2]
        source = .features(FeaturePlaces(matrix: columns, places, featuresInRows: true))
        result = FeaturePlaces(matrix: rows, places, featuresInRows: true)
      }
      layout = WeightLayout(group: 0, row: isLeft ? columns : 1, column: isLeft ? 1 : rows)
    default: return nil
    }
  }

  /// Places of one run, over all images.
  var placeCount: Int { result.batches * result.places }
  /// Places that stand beside each other in one image or matrix.
  var planeSize: Int { result.places }
  var batches: Int { result.batches }
  var isWindow: Bool { if case .window = source { true } else { false } }

  /// A group's part of the constant, `[rows, columns]`, times the factor.
  func weights(_ constant: Tensor, group: Int) -> Matrix {
    let numbers = constant.floats
    var matrix = Matrix(zeros: rows, columns)
    for row in 0..<rows {
      for column in 0..<columns {
        matrix[row, column] = Double(numbers[place(group, row, column)]) * factor
      }
    }
    return matrix
  }

  /// The flat position of a weight in the constant.
  func place(_ group: Int, _ row: Int, _ column: Int) -> Int {
    group * layout.group + row * layout.row + column / taps * layout.column + column % taps
  }

  /// The constant with other weights, one matrix for each group.
  func constant(_ old: Tensor, from groups: [Matrix]) -> Tensor {
    var numbers = old.floats
    for (group, matrix) in groups.enumerated() {
      for row in 0..<rows {
        for column in 0..<columns {
          numbers[place(group, row, column)] = Float(matrix[row, column] / factor)
        }
      }
    }
    return Tensor(numbers, shape: old.shape)
  }

  /// Writes what one group reads at every `spacing`-th of some places of an image: `[columns, places]`.
  func fillColumns(
    _ to: UnsafeMutablePointer<Float>, stride: Int, from values: [Float], group: Int, batch: Int,
    places: Range<Int>, every spacing: Int
  ) {
    let width = (places.count + spacing - 1) / spacing
    unsafe values.withUnsafeBufferPointer { values in
      nonisolated(unsafe) let (base, to) = unsafe (values.baseAddress!, to)
      switch source {
      case .window(let window, _, let channels):
        let start = (batch * groups + group) * channels * window.sourceCount
        forEachStrip(of: channels, each: taps * width) { own in
          unsafe window.fill(
            to + own.lowerBound * taps * stride, stride: stride,
            from: base + start + own.lowerBound * window.sourceCount, channels: own.count,
            places: places, every: spacing)
        }
      case .features(let features):
        forEachStrip(of: features.features, each: width) { own in
          for feature in own {
            unsafe features.fillRow(
              to + feature * stride, from: base, feature: group * features.features + feature,
              batch: batch, places: places, every: spacing, adding: nil)
          }
        }
      }
    }
  }

  /// Shares copying among threads, where there is enough of it.
  /// - Parameter size: Elements that go with each number below `count`.
  private func forEachStrip(
    of count: Int, each size: Int, _ body: @Sendable (Range<Int>) -> Void
  ) {
    let strip = max(1, (1 << 16) / max(size, 1))
    Threads.forEach((count + strip - 1) / strip) { piece in
      body(piece * strip..<min((piece + 1) * strip, count))
    }
  }

  /// Writes features of a tensor of the output's places, `[features, places]`, or adds multiples.
  /// - Parameters:
  ///   - features: Which, in order, of the tensor's `width`.
  ///   - factors: For each, what is added of it; `nil` to write it as it is.
  func fillOutputs(
    _ to: UnsafeMutablePointer<Float>, stride: Int, from values: [Float], features: [Int],
    of width: Int, batch: Int, places: Range<Int>, every spacing: Int,
    adding factors: [Float]? = nil
  ) {
    let wide = result.widened(to: width)
    precondition(values.count == wide.batches * width * wide.places, "a tensor of other places")
    unsafe values.withUnsafeBufferPointer { values in
      nonisolated(unsafe) let (base, to) = unsafe (values.baseAddress!, to)
      forEachStrip(of: features.count, each: (places.count + spacing - 1) / spacing) { rows in
        for row in rows {
          unsafe wide.fillRow(
            to + row * stride, from: base, feature: features[row], batch: batch, places: places,
            every: spacing, adding: factors?[row])
        }
      }
    }
  }
}

/// Where the features of each place stand in a tensor.
struct FeaturePlaces: Sendable {
  var batches: Int
  /// Features of one group, and groups.
  var features: Int
  var groups: Int
  var places: Int
  var featureStride: Int
  var placeStride: Int

  private var batchStride: Int { features * groups * places }

  /// Images of planes, `[images, features, ...]`.
  init(planes shape: [Int], groups: Int) {
    places = shape.dropFirst(2).reduce(1, *)
    (batches, self.groups, features) = (shape[0], groups, shape[1] / groups)
    (featureStride, placeStride) = (places, 1)
  }

  /// A matrix, with features within its rows or its columns.
  init(matrix features: Int, _ places: Int, featuresInRows: Bool) {
    (batches, groups, self.features, self.places) = (1, 1, features, places)
    (featureStride, placeStride) = featuresInRows ? (1, features) : (places, 1)
  }

  /// A stack of matrices `[features, places]`.
  init(batch: Int, _ features: Int, _ places: Int) {
    (batches, groups, self.features, self.places) = (batch, 1, features, places)
    (featureStride, placeStride) = (places, 1)
  }

  /// The same places with another number of features in all, as one group.
  func widened(to width: Int) -> FeaturePlaces {
    var result = self
    (result.features, result.groups) = (width, 1)
    if placeStride != 1 || featureStride == 1 { result.placeStride = width }
    return result
  }

  /// Writes one feature at every `spacing`-th of some places, or adds a multiple of it.
  func fillRow(
    _ to: UnsafeMutablePointer<Float>, from values: UnsafePointer<Float>, feature: Int, batch: Int,
    places: Range<Int>, every spacing: Int, adding factor: Float?
  ) {
    let start = batch * batchStride + feature * featureStride
    var index = 0
    var place = places.lowerBound
    while place < places.upperBound {
      let value = unsafe values[start + place * placeStride]
      if let factor {
        unsafe to[index] += factor * value
      } else {
        unsafe to[index] = value
      }
      index += 1
      place += spacing
    }
  }
}
