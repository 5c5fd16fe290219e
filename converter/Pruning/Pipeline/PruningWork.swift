internal import EspalierCoupling
internal import EspalierGraph

/// What every step needs beside the graph.
struct PruningWork {
  let inputShapes: [String: [Int]]
  let files: PruningFiles
  let seed: UInt64

  /// Removes channels: couples, rotates, scores, selects, slices and repairs.
  func channels(
    _ step: ChannelStep, _ graph: Graph, wantsReference: Bool, _ progress: StageProgress
  ) throws(PruningFailure) -> (graph: Graph, report: ChannelReport, reference: Graph?) {
    try pruning { () throws(PruningError) in try step.check() }
    let dense = Coupling(of: try specialised(graph))
    return try pruning { () throws(PruningError) in
      try step.calibration.check(reaches: dense.graph)
      if dense.groups.isEmpty, step.pruner.budget.wantsLess { try dense.checkOpaque() }
      let inputs = try step.calibration.runs(of: dense.graph, seed: seed, files)
      var coupling = dense
      if step.rotates, let inputs {
        coupling = try ChannelRotation().rotated(
          dense, allowed: step.pruner.allowed(dense), inputs, progress: progress(.rotate))
      }
      let scores = try scores(step, coupling, inputs, progress(.score))
      let keptChannels = try step.pruner.selected(coupling, scores, progress: progress(.select))
      var report = ChannelReport(
        coupling, keptChannels, method: step.method.rawValue, pattern: step.pruner.pattern.rawValue,
        scope: step.pruner.scope)
      report.warnings = step.pruner.cutAlignments(coupling)
      if keptChannels.isEmpty, step.pruner.budget.wantsLess { try dense.checkOpaque() }
      try NothingDone.check(step, coupling, keptChannels)
      let reference = wantsReference ? coupling.masked(keptChannels) : nil
      // A model that loses nothing stays as it was read.
      guard !keptChannels.isEmpty else { return (graph, report, reference?.graph) }
      let pruned = coupling.sliced(keptChannels)
      report.fixed = pruned.fixed
      for other in reference?.fixed ?? [] where !report.fixed.contains(other) {
        report.fixed.append(other)
      }
      guard let inputs, step.calibration.refits || step.recalibrates else {
        return (pruned.graph, report, reference?.graph)
      }
      guard step.calibration.refits else {
        let recalibrated = try BatchNormRecalibration().recalibrated(
          pruned.graph, inputShapes: coupling.graph.inputShapes, inputs,
          progress: progress(.recalibrate))
        return (recalibrated, report, reference?.graph)
      }
      let (refitted, refit) = try step.calibration.refit.refitted(
        coupling, keptChannels, inputs, progress: progress(.refit))
      report.refit = refit
      return (refitted, report, reference?.graph)
    }
  }

  private func scores(
    _ step: ChannelStep, _ coupling: Coupling, _ inputs: Calibration?,
    _ progress: @escaping (Double) -> Void
  ) throws(PruningError) -> ChannelScores {
    switch step.criterion {
    case .weights(let criterion):
      return criterion.scores(coupling, aggregation: step.aggregation, seed: seed)
    case .reconstruction(let criterion):
      guard let inputs else { throw ChannelStep.lacksInputs("criterion \(criterion.rawValue)") }
      return try ReconstructionScores(criterion).scores(coupling, inputs, progress: progress)
    case .scores(let sources):
      return try ScoreFiles(sources, files).scores(
        coupling, aggregation: step.aggregation, allowed: step.pruner.allowed(coupling))
    }
  }

  /// Sets weights to zero, and refits the others where the step asks for it. Channels that nothing reads
  /// any more are gone from the start.
  func zeros(
    _ step: ZeroStep, _ graph: Graph, sparing: Set<String>, _ progress: StageProgress
  ) throws(PruningFailure) -> (graph: Graph, report: PruningReport) {
    try pruning { () throws(PruningError) in
      if let need = step.needOfInputs { throw ChannelStep.lacksInputs(need) }
      try step.calibration.check()
    }
    var dense = graph
    // Without the inputs' shapes nothing is known of channels, but zeros need none.
    var whole = try? specialised(graph)
    if let coupling = whole.map({ Coupling(of: $0) }) {
      let read = coupling.readChannels()
      if !read.isEmpty {
        dense = coupling.pruned(read)
        whole = try specialised(dense)
      }
    }
    var (result, report) =
      if step.walks, let whole {
        try pruning { () throws(PruningError) in
          try BlockWork(step, dense, Coupling(of: whole), self, sparing).run(progress)
        }
      } else {
        try evenZeros(step, dense, sparing: sparing, progress)
      }
    report.countCosts(graph, result, inputShapes)
    // What was removed beforehand counts as gone.
    for index in report.layers.indices {
      let name = report.layers[index].initializer
      if let tensor = graph.values.first(where: { $0.name == name })?.constant {
        report.layers[index].of = tensor.count
      }
    }
    return (result, report)
  }

  /// Sets weights to zero weight by weight.
  private func evenZeros(
    _ step: ZeroStep, _ dense: Graph, sparing: Set<String>, _ progress: StageProgress
  ) throws(PruningFailure) -> (graph: Graph, report: PruningReport) {
    var scores: [Graph.ValueID: [Float]] = [:]
    if step.method == .obs {
      let coupling = Coupling(of: try specialised(dense))
      try pruning { () throws(PruningError) in
        try step.calibration.check(reaches: coupling.graph)
        guard let inputs = try step.calibration.runs(of: coupling.graph, seed: seed, files) else {
          return
        }
        scores = try WeightScores.scores(
          try step.pruner.selectWeights(dense, sparing: sparing), dense, coupling,
          ChannelFlow(coupling), inputs, progress: progress(.score))
      }
    }
    var (masked, report) = try pruning { () throws(PruningError) in
      let (masked, report) = try step.pruner.pruned(
        dense, inputShapes: inputShapes, sparing: sparing, scores: scores, method: step.method,
        progress: progress(.setZeros))
      if sparing.isEmpty, step.pruner.sparsity > 0 { try report.checkOpaque() }
      try NothingDone.check(report)
      return (masked, report)
    }
    guard step.calibration.refits else { return (masked, report) }
    let graphs = (dense: try specialised(dense), masked: try specialised(masked))
    report.fixed = graphs.masked.open?.fixed ?? []
    try pruning { () throws(PruningError) in
      try step.calibration.check(reaches: graphs.dense)
      guard let inputs = try step.calibration.runs(of: graphs.dense, seed: seed, files) else {
        return
      }
      let (refitted, refit) = try step.calibration.refit.refitted(
        dense: graphs.dense, masked: graphs.masked, inputs, progress: progress(.refit))
      (masked, report.refit) = (refitted, refit)
    }
    return (masked, report)
  }

  private func specialised(_ graph: Graph) throws(PruningFailure) -> Specialised {
    do throws(GraphProblems) {
      return try Specialised.forRewriting(graph, inputShapes: inputShapes)
    } catch {
      throw .graph(error)
    }
  }

  private func pruning<Value>(
    _ body: () throws(PruningError) -> Value
  ) throws(PruningFailure) -> Value {
    do throws(PruningError) { return try body() } catch { throw .pruning(error) }
  }
}

extension ChannelStep {
  package static func lacksInputs(_ user: String) -> PruningError {
    PruningError(
      .badStep, "\(user) needs inputs to calibrate on: give data, or noise in place of images")
  }

  /// What a step that nobody has read from text may say wrong.
  /// - Throws: `PruningError` with `.badStep`.
  func check() throws(PruningError) {
    if let needOfInputs { throw Self.lacksInputs(needOfInputs) }
    let shares = [pruner.cap] + pruner.caps.map(\.share)
    let alignments = ChannelPruner.alignments
    guard shares.allSatisfy({ $0 > 0 && $0 < 1 }), alignments.contains(pruner.alignment) else {
      throw PruningError(
        .badStep,
        "caps are shares above 0 to below 1, and the alignment is 1 to \(alignments.upperBound)")
    }
    try calibration.check()
  }
}
