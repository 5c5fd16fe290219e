import EspalierExecutor
import EspalierModelFile

/// Elements of a tensor in a test.
enum Values: Sendable, Equatable, CustomStringConvertible {
  case floats([Float])
  case bytes([UInt8])
  case int32([Int32])
  case int64([Int64])

  var bytes: [UInt8] {
    switch self {
    case .floats(let array): unsafe array.withUnsafeBytes { unsafe Array($0) }
    case .bytes(let array): array
    case .int32(let array): unsafe array.withUnsafeBytes { unsafe Array($0) }
    case .int64(let array): unsafe array.withUnsafeBytes { unsafe Array($0) }
    }
  }

  /// The same kind of values from raw bytes.
  func read(_ raw: UnsafeRawBufferPointer) -> Values {
    switch self {
    case .floats: unsafe .floats(Array(raw.bindMemory(to: Float.self)))
    case .bytes: unsafe .bytes(Array(raw))
    case .int32: unsafe .int32(Array(raw.bindMemory(to: Int32.self)))
    case .int64: unsafe .int64(Array(raw.bindMemory(to: Int64.self)))
    }
  }

  /// Whether floats agree within 1e-5 of their size and everything else exactly.
  func agrees(with other: Values) -> Bool {
    guard case .floats(let mine) = self, case .floats(let theirs) = other else {
      return self == other
    }
    return mine.count == theirs.count
      && zip(mine, theirs).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($0)) || $0 == $1 }
  }

  var description: String {
    switch self {
    case .floats(let array): "\(array)"
    case .bytes(let array): "\(array)"
    case .int32(let array): "\(array)"
    case .int64(let array): "\(array)"
    }
  }
}

/// A model file made in memory, each tensor at a place of its own.
struct TinyModel: Sendable {
  var description = ModelDescription()
  private var arena = 0

  init() {
    description.producer = "ExecutorTests"
  }

  /// A tensor of the arena.
  mutating func tensor(_ dims: [Int], _ type: ElementCode = .f32, _ name: String = "") -> Int {
    let bytes = dims.reduce(type.size, *)
    description.tensors.append(
      TensorDescription(
        name: name.isEmpty ? "t\(description.tensors.count)" : name, type: type, dims: dims,
        placement: .arena(offset: arena)))
    arena += max(64, (bytes + 63) / 64 * 64)
    return description.tensors.count - 1
  }

  mutating func input(_ dims: [Int], _ type: ElementCode = .f32) -> Int {
    let number = tensor(dims, type, "x\(description.inputs.count)")
    description.inputs.append(number)
    return number
  }

  mutating func output(_ dims: [Int], _ type: ElementCode = .f32) -> Int {
    let number = tensor(dims, type, "y\(description.outputs.count)")
    description.outputs.append(number)
    return number
  }

  mutating func constant(
    _ values: ValueBytes, _ dims: [Int], _ type: ElementCode = .f32
  ) -> Int {
    description.constants.append(values)
    description.tensors.append(
      TensorDescription(
        name: "c\(description.tensors.count)", type: type, dims: dims,
        placement: .constant(description.constants.count - 1)))
    return description.tensors.count - 1
  }

  mutating func step(
    _ kind: StepKind, _ inputs: [Int], _ outputs: [Int], _ integers: [Int64] = [],
    floats: [Float] = [], weight: WeightDescription? = nil
  ) {
    if let weight { description.weights.append(weight) }
    description.steps.append(
      StepDescription(
        kind: kind, name: "n\(description.steps.count)", operation: "Test", inputs: inputs,
        outputs: outputs, integers: integers, floats: floats,
        weight: weight == nil ? nil : description.weights.count - 1))
  }
}

/// A dense matrix, row by row, as panels of some height.
func densePanels(_ rows: [[Float]], groups: Int = 1, height: Int) -> WeightDescription {
  let matrix = DenseMatrix(
    rows: rows.count, columns: rows[0].count, groups: groups, values: Array(rows.joined()))
  return WeightDescription(matrix, in: .panels, PackingChoice(.dense, panelHeight: height))
}

extension Session {
  mutating func set(_ position: Int, _ bytes: [UInt8]) {
    setInput(position, from: bytes.span)
  }
}

/// Loads and runs a description once, and gives its outputs in the form of `expected`.
func run(
  _ description: ModelDescription, _ inputs: [Values], like expected: [Values], threads: Int = 1,
  instructionSet: InstructionSet? = nil
) throws -> [Values] {
  let file = try description.bytes()
  let model = try Model(copying: file.span)
  var session = try Session(model, threads: threads, instructionSet: instructionSet)
  for (position, input) in inputs.enumerated() {
    session.set(position, input.bytes)
  }
  try session.run()
  return expected.enumerated().map { position, values in
    unsafe session.withOutput(position) { unsafe values.read($0) }
  }
}
