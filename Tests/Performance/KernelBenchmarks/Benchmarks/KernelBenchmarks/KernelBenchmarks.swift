import Benchmark
import CEspalierKernels
import CKernelCases

/// Every case on the best instruction set of this processor: time, and instructions where the
/// processor's counters can be read. Elsewhere the library leaves instructions out, and
/// `Scripts/count-instructions.sh` counts them.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .instructions], warmupIterations: 3, maxDuration: .milliseconds(300))
  let isa = esp_detect_isa()
  for index in 0..<kernel_case_count() {
    let name = String(cString: kernel_case_name(index))
    Benchmark("\(String(cString: esp_isa_name(isa))) | \(name)") { benchmark in
      let run = kernel_run_make(index, Int32(isa.rawValue))
      defer { kernel_run_free(run) }
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        for task in 0..<kernel_run_tasks(run) {
          kernel_run_part(run, task, kernel_run_items(run, task))
        }
      }
      benchmark.stopMeasurement()
    }
  }
}
