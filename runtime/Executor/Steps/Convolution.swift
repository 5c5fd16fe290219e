internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x[N,C,H,W], bias?, residual? -> y[N,O,OH,OW], with a packed weight.
  mutating func bindConvolution() throws(ExecutorError) {
    try expect(inputs: 1...3, integers: 9, floats: 2, weight: true)
    let x = try input(0)
    let y = try output()
    let weight = unsafe try weight(for: .convolution)
    try requireFloat(x, y)
    try require(x.rank == 4 && y.rank == 4, .badShape, "a convolution takes planes [N,C,H,W]")
    let kernel = try [int32(0, from: 1), int32(1, from: 1)]
    let stride = try [int32(2, from: 1), int32(3, from: 1)]
    let dilation = try [int32(4, from: 1), int32(5, from: 1)]
    let pad = try [int32(6), int32(7)]
    let taps = try product([Int(kernel[0]), Int(kernel[1])])
    let groups = unsafe Int(weight.groups)
    try require(x.dims[0] == y.dims[0], .badShape, "input and output batch differ")
    try require(
      unsafe y.dims[1] == Int(weight.rows), .badWeight, "the weight has other output channels")
    try require(x.dims[1] % groups == 0, .badWeight, "the groups do not divide the channels")
    let columns = unsafe Int(weight.columns)
    try require(
      try product([x.dims[1] / groups, taps]) == columns, .badWeight,
      "the weight's columns are not channels times taps")
    try require(
      unsafe weight.packing != ESP_PACKING_DEPTHWISE || x.dims[1] == groups, .badWeight,
      "a depthwise weight has as many groups as channels")
    let isPlain = kernel + stride + dilation == [3, 3, 1, 1, 1, 1]
    try require(
      unsafe isPlain || esp_is_winograd(weight.packing) == 0, .badWeight,
      "Winograd's transforms are for 3 x 3 taps without stride or dilation")
    // What the windows reach, padding included: kernels may copy as much into scratch.
    var reach = [max(x.dims[0], 1), max(x.dims[1], 1)]
    for axis in 0..<2 {
      let last = try window(
        out: y.dims[2 + axis], stride: Int(stride[axis]), dilation: Int(dilation[axis]),
        kernel: Int(kernel[axis]))
      reach.append(max(last, x.dims[2 + axis]) + Int(pad[axis]))
    }
    try require(
      try product(reach) <= 1 << 40, .overLimit, "the padded input is beyond any machine")
    let epilogue = unsafe try epilogue(activation: 8, floats: 0, rows: y.dims[1], output: y)
    guard y.count > 0 else { return }
    let arguments = unsafe try esp_convolution(
      batch: narrow(x.dims[0]), in_channels: narrow(x.dims[1]), in_h: narrow(x.dims[2]),
      in_w: narrow(x.dims[3]), out_channels: narrow(y.dims[1]), out_h: narrow(y.dims[2]),
      out_w: narrow(y.dims[3]), kernel_h: kernel[0], kernel_w: kernel[1], stride_h: stride[0],
      stride_w: stride[1], dilation_h: dilation[0], dilation_w: dilation[1], pad_top: pad[0],
      pad_left: pad[1], weight: weight, epilogue: epilogue, x: x.floats, y: y.writableFloats)
    unsafe try add(prepared: arguments, esp_convolution_requirements, esp_convolution_prepare)
  }

  /// One past the last position an axis of windows covers, counted from the start of the padding.
  func window(
    out: Int, stride: Int, dilation: Int, kernel: Int
  ) throws(ExecutorError) -> Int {
    guard out > 0 else { return 0 }
    let start = try product([out - 1, stride])
    let extent = try product([kernel - 1, dilation])
    let (last, overflow) = start.addingReportingOverflow(extent)
    try require(!overflow && last < Int(Int32.max), .overLimit, "a window reaches beyond 2^31")
    return last + 1
  }

  /// The step's weight, in a packing that its kernels read.
  func weight(for kind: StepKind) throws(ExecutorError) -> esp_weight {
    guard let number = step.weight, let weight = unsafe model.weight(number) else {
      throw error(.badReference, "no weight has this number")
    }
    let packing = unsafe WeightPacking(rawValue: UInt8(weight.packing.rawValue))
    try require(
      packing?.serves(kind) == true, .badWeight, "this step cannot read this packing")
    return unsafe weight
  }

  /// Bias, residual and activation of a contraction, read from inputs 1 and 2.
  func epilogue(
    activation position: Int, floats: Int, rows: Int, output: Operand
  ) throws(ExecutorError) -> esp_epilogue {
    let bias = try optionalInput(1)
    let residual = try optionalInput(2)
    try requireFloat(bias, residual)
    if let bias {
      try require(bias.count == rows, .badShape, "the bias has not one number for each row")
      // It is read now, not when the step runs.
      try require(bias.isConstant, .badStep, "the bias is not a constant")
    }
    if let residual { try requireSameShape(residual, output) }
    return unsafe esp_epilogue(
      bias: bias?.floats, residual: residual?.floats,
      activation: try activation(position), a: step.floats[floats], b: step.floats[floats + 1])
  }

  func activation(_ position: Int) throws(ExecutorError) -> esp_activation {
    esp_activation(rawValue: UInt32(try integer(position, 0...10)))
  }

  /// x[N,C,spatial], w, bias? -> y over one to three spatial axes.
  mutating func bindConvolutionPlain() throws(ExecutorError) {
    try require(!step.integers.isEmpty, .badNumber, "the number of spatial axes is missing")
    let axes = try integer(0, 1...3)
    try expect(inputs: 2...3, integers: 2 + 4 * axes)
    let x = try input(0)
    let w = try input(1)
    let bias = try optionalInput(2)
    let y = try output()
    try requireFloat(x, w, bias, y)
    try require(
      x.rank == axes + 2 && w.rank == axes + 2 && y.rank == axes + 2, .badShape,
      "ranks are not the spatial axes and two")
    let groups = try integer(1 + 4 * axes, 1...Int(Int32.max))
    try require(x.dims[1] % groups == 0, .badShape, "the groups do not divide the channels")
    try require(y.dims[1] % groups == 0, .badShape, "the groups do not divide the outputs")
    try require(
      w.dims[1] == x.dims[1] / groups && w.dims[0] == y.dims[1] && x.dims[0] == y.dims[0],
      .badShape, "input, weight and output do not fit")
    if let bias {
      try require(bias.count == y.dims[1], .badShape, "the bias has not one number per channel")
    }
    var windows = try windows(axes, at: 1)
    for axis in 0..<axes {
      try require(
        w.dims[axis + 2] == windows.kernel[axis + 3 - axes], .badShape,
        "the weight's extents are not the kernel's")
    }
    try windows.fit(x, y, in: self)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_convolution_plain(
      batch: Int64(x.dims[0]), in_channels: Int64(x.dims[1]), out_channels: Int64(y.dims[1]),
      groups: Int64(groups), in: three(windows.input), out: three(windows.output),
      kernel: three(windows.kernel), stride: three(windows.stride),
      dilation: three(windows.dilation), pad: three(windows.padBegin), x: x.floats, w: w.floats,
      bias: bias?.floats, y: y.writableFloats)
    unsafe add(arguments, kernel: "convolution_plain", esp_convolution_plain_task)
  }
}
