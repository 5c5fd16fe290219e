internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// 1 to 4 operands -> y: products summed over the axes behind the output's.
  mutating func bindContract() throws(ExecutorError) {
    let operandCount = step.inputs.count
    try require((1...4).contains(operandCount), .badStep, "one to four operands")
    try require(step.integers.count >= 2, .badNumber, "ranks are missing")
    let rank = try integer(0, 0...16)
    let outputRank = try integer(1, 0...rank)
    try expect(inputs: 1...4, integers: 2 + rank * (1 + operandCount))
    let y = try output()
    try requireArithmetic(y)
    var dims: [Int] = []
    for axis in 0..<rank { dims.append(try integer(2 + axis)) }
    try require(
      try product(Array(dims[..<outputRank])) == y.count, .badShape,
      "the output has not the outer axes' elements")
    _ = try product(dims)
    var arguments = unsafe esp_contract()
    unsafe arguments.type = y.type
    unsafe arguments.rank = Int32(rank)
    unsafe arguments.output_rank = Int32(outputRank)
    unsafe arguments.operands = Int32(operandCount)
    unsafe arguments.y = y.address
    unsafe copy(dims, to: &arguments.dims, at: 0)
    for position in 0..<operandCount {
      let operand = try input(position)
      try requireSameType(operand, y)
      var strides: [Int] = []
      for axis in 0..<rank { strides.append(try integer(2 + rank * (1 + position) + axis)) }
      if !dims.contains(0) { try requireReach(dims, strides, offset: 0, within: operand) }
      unsafe copy(strides, to: &arguments.strides, at: position * 16)
      unsafe withUnsafeMutableBytes(of: &arguments.operand) { bytes in
        unsafe bytes.storeBytes(
          of: UnsafeRawPointer(operand.address),
          toByteOffset: position * MemoryLayout<UnsafeRawPointer>.stride, as: UnsafeRawPointer.self)
      }
    }
    guard y.count > 0 else { return }
    unsafe add(arguments, kernel: "contract", esp_contract_task)
  }
}

/// Copies numbers into a C array of 64-bit numbers, from element `start` on.
private func copy<Storage: BitwiseCopyable>(
  _ values: [Int], to storage: inout Storage, at start: Int
) {
  unsafe withUnsafeMutableBytes(of: &storage) { bytes in
    for (position, value) in values.enumerated() {
      unsafe bytes.storeBytes(
        of: Int64(value), toByteOffset: (start + position) * 8, as: Int64.self)
    }
  }
}
