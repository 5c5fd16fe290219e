internal import CEspalierKernels

/// The session's worker threads: start with it, spin and park between runs, end with it.
@safe
struct ThreadPool: ~Copyable {
  private let threads: OpaquePointer

  /// - Parameter cores: The core of each worker, -1 for any; nil pins none.
  init(count: Int, scratchBytes: Int, cores: [Int32]?) throws(ExecutorError) {
    guard let narrow = Int32(exactly: count), narrow >= 1 else {
      throw .threadsUnavailable(count: count)
    }
    let made: OpaquePointer? =
      if let cores {
        unsafe cores.withUnsafeBufferPointer {
          unsafe esp_threads_create(narrow, scratchBytes, $0.baseAddress)
        }
      } else {
        unsafe esp_threads_create(narrow, scratchBytes, nil)
      }
    guard let made = unsafe made else { throw .threadsUnavailable(count: count) }
    unsafe threads = unsafe made
  }

  deinit {
    unsafe esp_threads_destroy(threads)
  }

  /// Runs tasks one after the other, each on all workers. Allocates nothing.
  func run(
    _ tasks: UnsafeBufferPointer<esp_task>, nanoseconds: UnsafeMutablePointer<UInt64>?
  ) throws(RunError) {
    var step: Int32 = 0
    let fault = unsafe esp_threads_run(
      threads, tasks.baseAddress, Int32(tasks.count), &step, nanoseconds)
    guard fault == 0 else { throw RunError(fault: RunError.Fault(code: fault), step: Int(step)) }
  }
}

extension RunError.Fault {
  fileprivate init(code: Int32) {
    switch code {
    case Int32(ESP_FAULT_INDEX_OUT_OF_RANGE): self = .indexOutOfRange
    case Int32(ESP_FAULT_DIVISION_BY_ZERO): self = .divisionByZero
    default: self = .other(code)
    }
  }
}
