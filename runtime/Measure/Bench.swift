internal import EspalierBoard
public import EspalierExecutor
public import EspalierLatencyReport

/// Why a measurement did not happen.
public enum BenchError: Error, Sendable, CustomStringConvertible {
  case load(LoadError)
  case run(RunError)

  public var description: String {
    switch self {
    case .load(let error): error.description
    case .run(let error): error.description
    }
  }

  /// The command's exit code.
  public var exitCode: Int32 {
    switch self {
    case .load(let error): error.exitCode
    case .run: 65
    }
  }
}

/// What to measure with.
public struct BenchOptions: Sendable {
  public var threads = 1
  /// Nil for the best this processor has.
  public var instructionSet: InstructionSet?
  /// The core of each worker; nil for the first usable ones.
  public var cores: [Int32]?
  public var limits = MeasuringLimits()

  public init() {}
}

/// Measures one model: load, the processor's peak, warm-up, samples, then a profile in runs of its own.
///
/// Inputs are copied in between samples, outside the measured time. No sample is dropped.
/// - Throws: `BenchError.load` for a file that is no model or a machine that lacks what it needs, `.run`
///   for a step that meets data it cannot accept.
public func bench(
  modelAt path: String, options: BenchOptions = BenchOptions(),
  inputs: ModelInputs? = nil
) throws(BenchError) -> BenchReport {
  let start = Board.now
  let usable = Board.cores
  let model = try loaded(path)
  let pinned = usable.count >= options.threads ? Array(usable.prefix(options.threads)) : nil
  var session: Session
  do throws(ExecutorError) {
    session = try Session(
      model, threads: options.threads, instructionSet: options.instructionSet,
      cores: options.cores ?? pinned)
  } catch {
    throw .load(.model(error, path: path))
  }
  let load = Board.now - start
  let inputs = inputs ?? ModelInputs(placeholdersFor: model)
  let before = BenchReport.Environment(now: usable)
  let peak: Double
  let sampled: (samples: [UInt64], isSteady: Bool)
  let profile: [UInt64]
  do throws(RunError) {
    peak = try session.measuredPeak()
    sampled = try sample(&session, inputs, options.limits)
    profile = try measureSteps(&session, inputs, options.limits)
  } catch {
    throw .run(error)
  }
  var layers: [BenchReport.Layer] = []
  for step in 0..<model.stepCount {
    let info = model.step(step)
    layers.append(
      BenchReport.Layer(
        name: info.name, operation: info.operation, kernel: session.kernel(ofStep: step),
        encoding: info.encoding, density: info.density, macs: info.multiplyAccumulates,
        executedMacs: info.executedMultiplyAccumulates, medianNanoseconds: profile[step],
        reason: info.reason, chosenNanoseconds: info.chosenNanoseconds,
        denseNanoseconds: info.denseNanoseconds))
  }
  return BenchReport(
    threads: options.threads, isa: session.instructionSet.name,
    peakGigaflops: peak * 1e-9, samples: Samples(nanoseconds: sampled.samples),
    loadNanoseconds: load,
    arenaBytes: session.arenaBytes, weightBytes: model.weightBytes,
    transformedBytes: model.transformedBytes, fileBytes: model.fileBytes,
    isSteady: sampled.isSteady, before: before, after: .init(now: usable), layers: layers)
}

private func loaded(_ path: String) throws(BenchError) -> Model {
  do throws(LoadError) { return try Model(contentsOf: path) } catch { throw .load(error) }
}

private func sample(
  _ session: inout Session, _ inputs: ModelInputs, _ limits: MeasuringLimits
) throws(RunError) -> (samples: [UInt64], isSteady: Bool) {
  let isSteady = try warmUp(limit: limits.warmup) { () throws(RunError) in
    try timed(&session, inputs)
  }
  var samples: [UInt64] = []
  samples.reserveCapacity(limits.mostSamples)
  let start = Board.now
  while samples.count < limits.mostSamples {
    samples.append(try timed(&session, inputs))
    if samples.count >= limits.leastSamples, Board.now - start >= limits.sampling { break }
  }
  return (samples, isSteady)
}

private func timed(_ session: inout Session, _ inputs: ModelInputs) throws(RunError) -> UInt64 {
  inputs.set(in: &session)
  let start = Board.now
  try session.run()
  return Board.now - start
}

/// Each step's median over runs that read the clock between steps.
private func measureSteps(
  _ session: inout Session, _ inputs: ModelInputs, _ limits: MeasuringLimits
) throws(RunError) -> [UInt64] {
  let steps = session.stepCount
  var runs: [[UInt64]] = []
  for _ in 0..<max(limits.profiledRuns, 1) {
    var taken = [UInt64](repeating: 0, count: steps)
    inputs.set(in: &session)
    try session.run(profile: &taken)
    runs.append(taken)
  }
  return (0..<steps).map { step in Samples(nanoseconds: runs.map { $0[step] }).median ?? 0 }
}

extension BenchReport.Environment {
  /// What the machine says now; `cores` are those that were usable before workers were pinned.
  init(now cores: [Int32]) {
    let conditions = Conditions.current
    self.init(
      cores: cores.count, governor: conditions.governor, kilohertz: conditions.kilohertz,
      celsius: conditions.celsius, loadAverage: conditions.loadAverage)
  }
}
