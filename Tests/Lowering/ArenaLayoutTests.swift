import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// The plan against a simulation that writes every tensor's number into its bytes.
@Suite struct ArenaLayoutTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func whatIsReadIsWhatWasWritten(seed: UInt64) throws {
    let program = try randomProgram(seed: seed)
    var simulation = Simulation(program)
    simulation.run()
    #expect(simulation.faults.isEmpty, "seed \(seed)")
  }

  @Test func aLongChainNeedsTwoTensors() throws {
    var network = Network([1, 8, 32, 32])
    var x = network.x
    for _ in 0..<20 { x = network.convolution(x) }
    let program = try network.fused(outputs: [x])
    #expect(program.steps.count == 20)
    #expect(ArenaLayout(program).arenaByteCount == 2 * 8 * 32 * 32 * 4)
  }

  @Test func elementwiseStepsWorkInPlace() throws {
    var network = Network([1, 8, 32, 32])
    var x = network.x
    for operation in ["Sin", "Cos", "Tanh", "Abs"] { x = network.node(operation, [x]) }
    let y = network.node("Softmax", [network.node("Mul", [x, network.random([32])])])
    let program = try network.fused(outputs: [y])
    #expect(ArenaLayout(program).arenaByteCount == 8 * 32 * 32 * 4)
  }

  @Test func anOperandThatIsReadLaterIsNotOverwritten() throws {
    var network = Network([1, 8, 32, 32])
    let a = network.node("Sin", [network.x])
    let b = network.node("Cos", [a])
    let y = network.node("Add", [a, b])
    let program = try network.fused(outputs: [y])
    let plan = ArenaLayout(program)
    let (sine, cosine) = (program.steps[0].outputs[0]!, program.steps[1].outputs[0]!)
    #expect(plan.offsets[sine] != plan.offsets[cosine])
  }

  @Test func anOutputIsNotOverwritten() throws {
    var network = Network([1, 8, 32, 32])
    let a = network.node("Sin", [network.x])
    let b = network.node("Cos", [a])
    let program = try network.fused(outputs: [a, b])
    let plan = ArenaLayout(program)
    #expect(plan.offsets[program.outputs[0]] != plan.offsets[program.outputs[1]])
  }

  @Test func aStretchedOperandIsNotOverwritten() throws {
    var network = Network([1, 8, 1, 1])
    let small = network.node("Sin", [network.x])
    let large = network.graph.addInput("large", TensorType(.float32, [1, 8, 9, 9]))
    let y = network.node("Add", [small, large])
    let program = try network.fused(outputs: [y])
    let plan = ArenaLayout(program)
    let step = try #require(program.steps.last)
    #expect(plan.offsets[step.outputs[0]!] != plan.offsets[step.inputs[0]!])
  }

  @Test func aResidualIsOverwrittenButTheInputIsNot() throws {
    var network = Network([1, 8, 16, 16])
    let trunk = network.node("Sin", [network.x])
    let inner = network.convolution(trunk)
    let y = network.node("Add", [network.convolution(inner), trunk])
    let own = network.node("Add", [network.convolution(y), y])
    let program = try network.fused(outputs: [own])
    let plan = ArenaLayout(program)
    let (joined, last) = (program.steps[2], program.steps[3])
    #expect(plan.offsets[joined.outputs[0]!] == plan.offsets[joined.residual!])
    #expect(plan.offsets[last.outputs[0]!] != plan.offsets[last.inputs[0]!])
  }

  @Test func offsetsAreAligned() throws {
    for seed: UInt64 in 1...20 {
      let plan = ArenaLayout(try randomProgram(seed: seed))
      #expect(plan.offsets.allSatisfy { ($0 ?? 0) % 64 == 0 }, "seed \(seed)")
      #expect(plan.arenaByteCount % 64 == 0, "seed \(seed)")
    }
  }

  @Test func theArenaIsMuchSmallerThanTheSum() throws {
    var (arena, sum) = (0, 0)
    for seed: UInt64 in 1...20 {
      let program = try randomProgram(seed: seed)
      arena += ArenaLayout(program).arenaByteCount
      for tensor in program.tensors where tensor.constant == nil && tensor.viewOf == nil {
        sum += tensor.type.count * tensor.type.elementType.byteCount
      }
    }
    #expect(arena * 3 < sum)
  }

  /// The file's own check of lifetimes accepts every plan.
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func theFileAcceptsThePlan(seed: UInt64) throws {
    let model = emit(
      try randomProgram(seed: seed), options: LoweringOptions(), source: "", progress: nil)
    let bytes = try model.description.bytes()
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    let file = try unsafe VerifiedModel(verifying: UnsafeRawBufferPointer(copy))
    try file.checkSemantics()
    #expect(Int(file.arenaBytes) == model.arenaByteCount)
  }

  /// Branches of elementwise steps, layers, concatenations and reshapes of one image size.
  private func randomProgram(seed: UInt64) throws -> Program {
    var random = Seeded(seed: seed)
    var network = Network([1, 8, 6, 6])
    var values = [network.x]
    for _ in 0..<30 {
      let x = random.pick(Array(values.suffix(4)))
      let other = random.pick(Array(values.suffix(6)))
      switch random.next(in: 0...8) {
      case 0: values.append(network.node("Sin", [x]))
      case 1: values.append(network.node("Add", [x, other]))
      case 2: values.append(network.convolution(x))
      case 3: values.append(network.node("Add", [network.convolution(x), other]))
      case 4: values.append(network.node("Softmax", [x]))
      case 5:
        let joined = network.node("Concat", [x, other], ["axis": .integer(1)])
        values.append(network.convolution(joined, from: 16))
      case 6:
        let flat = network.node(
          "Reshape", [x, network.constant(Tensor(integers: [8, 36]))])
        let active = network.node("Cos", [flat])
        values.append(
          network.node("Reshape", [active, network.constant(Tensor(integers: [1, 8, 6, 6]))]))
      case 7:
        let condition = network.node("Greater", [x, other])
        values.append(network.node("Where", [condition, x, other]))
      default:
        values.append(network.node("Transpose", [x], ["perm": .integers([0, 1, 3, 2])]))
      }
    }
    let other = random.pick(Array(values.dropFirst()))
    let last = values[values.count - 1]
    return try network.fused(outputs: other == last ? [last] : [last, other])
  }
}

/// Runs a plan on bytes that hold, instead of numbers, which tensor wrote them last.
private struct Simulation {
  private let program: Program
  private let plan: ArenaLayout
  private var owner: [Int]
  private(set) var faults: [String] = []

  init(_ program: Program) {
    self.program = program
    plan = ArenaLayout(program)
    owner = Array(repeating: -1, count: plan.arenaByteCount)
  }

  private func storage(_ tensor: Int) -> Int { program.tensors[tensor].viewOf ?? tensor }

  private func range(_ tensor: Int) -> Range<Int>? {
    guard program.tensors[tensor].constant == nil, let offset = plan.offsets[tensor] else {
      return nil
    }
    let type = program.tensors[tensor].type
    return offset..<(offset + type.count * type.elementType.byteCount)
  }

  private mutating func write(_ tensor: Int) {
    guard let range = range(tensor) else { return }
    for byte in range { owner[byte] = storage(tensor) }
  }

  private mutating func read(_ tensor: Int, by reader: String) {
    guard let range = range(tensor) else { return }
    if let byte = range.first(where: { owner[$0] != storage(tensor) }) {
      faults.append("\(reader) reads tensor \(tensor) but finds \(owner[byte]) at byte \(byte)")
    }
  }

  mutating func run() {
    for input in program.inputs { write(input) }
    for (index, step) in program.steps.enumerated() {
      for case let input? in step.inputs { read(input, by: "step \(index)") }
      // A step that is not in place must not share a byte with what it reads.
      for case let output? in step.outputs {
        guard let written = range(output) else { continue }
        for case let input? in step.inputs where storage(input) != storage(output) {
          guard let read = range(input), written.overlaps(read) else { continue }
          if !isInPlace(step, input, output) {
            faults.append("step \(index) (\(step.kind)) writes over its operand \(input)")
          }
        }
        write(output)
      }
    }
    for output in program.outputs { read(output, by: "the caller") }
  }

  /// The contract of `model.fbs`, section 4.
  private func isInPlace(_ step: Program.Step, _ input: Int, _ output: Int) -> Bool {
    let places =
      switch step.kind {
      case .unary, .softmax, .normalize, .scatterND, .scatterElements, .cast: [0]
      case .binary: [0, 1]
      case .select: [0, 1, 2]
      case .convolution, .linear: [2]
      default: [] as [Int]
      }
    let isElsewhere = step.inputs.indices.contains {
      step.inputs[$0] == input && !places.contains($0)
    }
    let types = [input, output].map { program.tensors[$0].type }
    return !isElsewhere && range(input) == range(output)
      && types[0].elementType.byteCount == types[1].elementType.byteCount
  }
}
