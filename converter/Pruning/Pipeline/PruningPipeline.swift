public import EspalierGraph

/// Steps that are done to a model, one after the other.
///
/// Channels and heads go first, then weights become zero in what is left. The result is a function of
/// the graph, the steps, the seed and the files' contents.
public struct PruningPipeline: Sendable, Hashable {
  public var steps: [PruningStep]
  /// Seed of what is drawn at random.
  public var seed: UInt64

  public init(_ steps: [PruningStep], seed: UInt64 = 1) {
    (self.steps, self.seed) = (steps, seed)
  }

  package static let orderRule =
    "channels go before weights are set to zero in what is left; move the step up"

  /// The first step that removes channels behind one that sets weights to zero; `nil` where the order
  /// makes sense.
  public var misplacedStep: Int? {
    steps.indices.dropFirst().first {
      steps[$0].removesChannels && !steps[$0 - 1].removesChannels
    }
  }

  /// Does all steps.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - files: The contents of all files that `PruningStep.files` names.
  ///   - wantsReference: Whether to make the masked reference, of a single step that removes channels.
  ///   - force: Whether to return a broken model as well.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  /// - Throws: `PruningFailure` for a graph that cannot be pruned so, such as for a budget that cannot
  ///   be met, and for a result whose outputs have little to do with the dense model's.
  public func run(
    on graph: Graph, inputShapes: [String: [Int]] = [:], files: PruningFiles = PruningFiles(),
    wantsReference: Bool = false, force: Bool = false, progress: ((Double) -> Void)? = nil
  ) throws(PruningFailure) -> PrunedModel {
    if let place = misplacedStep {
      throw .pruning(
        PruningError(.badStep, Self.orderRule, at: "step \(place + 1)"))
    }
    // Not every step types the graph, and then nobody else would say so.
    let unknown = graph.unknownInputs(inputShapes)
    guard unknown.isEmpty else { throw .graph(GraphProblems(unknown)) }
    let work = PruningWork(inputShapes: inputShapes, files: files, seed: seed)
    let (decided, fixed) = try graph.withKnownBranches(inputShapes)
    let source = decided.withInitializersForConstantNodes()
    let half = HalfPrecision(source, inputShapes: inputShapes)
    var result = PrunedModel(
      graph: half.wide ?? source, report: PipelineReport(), reference: nil)
    // Behind this the file says nothing any more of extents that were free.
    result.report.warnings += fixed.map(\.description)
    var pruned: Set<String> = []
    for (index, step) in steps.enumerated() {
      do throws(PruningError) { try step.checkLayers(result.graph) } catch { throw .pruning(error) }
      result.report.warnings += step.warnings(result.graph)
      let share = StageProgress(of: step) { done in
        progress?((Double(index) + done) / Double(steps.count)) ?? ()
      }
      let done: StepResult
      do throws(PruningFailure) {
        done = try work.result(of: step, result.graph, wantsReference, sparing: pruned, share)
      } catch {
        // Made-up inputs need not be what a model takes.
        guard case .pruning(let problem) = error, step.calibration.source == .synthetic,
          [.badCalibration, .opaqueNode].contains(problem.code)
        else { throw error }
        result.report.warnings.append(
          "there is no refit: \(problem.message); give data, for made-up inputs do not serve")
        done = try work.result(
          of: step.withoutInputs, result.graph, wantsReference, sparing: pruned, share)
      }
      (result.graph, result.reference) = (done.graph, steps.count == 1 ? done.reference : nil)
      result.report.steps.append(done.report)
      result.report.warnings += done.warnings
      pruned.formUnion(done.report.prunedInitializers)
    }
    let left = result.graph.nonzeroParameterCount
    result.report.countedRatio = left == 0 ? nil : Double(source.parameterCount) / Double(left)
    try work.compare(half.wide ?? source, &result, steps, force: force)
    if half.wide != nil {
      result.graph = half.narrowed(result.graph)
      result.reference = result.reference.map(half.narrowed)
    }
    return result
  }
}

extension Graph {
  /// The graph in which an If whose condition is known is its branch, so that the weights in there count,
  /// and the free extents that this fixes.
  fileprivate func withKnownBranches(
    _ inputShapes: [String: [Int]]
  ) throws(PruningFailure) -> (graph: Graph, fixed: [FixedExtent]) {
    guard nodes.contains(where: \.isConditional) else { return (self, []) }
    do throws(GraphProblems) {
      let decided = try Specialised.forRewriting(self, inputShapes: inputShapes)
      return (decided.openGraph, decided.open?.fixed ?? [])
    } catch {
      throw .graph(error)
    }
  }
}

/// A model after pruning.
public struct PrunedModel: Sendable {
  public var graph: Graph
  public var report: PipelineReport
  /// The dense model with the removed channels zeroed at every consumer: it computes what the
  /// pruned model must compute before a refit. Only where it was asked for.
  public var reference: Graph?
}

/// Why a pipeline did not come to its end.
public enum PruningFailure: Error, Sendable, CustomStringConvertible {
  /// Faults and unsupported operators of the graph, all at once.
  case graph(GraphProblems)
  case pruning(PruningError)

  public var description: String {
    switch self {
    case .graph(let problems): problems.description
    case .pruning(let error): error.description
    }
  }
}

/// Shares the progress of a step among its stages by the time they take.
struct StageProgress {
  private var ranges: [PruningStage: (start: Double, length: Double)] = [:]
  private let report: (Double) -> Void

  init(of step: PruningStep, _ report: @escaping (Double) -> Void) {
    self.report = report
    // Where inputs are looked at, that takes the time.
    let looks = step.calibration.source != nil
    let stages = step.stages
    let work = stages.map { stage in
      switch stage {
      case .couple, .slice: 0.0
      case .rotate: 0.1
      case .score: looks ? 0.4 : 0
      case .select, .setZeros: 0.05
      case .refit, .recalibrate: 0.45
      }
    }
    let total = work.reduce(0, +)
    var start = 0.0
    for (stage, work) in zip(stages, work) {
      ranges[stage] = (start / total, work / total)
      start += work
    }
  }

  /// Called with the share of a stage that is done.
  func callAsFunction(_ stage: PruningStage) -> (Double) -> Void {
    guard let range = ranges[stage] else { return { _ in } }
    return { report(range.start + range.length * $0) }
  }
}
