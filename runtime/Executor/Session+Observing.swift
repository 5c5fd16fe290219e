internal import CEspalierKernels

extension Session {
  /// Runs as `run()` does, and lends every step's outputs as soon as they are there; slower, and it
  /// allocates.
  /// - Throws: As `run()`.
  package mutating func run(
    observing body: (_ step: Int, _ output: TensorInfo, _ bytes: UnsafeRawBufferPointer) -> Void
  ) throws(RunError) {
    var first = 0
    while unsafe first < tasks.count {
      let step = unsafe tasks[first].step
      var end = first + 1
      while unsafe end < tasks.count && tasks[end].step == step { end += 1 }
      try unsafe pool.run(UnsafeBufferPointer(rebasing: tasks[first..<end]), nanoseconds: nil)
      for number in model.step(Int(step)).outputs {
        guard let operand = unsafe model.operand(number, arena: arena.base) else { continue }
        unsafe body(
          Int(step), model.info(ofTensor: number),
          UnsafeRawBufferPointer(start: operand.address, count: operand.byteCount))
      }
      first = end
    }
  }
}
