internal import CEspalierKernels
internal import EspalierModelFile

/// Turns steps of the file into tasks of kernels, checking each against its kernel's contract.
///
/// Runs twice over all steps: once without `places` to learn sizes, once to fill the session's allocation.
/// Kernels check nothing, so whatever they assume is established here, in checked arithmetic.
@safe
struct Binder: ~Copyable {
  let model: ModelStorage
  let arena: UnsafeMutableRawPointer
  let instructionSet: esp_isa
  var places: Places
  /// Null while measuring.
  let tasks: UnsafeMutablePointer<esp_task>?
  /// Memory all workers share during one step; null while measuring.
  let shared: UnsafeMutableRawPointer?
  private(set) var taskCount = 0
  private(set) var sharedBytes = 0
  private(set) var workerBytes = 0
  /// Names of the kernels, one per step, static in C.
  private(set) var kernels: [UnsafePointer<CChar>?] = unsafe []

  /// The step being bound.
  private(set) var step: Step
  private(set) var index = 0

  init(
    model: ModelStorage, arena: UnsafeMutableRawPointer, instructionSet: esp_isa, places: Places,
    tasks: UnsafeMutablePointer<esp_task>?, shared: UnsafeMutableRawPointer?
  ) {
    self.model = model
    unsafe self.arena = arena
    self.instructionSet = instructionSet
    self.places = places
    unsafe self.tasks = tasks
    unsafe self.shared = shared
    step = Step.none
  }

  var isMeasuring: Bool { unsafe tasks == nil }

  /// Binds every step in order.
  mutating func bindAll() throws(ExecutorError) {
    for index in 0..<model.file.stepCount {
      self.index = index
      step = model.step(index)
      unsafe kernels.append(nil)
      try bind()
    }
  }

  /// What a step's kernel does with its inputs, outputs and numbers: see `StepKind`.
  private mutating func bind() throws(ExecutorError) {
    switch step.kind {
    case .convolution: try bindConvolution()
    case .linear: try bindLinear()
    case .matrixProduct: try bindMatrixProduct()
    case .unary: try bindUnary()
    case .binary: try bindBinary()
    case .select: try bindSelect()
    case .reduce: try bindReduce()
    case .softmax: try bindSoftmax()
    case .normalize: try bindNormalize()
    case .pool: try bindPool()
    case .copy: try bindCopy()
    case .fill: try bindFill()
    case .gather: try bindGather()
    case .gatherElements: try bindGatherElements()
    case .gatherND: try bindGatherND()
    case .scatterND: try bindScatterND()
    case .scatterElements: try bindScatterElements()
    case .resample: try bindResample()
    case .cast: try bindCast()
    case .topK: try bindTopK()
    case .cumulativeSum: try bindCumulativeSum()
    case .oneHot: try bindOneHot()
    case .triangle: try bindTriangle()
    case .contract: try bindContract()
    case .recurrent: try bindRecurrent()
    case .localResponse: try bindLocalResponse()
    case .quantize: try bindQuantize()
    case .convolutionPlain: try bindConvolutionPlain()
    case .attention: try bindAttention()
    case .gridSample: try bindGridSample()
    }
  }
}

// MARK: Errors

extension Binder {
  func error(_ code: ModelFileError.Code, _ message: StaticString) -> ExecutorError {
    .step(ModelFileError(code, at: .step(index), message), node: model.stepName(index))
  }

  /// Throws unless the rule in `message` holds.
  func require(
    _ condition: Bool, _ code: ModelFileError.Code, _ message: StaticString
  ) throws(ExecutorError) {
    guard condition else { throw error(code, message) }
  }
}

// MARK: What the step says

extension Binder {
  /// Checks the lengths of all lists; inputs may leave out what is optional at their end.
  func expect(
    inputs: ClosedRange<Int>, outputs: ClosedRange<Int> = 1...1, integers: Int, floats: Int = 0,
    weight: Bool = false
  ) throws(ExecutorError) {
    try require(inputs.contains(step.inputs.count), .badStep, "too few or too many inputs")
    try require(outputs.contains(step.outputs.count), .badStep, "too few or too many outputs")
    try require(
      step.integers.count == integers, .badNumber, "too few or too many integer parameters")
    try require(
      step.floats.count == floats, .badNumber, "too few or too many float parameters")
    try require((step.weight != nil) == weight, .badWeight, "a weight is missing or surplus")
  }

  func input(_ position: Int) throws(ExecutorError) -> Operand {
    guard let operand = try optionalInput(position) else {
      throw error(.badStep, "a required input is missing")
    }
    return operand
  }

  func optionalInput(_ position: Int) throws(ExecutorError) -> Operand? {
    guard position < step.inputs.count, step.inputs[position] >= 0 else { return nil }
    return try operand(step.inputs[position])
  }

  /// An output; constants are refused.
  func output(_ position: Int = 0) throws(ExecutorError) -> Operand {
    guard let operand = try optionalOutput(position) else {
      throw error(.badStep, "a required output is missing")
    }
    return operand
  }

  func optionalOutput(_ position: Int) throws(ExecutorError) -> Operand? {
    guard position < step.outputs.count, step.outputs[position] >= 0 else { return nil }
    let operand = try operand(step.outputs[position])
    try require(!operand.isConstant, .badStep, "a constant cannot be written")
    return operand
  }

  private func operand(_ tensor: Int) throws(ExecutorError) -> Operand {
    guard let operand = unsafe model.operand(tensor, arena: arena) else {
      throw error(.badReference, "no tensor has this number")
    }
    return operand
  }

  /// An integer parameter within a range.
  func integer(
    _ position: Int, _ range: ClosedRange<Int> = 0...Int(Int32.max)
  ) throws(ExecutorError) -> Int {
    guard let value = Int(exactly: step.integers[position]), range.contains(value) else {
      throw error(.badNumber, "an integer parameter is out of its range")
    }
    return value
  }

  /// The number of a function, one of those that the file's specification lists.
  func code<Code: RawRepresentable<Int>>(
    _ position: Int, _ codes: Code.Type
  ) throws(ExecutorError) -> UInt32 {
    guard let value = Int(exactly: step.integers[position]), codes.init(rawValue: value) != nil
    else { throw error(.badNumber, "an integer parameter is no function's code") }
    return UInt32(value)
  }

  func int32(_ position: Int, from least: Int = 0) throws(ExecutorError) -> Int32 {
    Int32(try integer(position, least...Int(Int32.max)))
  }

  func flag(_ position: Int) throws(ExecutorError) -> Int32 {
    Int32(try integer(position, 0...1))
  }

  /// An axis of a tensor of this rank.
  func axis(_ position: Int, rank: Int) throws(ExecutorError) -> Int {
    try require(rank > 0, .badShape, "a scalar has no axes")
    return try integer(position, 0...(rank - 1))
  }

  /// An extent or a count that a kernel holds in 32 bits.
  func narrow(_ value: Int) throws(ExecutorError) -> Int32 {
    guard let narrow = Int32(exactly: value) else {
      throw error(.overLimit, "an extent beyond 2^31")
    }
    return narrow
  }

  /// The product of numbers from the file.
  func product(_ factors: [Int]) throws(ExecutorError) -> Int {
    var product = 1
    for factor in factors {
      let (next, overflow) = product.multipliedReportingOverflow(by: factor)
      try require(!overflow, .overLimit, "a product of extents overflows")
      product = next
    }
    return product
  }

  func requireFloat(_ operands: Operand?...) throws(ExecutorError) {
    for case let operand? in operands {
      try require(operand.element == .f32, .badStep, "expected float32")
    }
  }

  func requireSameShape(_ one: Operand, _ other: Operand) throws(ExecutorError) {
    try require(one.dims == other.dims, .badShape, "two shapes that must agree differ")
  }

  func requireSameType(_ one: Operand, _ other: Operand) throws(ExecutorError) {
    try require(one.element == other.element, .badStep, "two types that must agree differ")
  }

  func requireIndices(_ operand: Operand) throws(ExecutorError) {
    try require(
      operand.element == .i32 || operand.element == .i64, .badStep,
      "indices are int32 or int64")
  }

  func requireArithmetic(_ operand: Operand) throws(ExecutorError) {
    try require(
      operand.element == .f32 || operand.element == .i32 || operand.element == .i64,
      .badStep, "expected float32, int32 or int64")
  }
}

// MARK: What the step becomes

extension Binder {
  /// Keeps the arguments in the session and appends the task that the kernel makes of them.
  mutating func add<Arguments: BitwiseCopyable>(
    _ arguments: Arguments, kernel: StaticString, scratch: Int = 0,
    _ makeTask: (UnsafeMutablePointer<Arguments>?, esp_isa) -> esp_task
  ) {
    workerBytes = max(workerBytes, scratch)
    let place = unsafe places.take(arguments)
    name(kernel)
    guard unsafe place != nil else {
      taskCount += 1
      return
    }
    unsafe append(makeTask(place, instructionSet))
  }

  /// Prepares a contraction: memory in the session, one or two tasks.
  mutating func add<Arguments: BitwiseCopyable>(
    prepared arguments: Arguments,
    _ requirements: (UnsafePointer<Arguments>?, esp_isa) -> esp_requirements,
    _ prepare: (
      UnsafePointer<Arguments>?, esp_isa, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?,
      UnsafeMutablePointer<esp_task>?, UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) -> Int32
  ) throws(ExecutorError) {
    var arguments = arguments
    let needs = unsafe requirements(&arguments, instructionSet)
    guard let preparedBytes = Int(exactly: needs.prepared_bytes),
      let shared = Int(exactly: needs.shared_bytes), let worker = Int(exactly: needs.worker_bytes)
    else { throw error(.overLimit, "the kernel's scratch memory overflows") }
    sharedBytes = max(sharedBytes, shared)
    workerBytes = max(workerBytes, worker)
    let kept = unsafe places.take(arguments)
    let prepared = unsafe places.take(preparedBytes)
    guard let kept = unsafe kept, let prepared = unsafe prepared else {
      taskCount += 2
      return
    }
    var made = unsafe (esp_task(), esp_task())
    var kernel: UnsafePointer<CChar>? = nil
    let count = unsafe withUnsafeMutableBytes(of: &made) { bytes in
      let tasks = unsafe bytes.assumingMemoryBound(to: esp_task.self)
      return unsafe prepare(
        kept, instructionSet, prepared, self.shared, tasks.baseAddress, &kernel)
    }
    unsafe kernels[index] = kernel
    if count > 0 { unsafe append(made.0) }
    if count > 1 { unsafe append(made.1) }
  }

  private mutating func append(_ task: esp_task) {
    guard unsafe task.items > 0 else { return }
    var task = unsafe task
    unsafe task.step = Int32(index)
    unsafe (tasks! + taskCount).initialize(to: task)
    taskCount += 1
  }

  private mutating func name(_ kernel: StaticString) {
    kernel.withUTF8Buffer { text in
      unsafe kernels[index] = unsafe text.baseAddress.map {
        unsafe UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)
      }
    }
  }

  /// A private, aligned copy of a constant's bytes, nil while measuring.
  mutating func privateCopy(of operand: Operand) -> UnsafeMutableRawPointer? {
    guard let place = unsafe places.take(operand.byteCount) else { return nil }
    unsafe place.copyMemory(from: operand.address, byteCount: operand.byteCount)
    return unsafe place
  }
}

/// Copies up to eight extents or strides into a C array.
func eight(_ values: [Int]) -> EightIntegers {
  var result: EightIntegers = (0, 0, 0, 0, 0, 0, 0, 0)
  unsafe withUnsafeMutableBytes(of: &result) { bytes in
    for (position, value) in values.prefix(8).enumerated() {
      unsafe bytes.storeBytes(of: Int64(value), toByteOffset: position * 8, as: Int64.self)
    }
  }
  return result
}

/// A C array of eight 64-bit numbers, as Swift imports it.
typealias EightIntegers = (Int64, Int64, Int64, Int64, Int64, Int64, Int64, Int64)
