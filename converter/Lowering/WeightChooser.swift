internal import Dispatch
import EspalierModelFile
internal import Synchronization

/// A weight as it will be stored, and why so.
struct PackedWeight: Sendable {
  let choice: WeightChoice
  let description: WeightDescription
  /// What equal matrices share, and hardly any others.
  let digest: UInt64

  /// - Parameter matrix: The weight's own.
  init(_ matrix: DenseMatrix<Float>, of weight: Program.Weight, _ choice: WeightChoice) {
    self.choice = choice
    description = weight.packed(matrix, choice)
    digest = matrix.values.span.bytes.digest
  }
}

extension RawSpan {
  /// A number that equal bytes share; of many bytes, some thousand that lie all over are looked at.
  var digest: UInt64 {
    var digest = UInt64(byteCount)
    func add(_ word: UInt64) {
      digest = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
      digest ^= digest >> 32
    }
    for place in stride(from: 0, to: byteCount - 7, by: max(1, byteCount / 8 / 1024) * 8) {
      add(unsafe unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self))
    }
    for place in byteCount / 8 * 8..<byteCount {
      add(UInt64(unsafe unsafeLoadUnaligned(fromByteOffset: place, as: UInt8.self)))
    }
    return digest
  }
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
    return PackedWeight(matrix, of: weight, choice)
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
    return PackedWeight(matrix, of: weight, choice)
  }
}
