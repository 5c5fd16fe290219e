internal import CEspalierKernels

extension Session {
  /// Floating-point operations per second of multiply-adds in registers, on all workers together: what
  /// no kernel of this instruction set can exceed here and now. Takes tens of milliseconds.
  ///
  /// The best of many attempts counts, since processors raise their clocks when work appears, and other
  /// work on the machine only ever takes away.
  /// - Throws: As `run()`.
  public mutating func measuredPeak() throws(RunError) -> Double {
    let items = 16 * threads
    var best = 0.0
    for _ in 0..<40 {
      let tasks = unsafe [esp_peak_task(instructionSet.code, Int64(items))]
      var nanoseconds: UInt64 = 0
      try unsafe tasks.withUnsafeBufferPointer { tasks throws(RunError) in
        try unsafe pool.run(tasks, nanoseconds: &nanoseconds)
      }
      let operations = Double(items) * esp_peak_operations(instructionSet.code)
      if nanoseconds > 0 { best = max(best, operations / (Double(nanoseconds) * 1e-9)) }
    }
    return best
  }
}
