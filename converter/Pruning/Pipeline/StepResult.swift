internal import EspalierGraph

/// What one step leaves.
struct StepResult {
  var graph: Graph
  var report: PipelineReport.Step
  var reference: Graph?
  /// A sentence each.
  var warnings: [String] = []
}

extension PruningWork {
  /// Does a step.
  /// - Parameters:
  ///   - wantsReference: Whether to make the masked reference, of a step that removes channels.
  ///   - sparing: Names of initializers that earlier steps have set to zero in part.
  func result(
    of step: PruningStep, _ graph: Graph, _ wantsReference: Bool, sparing: Set<String>,
    _ progress: StageProgress
  ) throws(PruningFailure) -> StepResult {
    switch step {
    case .channels(let step):
      let done = try channels(step, graph, wantsReference: wantsReference, progress)
      return StepResult(
        graph: done.graph, report: .channels(done.report), reference: done.reference,
        warnings: done.report.warnings + step.emptyRepairs(done.report)
          + step.calibration.warnings)
    case .zeros(let step):
      let quantised = QuantisedWeights(graph)
      let (pruned, report) = try zeros(
        step, quantised.plain ?? graph, sparing: sparing, progress)
      let restored = quantised.restored(pruned)
      var result = StepResult(graph: restored.graph, report: .zeros(report))
      result.warnings = step.calibration.warnings
      if !restored.plain.isEmpty {
        result.warnings.append(
          "no longer quantised, since channels of them are gone: "
            + restored.plain.joined(separator: ", "))
      }
      if report.refit?.layers == 0 {
        result.warnings.append("no layer was refitted: none of those with zeros can be solved for")
      }
      if let shortfall = report.shortfall(step) { result.warnings.append(shortfall) }
      return result
    }
  }

  /// Compares the result with the dense model.
  /// - Throws: `PruningFailure` for a broken one, unless it is wanted.
  func compare(
    _ dense: Graph, _ result: inout PrunedModel, _ steps: [PruningStep], force: Bool
  ) throws(PruningFailure) {
    let severed = result.report.steps.contains { step in
      guard case .zeros(let report) = step, report.opaque.isEmpty else { return false }
      return report.multiplyAccumulates ?? 0 > 0 && report.liveMultiplyAccumulates == 0
    }
    let calibration = steps.last { $0.calibration.source != nil }?.calibration
    do throws(PruningError) {
      result.report.difference = try difference(
        dense, result.graph, calibration ?? StepCalibration(source: .synthetic, samples: 32))
    } catch {
      guard calibration == nil || calibration?.source == .synthetic else { throw .pruning(error) }
    }
    if let warning = result.report.difference?.warning { result.report.warnings.append(warning) }
    guard
      let fault = severed
        ? "no path is left from its inputs to its outputs" : result.report.difference?.fault
    else { return }
    let worst = result.report.difference?.worst.prefix(3).map(\.name) ?? []
    guard !force else {
      result.report.warnings.append("the pruned model is broken: \(fault)")
      return
    }
    throw .pruning(
      PruningError(
        .brokenModel,
        "the pruned model is broken: \(fault)"
          + (worst.isEmpty ? "" : "; it differs most at \(worst.joined(separator: ", "))")
          + ". Prune less, refit on data of the model's own domain (--data), or write it all the same "
          + "(--force)"))
  }

  /// How far a pruned model's outputs lie from the dense one's; `nil` where that cannot be told.
  private func difference(
    _ dense: Graph, _ pruned: Graph, _ calibration: StepCalibration
  ) throws(PruningError) -> DenseDifference? {
    guard let whole = try? Specialised.forRewriting(dense, inputShapes: inputShapes),
      let left = try? Specialised.forRewriting(pruned, inputShapes: inputShapes),
      whole.opaqueNodes.isEmpty,
      let inputs = try calibration.runs(of: whole, seed: seed, files)
    else { return nil }
    return try DenseDifference(dense: whole, pruned: left, inputs, namesLayers: true)
  }
}

extension StepCalibration {
  fileprivate var warnings: [String] {
    guard source == .synthetic else { return [] }
    return [
      "no data is given: made-up inputs stand in for it; give --data of the model's own domain"
    ]
  }
}

extension PruningReport {
  /// What to say where less went than was asked for; `nil` where enough did.
  fileprivate func shortfall(_ step: ZeroStep) -> String? {
    let wanted = step.pruner.sparsity
    guard !isReached || !step.walks && sparsity < wanted - 0.02 else { return nil }
    let found = (sparsity * 1000).rounded() / 10
    return
      "\(found) % of the pruned layers' weights are zero where \(wanted * 100) % were wanted: of what is "
      + "left something is the last that makes or reads a channel"
  }
}

extension PipelineReport.Step {
  /// Initializers that the step has set to zero in part.
  var prunedInitializers: [String] {
    guard case .zeros(let report) = self else { return [] }
    return report.layers.filter { $0.reason == nil }.map(\.initializer)
  }
}

extension PruningStep {
  /// The step by what it knows of weights alone.
  var withoutInputs: PruningStep {
    switch self {
    case .channels(var step):
      step.calibration = StepCalibration()
      return .channels(step)
    case .zeros(var step):
      (step.calibration, step.method) = (StepCalibration(), .magnitude)
      return .zeros(step)
    }
  }
}
