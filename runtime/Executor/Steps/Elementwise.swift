internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x -> y, same shape.
  mutating func bindUnary() throws(ExecutorError) {
    try expect(inputs: 1...1, integers: 1, floats: 2)
    let x = try input(0)
    let y = try output()
    let kind = esp_unary_kind(rawValue: try code(0, UnaryCode.self))
    try requireSameShape(x, y)
    switch kind {
    case ESP_UNARY_NOT:
      try require(x.element == .bool && y.element == .bool, .badStep, "expected bool")
    case ESP_UNARY_IS_NAN, ESP_UNARY_IS_INF:
      try requireFloat(x)
      try require(y.element == .bool, .badStep, "expected bool")
    case ESP_UNARY_RELU, ESP_UNARY_CLIP, ESP_UNARY_ABS, ESP_UNARY_NEG, ESP_UNARY_SIGN:
      try requireArithmetic(x)
      try requireSameType(x, y)
    default:
      try requireFloat(x, y)
    }
    guard y.count > 0 else { return }
    let arguments = unsafe esp_unary(
      kind: kind, type: x.type, a: step.floats[0], b: step.floats[1], count: Int64(x.count),
      x: x.address, y: y.address)
    unsafe add(arguments, kernel: "unary", esp_unary_task)
  }

  /// a, b -> y, stretched as in NumPy.
  mutating func bindBinary() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 1)
    let a = try input(0)
    let b = try input(1)
    let y = try output()
    let kind = esp_binary_kind(rawValue: try code(0, BinaryCode.self))
    try requireSameType(a, b)
    switch kind {
    case ESP_BINARY_AND, ESP_BINARY_OR, ESP_BINARY_XOR:
      try require(a.element == .bool && y.element == .bool, .badStep, "expected bool")
    case ESP_BINARY_EQUAL:
      if a.element != .bool { try requireArithmetic(a) }
      try require(y.element == .bool, .badStep, "expected bool")
    case ESP_BINARY_GREATER, ESP_BINARY_LESS, ESP_BINARY_GREATER_EQUAL, ESP_BINARY_LESS_EQUAL:
      try requireArithmetic(a)
      try require(y.element == .bool, .badStep, "expected bool")
    case ESP_BINARY_BIT_AND, ESP_BINARY_BIT_OR, ESP_BINARY_BIT_XOR, ESP_BINARY_SHIFT_LEFT,
      ESP_BINARY_SHIFT_RIGHT:
      try require(
        a.element == .i32 || a.element == .i64, .badStep, "expected int32 or int64")
      try requireSameType(a, y)
    default:
      try requireArithmetic(a)
      try requireSameType(a, y)
    }
    let strides = try strides([a, b], over: y)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_binary(
      kind: kind, type: a.type, rank: Int32(y.rank), dims: eight(y.dims),
      a_strides: eight(strides[0]), b_strides: eight(strides[1]), a: a.address, b: b.address,
      y: y.address)
    unsafe add(arguments, kernel: "binary", esp_binary_task)
  }

  /// condition, a, b -> y, stretched as in NumPy.
  mutating func bindSelect() throws(ExecutorError) {
    try expect(inputs: 3...3, integers: 0)
    let condition = try input(0)
    let a = try input(1)
    let b = try input(2)
    let y = try output()
    try require(condition.element == .bool, .badStep, "the condition is not bool")
    try requireSameType(a, b)
    try requireSameType(a, y)
    let strides = try strides([condition, a, b], over: y)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_select(
      element_size: y.elementSize, rank: Int32(y.rank), dims: eight(y.dims),
      condition_strides: eight(strides[0]), a_strides: eight(strides[1]),
      b_strides: eight(strides[2]),
      condition: condition.address.assumingMemoryBound(to: UInt8.self),
      a: a.address, b: b.address, y: y.address)
    unsafe add(arguments, kernel: "select", esp_select_task)
  }

  /// Strides of operands stretched over an output that has exactly their common shape.
  private func strides(_ operands: [Operand], over y: Operand) throws(ExecutorError) -> [[Int]] {
    guard let shape = stretched(operands.map { $0.dims }), shape == y.dims else {
      throw error(.badShape, "the output has not the shape the inputs stretch to")
    }
    var strides: [[Int]] = []
    for operand in operands {
      guard let own = operand.strides(over: shape) else {
        throw error(.badShape, "an input does not stretch over the output")
      }
      strides.append(own)
    }
    return strides
  }

  /// x -> y, same shape, any two types.
  mutating func bindCast() throws(ExecutorError) {
    try expect(inputs: 1...1, integers: 0)
    let x = try input(0)
    let y = try output()
    try requireSameShape(x, y)
    guard y.count > 0 else { return }
    let arguments = unsafe esp_cast(
      from: x.type, to: y.type, count: Int64(x.count), x: x.address, y: y.address)
    unsafe add(arguments, kernel: "cast", esp_cast_task)
  }

  /// x, scale, zero? -> y: float32 to 8-bit integers, or back.
  mutating func bindQuantize() throws(ExecutorError) {
    try expect(inputs: 2...3, integers: 2)
    let x = try input(0)
    let scale = try input(1)
    let zero = try optionalInput(2)
    let y = try output()
    let dequantizes = try flag(0) != 0
    let axis = try integer(1, -1...max(x.rank - 1, -1))
    let (real, whole) = dequantizes ? (y, x) : (x, y)
    try requireFloat(real, scale)
    try requireSameShape(x, y)
    try require(
      whole.element == .u8 || whole.element == .i8 || (dequantizes && whole.element == .i32),
      .badStep, "quantized numbers are uint8 or int8, or int32 where read")
    let channels = axis < 0 ? 1 : x.dims[axis]
    try require(scale.count == channels, .badShape, "the scale has another length")
    if let zero {
      try requireSameType(zero, whole)
      try require(zero.count == channels, .badShape, "the zero point has another length")
    }
    guard y.count > 0 else { return }
    let arguments = unsafe esp_quantize(
      integer_type: whole.type, dequantize: dequantizes ? 1 : 0, count: Int64(x.count),
      channels: Int64(channels), inner: Int64(axis < 0 ? x.count : x.product(axis + 1..<x.rank)),
      scale: scale.floats, zero: zero?.address, x: x.address, y: y.address)
    unsafe add(arguments, kernel: "quantize", esp_quantize_task)
  }
}
