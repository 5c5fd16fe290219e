import CEspalierAllocationCount
import EspalierExecutor
import EspalierModelFile
import Testing

@Suite(.enabled(if: esp_allocations_are_counted() != 0)) struct AllocationTests {
  @Test func theCounterCounts() {
    let before = esp_allocation_count()
    let block = UnsafeMutableRawPointer.allocate(byteCount: 100_000, alignment: 64)
    #expect(esp_allocation_count() > before)
    unsafe block.deallocate()
  }

  /// In a process of its own, where no other test allocates meanwhile.
  @Test func runsAllocateNothing() async {
    await #expect(processExitsWith: .success) {
      for step in StepCase.all {
        let file = try step.model.description.bytes()
        let model = try Model(copying: file.span)
        for threads in [1, 2] {
          var session = try Session(model, threads: threads)
          let inputs = step.inputs.map { $0.bytes }
          var nanoseconds = [UInt64](repeating: 0, count: session.stepCount)
          var sum = 0
          let before = esp_allocation_count()
          for _ in 0..<3 {
            for position in inputs.indices {
              session.set(position, inputs[position])
            }
            try session.run()
            try session.run(profile: &nanoseconds)
            sum += unsafe session.withOutput(0) { $0.count }
          }
          let after = esp_allocation_count()
          precondition(after == before, "\(step.name): \(after - before) allocations")
          precondition(sum > 0, "outputs are read")
        }
      }
    }
  }
}
