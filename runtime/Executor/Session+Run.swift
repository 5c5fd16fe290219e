internal import CEspalierKernels
internal import EspalierModelFile

extension Session {
  /// Steps of the model.
  public var stepCount: Int { model.file.stepCount }

  /// Runs all steps on the inputs set since the last run; inputs must be set before each run.
  ///
  /// - Throws: A step that meets data it cannot accept, such as an index outside its axis.
  public mutating func run() throws(RunError) {
    try unsafe pool.run(tasks, nanoseconds: nil)
  }

  /// Runs as `run()` does, and adds each step's duration to `nanoseconds`, one number per step.
  ///
  /// Reading the clock between steps costs time: never mix these runs with measured ones.
  /// - Throws: As `run()`.
  public mutating func run(profile nanoseconds: inout [UInt64]) throws(RunError) {
    precondition(nanoseconds.count == model.file.stepCount, "one number for each step")
    try unsafe pool.run(tasks, nanoseconds: taskNanoseconds)
    for task in unsafe tasks.indices {
      unsafe nanoseconds[Int(tasks[task].step)] += taskNanoseconds[task]
    }
  }

  /// Copies an input in. `bytes` is exactly the tensor, row-major.
  public mutating func setInput(_ position: Int, from bytes: UnsafeRawBufferPointer) {
    let info = model.inputs[position]
    precondition(bytes.count == info.byteCount, "the input has another size")
    guard bytes.count > 0 else { return }
    let place = unsafe inputs[position].address
    guard info.element == .bool else {
      unsafe place.copyMemory(from: bytes.baseAddress.unsafelyUnwrapped, byteCount: bytes.count)
      return
    }
    // Kernels rely on 0 and 1, and callers' bytes may be anything.
    for offset in 0..<bytes.count {
      unsafe place.storeBytes(of: bytes[offset] == 0 ? 0 : 1, toByteOffset: offset, as: UInt8.self)
    }
  }

  /// Copies an input in. `elements` are exactly the tensor's, row-major.
  public mutating func setInput<Element: BitwiseCopyable>(
    _ position: Int, from elements: Span<Element>
  ) {
    unsafe elements.withUnsafeBytes { unsafe setInput(position, from: $0) }
  }

  /// Reads an output of the last run in place; the bytes are valid until the next run.
  /// - Throws: What the body throws.
  public func withOutput<Result, Failure: Error>(
    _ position: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let operand = outputs[position]
    return try unsafe body(
      UnsafeRawBufferPointer(start: operand.address, count: operand.byteCount))
  }

  /// Runs a model of one float32 input and one float32 output.
  /// - Throws: As `run()`.
  public mutating func run(
    _ input: Span<Float>, into output: inout MutableSpan<Float>
  ) throws(RunError) {
    precondition(
      model.inputs.count == 1 && model.outputs.count == 1 && model.inputs[0].element == .f32
        && model.outputs[0].element == .f32, "the model has other inputs or outputs")
    precondition(output.count * 4 == model.outputs[0].byteCount, "the output has another size")
    setInput(0, from: input)
    try run()
    let values = unsafe outputs[0].floats
    for position in 0..<output.count { output[position] = unsafe values[position] }
  }

  /// Runs a model of one float32 input and one float32 output, from array to array.
  /// - Throws: As `run()`.
  public mutating func run(_ input: [Float], into output: inout [Float]) throws(RunError) {
    var span = output.mutableSpan
    try run(input.span, into: &span)
  }
}
