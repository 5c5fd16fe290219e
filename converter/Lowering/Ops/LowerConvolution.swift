package import EspalierGraph
import EspalierModelFile

extension Conv: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let shape = builder.shape(of: x)
    let weightType = builder.inputType(1)!
    let window = try placedWindow(shape, weightType.shape)
    let output = try builder.outputType()
    let bias = try builder.input(2)
    guard let weight = builder.constant(1), window.kernel.count <= 2 else {
      let w = try builder.operand(1)
      builder.bind(
        to: try builder.emitPlainConvolution(
          x, w, bias, window: window, groups: groups, type: output))
      return
    }
    builder.bind(
      to: builder.emitConvolution(
        x, weight, rows: weightType.shape[0], bias: bias, window: window, groups: groups,
        type: output, source: builder.sourceName(1), shape: weightType.shape,
        isExact: sumsIntegers))
  }
}

extension ConvTranspose: Lowerable {
  /// As the convolution it is: zeros between the inputs, the kernel mirrored, channels exchanged.
  ///
  /// Pads beyond the kernel's reach cut the inputs off that no output sees.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let shape = builder.shape(of: x)
    let weightShape = builder.inputType(1)!.shape
    let adjoint = try adjointWindow(shape, weightShape)
    let axes = adjoint.kernel.indices
    let pads = axes.map { adjoint.kernelExtent($0) - 1 - adjoint.begins[$0] }
    let cuts = pads.map { max(0, -$0) }
    // Something is left to read, be it zeros, also where all is cut off.
    let spread = axes.map {
      max(1, (shape[$0 + 2] - 1) * adjoint.strides[$0] + 1 - cuts[$0])
    }
    let window = PlacedWindow(
      input: spread, kernel: adjoint.kernel, strides: axes.map { _ in 1 },
      dilations: adjoint.dilations, begins: pads.map { max(0, $0) }, ends: axes.map { _ in 0 },
      output: adjoint.input)

    var stuffed = x
    if cuts.contains(where: { $0 > 0 }) || spread != Array(shape.dropFirst(2)) {
      let type = TensorType(.float32, shape.prefix(2) + spread)
      stuffed = builder.add(type)
      builder.emit(.fill, [], writing: [stuffed], integers: [0])
      let (source, target) = (strides(of: shape), strides(of: type.shape))
      var (from, to, box) = (0, 0, Array(shape.prefix(2)))
      for axis in axes {
        let first = (cuts[axis] + adjoint.strides[axis] - 1) / adjoint.strides[axis]
        from += first * source[axis + 2]
        to += (first * adjoint.strides[axis] - cuts[axis]) * target[axis + 2]
        box.append(max(0, shape[axis + 2] - first))
      }
      builder.emitCopy(
        from: x, from, source, to: stuffed, to,
        target.indices.map { $0 < 2 ? target[$0] : target[$0] * adjoint.strides[$0 - 2] }, box)
    }
    guard let weight = builder.constant(1), axes.count <= 2 else {
      builder.bind(
        to: try builder.emitPlainConvolution(
          stuffed, mirrored(try builder.operand(1), &builder), try builder.input(2),
          window: window, groups: groups, type: try builder.outputType()))
      return
    }
    builder.bind(
      to: builder.emitConvolution(
        stuffed, Tensor(mirrored(weight), shape: weight.shape), rows: weight.shape[1] * groups,
        bias: try builder.input(2),
        window: window, groups: groups, type: try builder.outputType(),
        source: builder.sourceName(1), shape: weight.shape))
  }

  /// The same of a computed weight, or of one over more than two axes.
  private func mirrored(
    _ weight: Program.TensorID, _ builder: inout ProgramBuilder
  ) -> Program.TensorID {
    let type = builder.type(of: weight)
    let (channels, outputs) = (type.shape[0] / groups, type.shape[1])
    let kernel = Array(type.shape.dropFirst(2))
    let taps = kernel.reduce(1, *)
    let result = builder.add(TensorType(.float32, [outputs * groups, channels] + kernel))
    let box = [groups, outputs, channels, taps]
    // Mirroring every axis reads the taps from the last to the first.
    builder.emitCopy(
      from: weight, max(0, taps - 1), [channels * outputs * taps, taps, outputs * taps, -1],
      to: result, 0, strides(of: box), box)
    return result
  }

  /// The weight `[C, M/g, k…]` as `[M, C/g, mirrored k…]`.
  private func mirrored(_ weight: Tensor) -> [Float] {
    let (channels, outputs) = (weight.shape[0] / groups, weight.shape[1])
    let taps = weight.shape.dropFirst(2).reduce(1, *)
    let values = weight.floats
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for group in 0..<groups {
      for output in 0..<outputs {
        for channel in 0..<channels {
          let base = ((group * channels + channel) * outputs + output) * taps
          for tap in 0..<taps { result.append(values[base + taps - 1 - tap]) }
        }
      }
    }
    return result
  }
}

extension ProgramBuilder {
  /// A convolution with constant weights over one or two spatial axes.
  ///
  /// `elements` are `[rows, channels / groups, taps]`; the bias may be a constant or a tensor.
  /// - Parameter isExact: Whether sums of whole numbers must be: Winograd's transforms round.
  package mutating func emitConvolution(
    _ x: Program.TensorID, _ elements: Tensor, rows: Int, bias: Program.TensorID?,
    window: PlacedWindow, groups: Int, type: TensorType, source: String, shape weightShape: [Int],
    isExact: Bool = false
  ) -> Program.TensorID {
    let shape = shape(of: x)
    let isFlat = window.kernel.count == 1
    /// One-dimensional windows become two-dimensional ones of height 1.
    func pair(_ values: [Int], _ fill: Int) -> [Int] { isFlat ? [fill] + values : values }
    let taps = window.kernel.reduce(1, *)
    let channels = shape[1]
    let output = pair(window.output, 1)
    let isPlain =
      !isExact && groups == 1 && window.kernel == [3, 3] && window.strides == [1, 1]
      && window.dilations == [1, 1]
    let weight = Program.Weight(
      elements, rows: rows, columns: channels / groups * taps, groups: groups, taps: taps,
      width: output.reduce(1, *), isDepthwise: groups == channels && groups > 1,
      winogradMap: isPlain ? output : nil,
      source: source, shape: weightShape)
    let image = view(x, Array(shape.prefix(2)) + pair(Array(shape.dropFirst(2)), 1))
    let resultType = TensorType(.float32, [shape[0], rows] + output)
    // The kernels take their bias when the model is loaded; what is computed is added afterwards.
    let isComputed = bias.map { constant(of: $0) == nil } ?? false
    var result = emit(
      .convolution, [image, isComputed ? nil : bias, nil], resultType,
      integers: pair(window.kernel, 1) + pair(window.strides, 1) + pair(window.dilations, 1)
        + pair(window.begins, 0) + [0],
      floats: [0, 0], weight: weight,
      multiplyAccumulates: shape[0] * output.reduce(1, *) * rows * weight.columns)
    if isComputed, let bias {
      result = emitBinary(.add, result, view(bias, [1, rows, 1, 1]), type: resultType)
    }
    return view(result, type.shape)
  }

  /// A convolution over up to three axes, or with computed weights, by the plain kernel.
  package mutating func emitPlainConvolution(
    _ x: Program.TensorID, _ w: Program.TensorID, _ bias: Program.TensorID?,
    window: PlacedWindow, groups: Int, type: TensorType
  ) throws(GraphError) -> Program.TensorID {
    let axes = window.kernel.count
    guard axes <= 3 else { throw unsupported("a convolution over \(axes) axes") }
    let taps = window.kernel.reduce(1, *)
    return emit(
      .convolutionPlain, [x, w, bias], type,
      integers: [axes] + window.kernel + window.strides + window.dilations + window.begins
        + [groups],
      multiplyAccumulates: type.count * shape(of: x)[1] / groups * taps)
  }
}
