import EspalierCoupling
import EspalierGraph
import EspalierPruning

extension RecipeStep {
  /// The inputs that a step looks at; `nil` where it names none.
  /// - Throws: `EspalierError`: 66 where a file is missing, 65 for data that the model cannot take.
  func calibration(
    for graph: Specialised, seed: UInt64, file: String
  ) throws(EspalierError) -> Calibration? {
    let sources = texts("data")
    guard let first = sources.first else { return nil }
    let limit = number("samples").map { Int($0) }
    if first == "noise" || first.hasPrefix("noise:") {
      let (mean, deviation) = try noise(sources, file)
      return try naming(file) { () throws(PruningError) in
        try Calibration.smoothNoise(
          for: graph, count: limit ?? 128, seed: seed, mean: [mean], deviation: [deviation])
      }
    }
    let names = graph.graph.inputs.map { graph.graph.values[$0].name }
    var tensors: [String: Tensor] = [:]
    for source in sources {
      // An input's name may hold "=" as little as a path that stands alone.
      let parts = source.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 || names.count == 1 else {
        throw EspalierError(
          exitCode: 65,
          "\(file): data \"\(source)\" does not say for which input; there are "
            + names.joined(separator: ", "))
      }
      tensors[parts.count == 2 ? parts[0] : names[0]] = try readNumPy(parts.last!)
    }
    return try naming(file) { () throws(PruningError) in
      try Calibration(tensors, for: graph, limit: limit ?? .max)
    }
  }

  private func noise(
    _ sources: [String], _ file: String
  ) throws(EspalierError) -> (mean: Double, deviation: Double) {
    let parts = sources[0].split(separator: ":", omittingEmptySubsequences: false)
    if parts.count == 1, sources.count == 1 { return (0, 1) }
    guard sources.count == 1, parts.count == 3, let mean = Double(parts[1]),
      let deviation = Double(parts[2]), mean.isFinite, deviation.isFinite, deviation > 0
    else {
      throw EspalierError(
        exitCode: 64,
        "data \"\(sources.joined(separator: " "))\" is not noise or "
          + "noise:MEAN:DEVIATION, alone and with a deviation above 0")
    }
    return (mean, deviation)
  }

  private var refit: Refit {
    var refit = Refit()
    if let damping = number("damping") {
      (refit.convolutionDamping, refit.productDamping) = (damping, damping)
    }
    return refit
  }

  /// The graph without what the plan removes, its weights refitted or its statistics taken anew where
  /// the step asks for it.
  func repaired(
    _ coupling: Coupling, _ plan: KeepPlan, _ calibration: Calibration?, file: String,
    into report: inout RecipeReport, progress: @escaping (Double) -> Void
  ) throws(EspalierError) -> Graph {
    guard let calibration, flag("refit") || flag("recalibrate") else {
      return coupling.pruned(plan)
    }
    if flag("refit") {
      let (graph, done) = try naming(file) { () throws(PruningError) in
        try refit.refitted(coupling, plan, calibration, progress: progress)
      }
      report.note(done)
      return graph
    }
    return try naming(file) { () throws(PruningError) in
      try BatchNormRecalibration().recalibrated(
        coupling.pruned(plan), inputShapes: coupling.graph.inputShapes, calibration,
        progress: progress)
    }
  }

  /// A graph with zeros, its other weights refitted.
  func refitted(
    _ dense: Graph, masked: Graph, _ inputShapes: [String: [Int]], seed: UInt64, file: String,
    into report: inout RecipeReport, progress: @escaping (Double) -> Void
  ) throws(EspalierError) -> Graph {
    let graphs: (Specialised, Specialised)
    do throws(GraphProblems) {
      graphs = (
        try Specialised.forRewriting(dense, inputShapes: inputShapes),
        try Specialised.forRewriting(masked, inputShapes: inputShapes)
      )
    } catch {
      throw EspalierError(error, in: file)
    }
    guard let calibration = try calibration(for: graphs.0, seed: seed, file: file) else {
      return masked
    }
    let (graph, done) = try naming(file) { () throws(PruningError) in
      try refit.refitted(dense: graphs.0, masked: graphs.1, calibration, progress: progress)
    }
    report.note(done)
    return graph
  }

  /// What goes wrong with the file's model.
  func naming<Value>(
    _ file: String, _ body: () throws(PruningError) -> Value
  ) throws(EspalierError) -> Value {
    do throws(PruningError) { return try body() } catch {
      throw EspalierError(exitCode: 65, "\(file): \(error)")
    }
  }
}
