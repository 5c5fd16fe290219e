// Part of the module EspalierExecutor in fuzzed builds alone.
internal import CEspalierFuzz
internal import CEspalierKernels
package import EspalierModelFile

extension Model {
  /// The file, to be asked how much work its steps are.
  package var verifiedFile: VerifiedModel { storage.file }
}

extension Session {
  /// Runs as `run()` does, while each step may touch only its own tensors of the arena, and of the
  /// file's values its own constants and weight.
  package mutating func runGuarded() throws(RunError) {
    let values = unsafe model.file.values
    defer {
      unsafe fuzz_allow(arena.base, arena.count)
      unsafe fuzz_allow(values.baseAddress, values.count)
    }
    var first = 0
    while unsafe first < tasks.count {
      let number = unsafe tasks[first].step
      var end = first + 1
      while unsafe end < tasks.count && tasks[end].step == number { end += 1 }
      unsafe fuzz_forbid(arena.base, arena.count)
      unsafe fuzz_forbid(values.baseAddress, values.count)
      let step = model.file.step(Int(number))
      for list in [step.inputs, step.outputs] {
        for tensor in list {
          guard let operand = unsafe model.operand(Int(tensor), arena: arena.base) else { continue }
          unsafe fuzz_allow(operand.address, operand.byteCount)
        }
      }
      if let weight = step.weight {
        let stored = unsafe model.file.values(of: model.file.weight(weight))
        unsafe fuzz_allow(stored.baseAddress, stored.count)
      }
      try unsafe pool.run(UnsafeBufferPointer(rebasing: tasks[first..<end]), nanoseconds: nil)
      first = end
    }
  }
}
