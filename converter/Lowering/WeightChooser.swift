internal import Dispatch
import EspalierModelFile
internal import Synchronization

/// A weight as it will be stored, and why so.
struct PackedWeight: Sendable {
  var choice: WeightChoice
  var description: WeightDescription
}

/// Decides how each weight of a program is stored: by the device's times, or by the cost model.
struct WeightChooser {
  private let program: Program
  private let allowsSparse: Bool
  private var timer: (any LayerTimer)?
  private let threads: Int
  /// Bytes of all weights that are not zero, what passes through the caches in one run; 0 without a
  /// timer.
  private let weightBytes: Int
  /// Layers between two reports of progress, where many are packed at once.
  private static let layersTogether = 16

  init(_ program: Program, _ options: LoweringOptions) {
    self.program = program
    allowsSparse = options.allowsSparse
    timer = options.timer
    threads = max(1, options.threads)
    weightBytes =
      timer == nil
      ? 0
      : program.steps.reduce(0) { sum, step in
        sum + 4 * (step.weight?.matrix().nonzeroCount ?? 0)
      }
  }

  /// What the times belong to; empty without a timer.
  var device: String { timer?.device ?? "" }

  /// The packed weight of each step that has one. What is chosen does not depend on how many threads
  /// there are; a device times one layer after the other.
  mutating func packed(_ progress: ((Double) -> Void)?) -> [PackedWeight?] {
    let steps = program.steps
    var all = [PackedWeight?](repeating: nil, count: steps.count)
    let numbers = steps.indices.filter { steps[$0].weight != nil }
    let together = timer == nil ? Self.layersTogether : 1
    for first in stride(from: 0, to: numbers.count, by: together) {
      let some = numbers[first..<min(first + together, numbers.count)]
      if timer != nil {
        for number in some { all[number] = timed(steps[number]) }
      } else {
        let allowsSparse = allowsSparse
        let made = Mutex<[Int: PackedWeight]>([:])
        let next = Atomic(some.startIndex)
        DispatchQueue.concurrentPerform(iterations: min(threads, some.count)) { _ in
          while true {
            let place = next.add(1, ordering: .relaxed).oldValue
            guard place < some.endIndex else { return }
            let packed = Self.expected(steps[some[place]].weight!, allowsSparse)
            made.withLock { $0[some[place]] = packed }
          }
        }
        for (number, packed) in made.withLock({ $0 }) { all[number] = packed }
      }
      progress?(Double(some.endIndex) / Double(numbers.count))
    }
    return all
  }

  /// What the cost model takes.
  private static func expected(_ weight: Program.Weight, _ allowsSparse: Bool) -> PackedWeight {
    let matrix = weight.matrix()
    let choice = WeightCandidates(weight, matrix, allowSparse: allowsSparse).expected
    return PackedWeight(choice: choice, description: weight.packed(matrix, choice))
  }

  private mutating func timed(_ step: Program.Step) -> PackedWeight {
    let weight = step.weight!
    let matrix = weight.matrix()
    let candidates = WeightCandidates(weight, matrix, allowSparse: allowsSparse)
    var choice = candidates.expected
    if candidates.all.count > 1 {
      let layer = TimedLayer(step, of: program, candidates, bytesBetweenRuns: weightBytes)
      let times = timer!.nanoseconds(of: layer)
      choice = candidates.fastest(times) ?? choice
      choice.ways = candidates.ways(times)
    }
    return PackedWeight(choice: choice, description: weight.packed(matrix, choice))
  }
}
