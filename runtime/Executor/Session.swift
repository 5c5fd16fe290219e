internal import CEspalierKernels
internal import EspalierModelFile

/// A model made ready to run on this machine: memory laid out, kernels chosen, workers started.
///
/// All allocation happens here; a run allocates nothing and builds no strings. A session belongs to
/// one thread at a time; use several sessions of one model to run inferences side by side.
@safe
public struct Session: ~Copyable {
  let model: ModelStorage
  let arena: Allocation
  /// Arguments, prepared kernels, tasks and shared scratch.
  let allocation: Allocation
  let pool: ThreadPool
  let tasks: UnsafeBufferPointer<esp_task>
  /// Duration of each task in the last profiled run.
  let taskNanoseconds: UnsafeMutablePointer<UInt64>
  /// Where the model's inputs and outputs lie.
  let inputs: [Operand]
  let outputs: [Operand]
  private let kernels: [UnsafePointer<CChar>?]
  /// Worker threads, the caller's included.
  public let threads: Int
  public let instructionSet: InstructionSet

  /// Checks every step against its kernel, lays memory out and starts workers.
  ///
  /// - Parameters:
  ///   - threads: Worker threads, the caller's included; at least 1.
  ///   - instructionSet: Kernels to use; nil takes the best this processor has.
  ///   - cores: The core each worker is pinned to, -1 for any; nil pins none.
  /// - Throws: A step that breaks a rule, or what this machine lacks.
  public init(
    _ model: borrowing Model, threads: Int = 1, instructionSet: InstructionSet? = nil,
    cores: [Int32]? = nil
  ) throws(ExecutorError) {
    precondition(threads >= 1, "a session needs a thread")
    precondition(cores == nil || cores?.count == threads, "one core for each thread")
    let set = instructionSet ?? .best
    guard set.isAvailable else { throw .instructionSetUnavailable(set) }
    let storage = model.storage
    precondition(storage.isRunnable, "the model was opened to be checked alone")
    let arena = try Self.allocation(Int(storage.file.arenaBytes))

    let needs = try Self.needs(of: storage, arena: arena, set)
    let allocation = try Self.allocation(needs.allocationBytes)

    var places = unsafe Places(base: allocation.base)
    guard let taskPlace = unsafe places.take(needs.taskBytes),
      let timePlace = unsafe places.take(needs.timeBytes),
      let shared = unsafe places.take(needs.sharedBytes)
    else { throw .outOfMemory(bytes: needs.allocationBytes) }
    let taskMemory = unsafe taskPlace.bindMemory(to: esp_task.self, capacity: needs.taskCount)
    var binder = unsafe Binder(
      model: storage, arena: arena.base, instructionSet: set.code, places: places,
      tasks: taskMemory, shared: shared)
    try binder.bindAll()
    precondition(
      binder.places.count <= allocation.count && binder.taskCount <= needs.taskCount,
      "what was placed is more than what was measured")

    pool = try ThreadPool(count: threads, scratchBytes: needs.workerBytes, cores: cores)
    unsafe tasks = unsafe UnsafeBufferPointer(start: taskMemory, count: binder.taskCount)
    unsafe taskNanoseconds = unsafe timePlace.bindMemory(
      to: UInt64.self, capacity: needs.taskCount)
    unsafe kernels = unsafe binder.kernels
    inputs = storage.inputNumbers.compactMap { unsafe storage.operand($0, arena: arena.base) }
    outputs = storage.outputNumbers.compactMap { unsafe storage.operand($0, arena: arena.base) }
    self.model = storage
    self.arena = arena
    self.allocation = allocation
    self.threads = threads
    self.instructionSet = set
  }

  // Spelled out because Embedded Swift cannot see a synthesised one from other modules.
  deinit {}

  /// What binding all steps takes beside the arena, in bytes.
  private struct Needs {
    var taskCount, sharedBytes, workerBytes: Int
    var allocationBytes = 0
    var taskBytes: Int { unsafe taskCount * MemoryLayout<esp_task>.stride }
    var timeBytes: Int { taskCount * MemoryLayout<UInt64>.stride }
  }

  /// Checks every step against its kernel, and learns what memory all of them need.
  private static func needs(
    of storage: ModelStorage, arena: borrowing Allocation, _ set: InstructionSet
  ) throws(ExecutorError) -> Needs {
    var binder = unsafe Binder(
      model: storage, arena: arena.base, instructionSet: set.code, places: Places(base: nil),
      tasks: nil, shared: nil)
    try binder.bindAll()
    var needs = Needs(
      taskCount: binder.taskCount, sharedBytes: binder.sharedBytes,
      workerBytes: binder.workerBytes)
    var layout = binder.places
    _ = unsafe layout.take(needs.taskBytes)
    _ = unsafe layout.take(needs.timeBytes)
    _ = unsafe layout.take(needs.sharedBytes)
    // Strides and paddings of a small file may ask for any scratch: it may take what the arena may.
    let limit = Int(clamping: storage.file.limits.arenaBytes)
    guard !layout.hasOverflown, layout.count <= limit, needs.workerBytes <= limit else {
      throw .file(ModelFileError(.overLimit, at: .file, "kernels need more memory than the limit"))
    }
    needs.allocationBytes = layout.count
    return needs
  }

  /// All that a session of a model would refuse, and what running it does not need but its file
  /// promises; runs nothing, and touches no memory of the arena's size.
  static func check(_ storage: ModelStorage) throws(ExecutorError) {
    do throws(ModelFileError) { try storage.file.checkWeights() } catch { throw .file(error) }
    let arena = try allocation(Int(storage.file.arenaBytes))
    _ = try needs(of: storage, arena: arena, .best)
  }

  private static func allocation(_ count: Int) throws(ExecutorError) -> Allocation {
    guard let allocation = Allocation(count: count) else { throw .outOfMemory(bytes: count) }
    return allocation
  }

  /// Bytes of activations; what else a session needs is `preparedBytes`.
  public var arenaBytes: Int { arena.count }
  /// Bytes of prepared kernels, tasks and scratch that workers share.
  public var preparedBytes: Int { allocation.count }

  /// The kernel that runs a step; empty where the step has nothing to do.
  public func kernel(ofStep step: Int) -> String {
    guard let name = unsafe kernels[step] else { return "" }
    return unsafe String(cString: name)
  }
}
