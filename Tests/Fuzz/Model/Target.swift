import CEspalierFuzz
import EspalierExecutor
import EspalierModelFile

/// What a small file may ask for here, and how much work may be done for one.
private let limits = {
  var limits = ModelFileLimits()
  limits.arenaBytes = 256 << 10
  limits.tensorBytes = 256 << 10
  return limits
}()
private let mostWork = 400_000.0

private let instructionSets = InstructionSet.allCases.filter { $0.isAvailable }

/// Loads, binds and runs one file. What is left open, such as threads, instruction set and inputs, comes
/// from its checksum, so that a file alone repeats what it did.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  fuzz_tally(.FUZZ_EXECUTED, 0)
  guard let bytes = unsafe bytes, count > 0 else { return 0 }
  // An exact block, so that nothing is read behind the file.
  let place = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
  unsafe place.copyMemory(from: bytes, byteCount: count)
  let file = unsafe UnsafeRawBufferPointer(start: place, count: count)
  let sum = unsafe count >= 64 ? file.loadUnaligned(fromByteOffset: 60, as: UInt32.self) : 0
  do throws(ExecutorError) {
    let model = try unsafe Model(adopting: file, limits: limits) {
      unsafe $0.baseAddress?.deallocate()
    }
    fuzz_tally(.FUZZ_LOADED, 0)
    try bind(model, Choices(state: UInt64(sum)))
  } catch {
    if case .step = error { fuzz_tally(.FUZZ_UNBOUND, 0) }
  }
  return 0
}

private func bind(_ model: borrowing Model, _ choices: Choices) throws(ExecutorError) {
  var choices = choices
  let set = instructionSets[choices.next(instructionSets.count)]
  let threads = choices.next(32) == 0 ? 2 : 1
  if choices.next(16) == 0 { try model.check() }
  var session = try Session(model, threads: threads, instructionSet: set)
  fuzz_tally(.FUZZ_BOUND, 0)
  let file = model.verifiedFile
  var sum = 0.0
  for index in 0..<file.stepCount { sum += work(of: file.step(index), in: file) }
  guard sum <= mostWork else {
    fuzz_tally(.FUZZ_TOO_LARGE, 0)
    return
  }
  for (position, input) in model.inputs.enumerated() {
    let bytes = choices.values(of: input)
    unsafe bytes.withUnsafeBytes { unsafe session.setInput(position, from: $0) }
  }
  for index in 0..<file.stepCount {
    let step = file.step(index)
    fuzz_tally(.FUZZ_KIND, UInt32(step.kindCode))
    if let weight = step.weight {
      fuzz_tally(.FUZZ_PACKING, UInt32(file.weight(weight).packingCode))
    }
  }
  fuzz_tally(.FUZZ_SET, set.rawValue)
  if threads > 1 { fuzz_tally(.FUZZ_THREADED, 0) }
  do throws(RunError) {
    try session.runGuarded()
    fuzz_tally(.FUZZ_RAN, 0)
  } catch {
    fuzz_tally(.FUZZ_FAULTED, 0)
  }
  var seen: UInt8 = 0
  for position in model.outputs.indices {
    unsafe session.withOutput(position) { bytes in
      for byte in unsafe bytes { seen ^= byte }
    }
  }
  unsafe fuzz_see(seen)
}

/// Numbers that follow from a file's checksum: xorshift.
private struct Choices {
  private var state: UInt64

  init(state: UInt64) { self.state = state << 1 | 1 }

  private mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  mutating func next(_ count: Int) -> Int { Int(next() >> 8 % UInt64(count)) }

  /// Small numbers, and a few that are none or huge.
  mutating func values(of tensor: TensorInfo) -> [UInt8] {
    let size = tensor.element.size
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    for index in 0..<tensor.count {
      let random = next()
      let pattern =
        switch tensor.element {
        case .f32:
          UInt64(
            (random % 37 == 0 ? Self.odd[Int(random >> 40 % 6)] : Float(random >> 32 % 9) - 4)
              .bitPattern)
        case .i32, .i64: random % 29 == 0 ? random : random >> 32 % 4 &- random >> 40 % 2
        case .u8, .i8, .bool: random >> 32
        }
      for byte in 0..<size {
        bytes[index * size + byte] = UInt8(truncatingIfNeeded: pattern >> UInt64(8 * byte))
      }
    }
    return bytes
  }

  private static let odd: [Float] = [.nan, .infinity, -.infinity, 1e30, 1e-40, -0.0]
}
