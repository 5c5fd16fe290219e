/// Decides how each weight of a program is stored: by the device's times, or by the cost model.
struct WeightChooser {
  private let program: Program
  private let allowsSparse: Bool
  private var timer: (any LayerTimer)?
  /// Bytes of all weights that are not zero: what passes through the caches in one run.
  private let weightBytes: Int

  init(_ program: Program, _ options: LoweringOptions) {
    self.program = program
    allowsSparse = options.allowsSparse
    timer = options.timer
    weightBytes = program.steps.reduce(0) { sum, step in
      sum + 4 * (step.weight?.values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) } ?? 0)
    }
  }

  /// What the times belong to; empty without a timer.
  var device: String { timer?.device ?? "" }

  mutating func choice(for step: Program.Step, _ weight: Program.Weight) -> WeightChoice {
    let candidates = WeightCandidates(weight, allowSparse: allowsSparse)
    guard timer != nil, candidates.all.count > 1 else { return candidates.expected }
    let layer = TimedLayer(step, of: program, candidates, bytesBetweenRuns: weightBytes)
    let times = timer!.nanoseconds(of: layer)
    var choice = candidates.fastest(times) ?? candidates.expected
    choice.ways = candidates.ways(times)
    return choice
  }
}
