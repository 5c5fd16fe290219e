internal import EspalierBoard
internal import EspalierExecutor
internal import EspalierLowering
internal import EspalierMeasure
internal import EspalierModelFile

/// Times the candidates of a layer against one another, as they would run within a network.
///
/// In a network a layer finds its input where the layer before has left it, its code and branch history
/// warm from similar layers, and its weights gone as far down the memory as all other weights, read
/// since the last inference, have pushed them. So before each sample as many bytes are swept through
/// the caches as the network has weights (at most `mostSwept`); then the inputs are written; then the
/// layer runs twice, with a copy of its weights each, and the second run counts. Candidates take turns,
/// so that a disturbance meets all of them, and the least time of each counts, since other work on the
/// machine only ever adds.
final class LayerStopwatch {
  private let threads: Int
  private let cores: [Int32]?
  private var sweep: (bytes: Int, runner: Runner)?

  /// Nanoseconds spent on one layer, once each candidate has its least number of samples.
  private static let budget: UInt64 = 300_000_000
  private static let leastRounds = 7
  private static let mostRounds = 40
  /// Rounds after which a candidate this much slower than the best is out.
  private static let trialRounds = 4
  private static let hopeless = 2.0
  /// Larger than the last-level caches of the machines in question.
  private static let mostSwept = 64 << 20

  /// - Throws: `HostError` (69) where this machine has not so many cores.
  init(threads: Int) throws(HostError) {
    let usable = Board.cores
    guard usable.count >= threads else {
      throw HostError(
        exitCode: 69,
        "\(threads) threads cannot be timed: this machine lends \(usable.count) cores")
    }
    self.threads = threads
    cores = Array(usable.prefix(threads))
  }

  /// Least time of each candidate; nil for what the runtime refuses.
  func nanoseconds(of layer: TimedLayer) -> [UInt64?] {
    let sweep = sweep(bytes: Self.sweptMegabytes(layer.bytesBetweenRuns) << 20)
    let runners = (0..<layer.candidateCount).map {
      Runner(layer.model(ofCandidate: $0), threads: threads, cores: cores)
    }
    var least = [UInt64?](repeating: nil, count: runners.count)
    var isOut = runners.map { $0 == nil }
    let start = Board.now
    for round in 0..<Self.mostRounds {
      for turn in runners.indices {
        let number = (turn + round) % runners.count
        guard !isOut[number], let runner = runners[number] else { continue }
        _ = sweep?.run()
        letWorkersPark()
        runner.setInputs()
        guard let time = runner.run() else {
          (isOut[number], least[number]) = (true, nil)
          continue
        }
        least[number] = min(least[number] ?? .max, time)
      }
      if round + 1 == Self.trialRounds { dropHopeless(least, &isOut) }
      if round + 1 >= Self.leastRounds, Board.now - start > Self.budget { break }
    }
    return least
  }

  /// Dense stays: everything is compared with it.
  private func dropHopeless(_ least: [UInt64?], _ isOut: inout [Bool]) {
    guard let best = least.compactMap({ $0 }).min() else { return }
    for number in least.indices.dropFirst() {
      if let time = least[number], Double(time) > Self.hopeless * Double(best) {
        isOut[number] = true
      }
    }
  }

  /// Megabytes to sweep for a network of so many bytes of weights: a power of two, so that networks
  /// of about the same size share their times.
  static func sweptMegabytes(_ bytes: Int) -> Int {
    var megabytes = 1
    while megabytes << 20 < min(bytes, mostSwept) { megabytes *= 2 }
    return megabytes
  }

  private func sweep(bytes: Int) -> Runner? {
    if let sweep, sweep.bytes == bytes { return sweep.runner }
    sweep = Runner(.sweeping(bytes), threads: threads, cores: cores).map { (bytes, $0) }
    sweep?.runner.setInputs()
    return sweep?.runner
  }

  /// Workers of one session spin for a while after it, on the cores that the next one needs.
  private func letWorkersPark() {
    guard threads > 1 else { return }
    let start = Board.now
    while Board.now - start < 100_000 {}
  }
}

/// A session of one candidate.
private final class Runner {
  private var session: Session
  private let inputs: ModelInputs
  private var nanoseconds: [UInt64]

  /// Nil where the runtime refuses the model.
  init?(_ description: ModelDescription, threads: Int, cores: [Int32]?) {
    guard let bytes = try? description.bytes(), let model = try? Model(copying: bytes.span),
      let session = try? Session(model, threads: threads, cores: cores)
    else { return nil }
    inputs = ModelInputs(placeholdersFor: model)
    nanoseconds = Array(repeating: 0, count: model.stepCount)
    self.session = session
  }

  func setInputs() { inputs.set(in: &session) }

  /// Runs, and gives the last step's time.
  func run() -> UInt64? {
    for step in nanoseconds.indices { nanoseconds[step] = 0 }
    guard (try? session.run(profile: &nanoseconds)) != nil else { return nil }
    return nanoseconds.last
  }
}

extension ModelDescription {
  /// Reads half of the bytes and writes the other half, on all workers.
  fileprivate static func sweeping(_ bytes: Int) -> ModelDescription {
    var model = ModelDescription()
    let dims = [bytes / 2 / 4]
    model.tensors = [
      TensorDescription(name: "x", type: .f32, dims: dims, placement: .arena(offset: 0)),
      TensorDescription(name: "y", type: .f32, dims: dims, placement: .arena(offset: bytes / 2)),
    ]
    model.steps = [
      StepDescription(kind: .unary, inputs: [0], outputs: [1], integers: [1], floats: [0, 0])
    ]
    model.inputs = [0]
    model.outputs = [1]
    return model
  }
}
