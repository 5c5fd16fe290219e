internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x[T,B,I], w, r, bias?, lengths?, h0?, c0?, peephole? -> y?, h?, c?
  mutating func bindRecurrent() throws(ExecutorError) {
    try expect(inputs: 3...8, outputs: 1...3, integers: 10, floats: 13)
    let kind = esp_recurrent_kind(rawValue: try code(0, RecurrentCode.self))
    let direction = try integer(1, 0...2)
    let gates = kind == ESP_RNN ? 1 : kind == ESP_GRU ? 3 : 4
    let activations = kind == ESP_RNN ? 1 : kind == ESP_GRU ? 2 : 3
    let directions = direction == 2 ? 2 : 1
    let x = try input(0)
    let w = try input(1)
    let r = try input(2)
    try require(x.rank == 3 && r.rank == 3, .badShape, "sequences and weights have three axes")
    let (steps, batch, features) = (x.dims[0], x.dims[1], x.dims[2])
    let hidden = r.dims[2]
    try requireFloat(x, w, r)
    try require(
      w.dims == [directions, try product([gates, hidden]), features], .badShape,
      "w has another shape")
    try require(
      r.dims == [directions, try product([gates, hidden]), hidden], .badShape, "r has another shape"
    )
    let bias = try optional(3, [directions, try product([2, gates, hidden])])
    let lengths = try optionalInput(4)
    if let lengths {
      try require(
        lengths.element == .i32 && lengths.dims == [batch], .badShape, "lengths are int32 [batch]")
    }
    let state = [directions, batch, hidden]
    let initialH = try optional(5, state)
    let initialC = try optional(6, state)
    let peephole = try optional(7, [directions, try product([3, hidden])])
    try require(
      kind == ESP_LSTM || (initialC == nil && peephole == nil), .badStep,
      "only an LSTM has cells and peepholes")
    let y = try optional(output: 0, [steps, directions, batch, hidden])
    let lastH = try optional(output: 1, state)
    let lastC = try optional(output: 2, state)
    try require(y != nil || lastH != nil || lastC != nil, .badStep, "nothing is written")
    try require(kind == ESP_LSTM || lastC == nil, .badStep, "only an LSTM has cells")
    var arguments = unsafe esp_recurrent()
    unsafe arguments.kind = kind
    unsafe arguments.direction = Int32(direction)
    unsafe arguments.linear_before_reset = try flag(2)
    unsafe arguments.input_forget = try flag(3)
    unsafe arguments.steps = Int64(steps)
    unsafe arguments.batch = Int64(batch)
    unsafe arguments.input = Int64(features)
    unsafe arguments.hidden = Int64(hidden)
    for direction in 0..<directions {
      for gate in 0..<activations {
        let position = direction * 3 + gate
        let function = try code(4 + position, UnaryCode.self)
        switch esp_unary_kind(rawValue: function) {
        case ESP_UNARY_NOT, ESP_UNARY_IS_NAN, ESP_UNARY_IS_INF:
          throw error(.badNumber, "not a function")
        default: break
        }
        unsafe set(Int32(function), in: &arguments.activation, at: position)
        unsafe set(step.floats[position], in: &arguments.alpha, at: position)
        unsafe set(step.floats[6 + position], in: &arguments.beta, at: position)
      }
    }
    unsafe arguments.clip = step.floats[12]
    unsafe arguments.x = x.floats
    unsafe arguments.w = w.floats
    unsafe arguments.r = r.floats
    unsafe arguments.bias = bias?.floats
    unsafe arguments.peephole = peephole?.floats
    unsafe arguments.initial_h = initialH?.floats
    unsafe arguments.initial_c = initialC?.floats
    unsafe arguments.lengths = unsafe lengths.map {
      unsafe UnsafePointer($0.address.assumingMemoryBound(to: Int32.self))
    }
    unsafe arguments.y = y?.writableFloats
    unsafe arguments.last_h = lastH?.writableFloats
    unsafe arguments.last_c = lastC?.writableFloats
    guard try product([directions, batch, hidden]) > 0 else { return }
    let scratch = unsafe esp_recurrent_scratch(&arguments)
    guard let scratch = Int(exactly: scratch) else {
      throw error(.overLimit, "the kernel's scratch memory overflows")
    }
    unsafe add(arguments, kernel: "recurrent", scratch: scratch, esp_recurrent_task)
  }

  private func optional(_ position: Int, _ dims: [Int]) throws(ExecutorError) -> Operand? {
    try shaped(try optionalInput(position), dims)
  }

  private func optional(output position: Int, _ dims: [Int]) throws(ExecutorError) -> Operand? {
    try shaped(try optionalOutput(position), dims)
  }

  private func shaped(_ operand: Operand?, _ dims: [Int]) throws(ExecutorError) -> Operand? {
    guard let operand else { return nil }
    try requireFloat(operand)
    try require(operand.dims == dims, .badShape, "an optional tensor has another shape")
    return operand
  }
}

/// Sets one element of a C array.
private func set<Element: BitwiseCopyable, Storage: BitwiseCopyable>(
  _ value: Element, in storage: inout Storage, at position: Int
) {
  unsafe withUnsafeMutableBytes(of: &storage) { bytes in
    unsafe bytes.storeBytes(
      of: value, toByteOffset: position * MemoryLayout<Element>.stride, as: Element.self)
  }
}
