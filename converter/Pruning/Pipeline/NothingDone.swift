internal import EspalierCoupling
internal import EspalierGraph

/// What a step says where it would leave a model as it was, and of what it was told in vain: success on
/// nothing is no success.
enum NothingDone {
  /// Refuses a selection of channels that removes none, where some were to go.
  /// - Throws: `PruningError` with `.nothingDone` and the cause.
  static func check(
    _ step: ChannelStep, _ coupling: Coupling, _ kept: KeptChannels
  ) throws(PruningError) {
    guard kept.isEmpty, step.pruner.budget != .channels(share: 0) else { return }
    let allowed = zip(coupling.groups, try step.pruner.allowed(coupling)).filter(\.1).map(\.0)
    throw PruningError(
      .nothingDone, "no channel can go: " + cause(step, coupling, allowed))
  }

  private static func cause(
    _ step: ChannelStep, _ coupling: Coupling, _ allowed: [ChannelGroup]
  ) -> String {
    if coupling.groups.isEmpty {
      let reasons = coupling.frozenAxes.prefix(3).map {
        "axis \($0.axis) of \"\($0.tensor)\" is held: \($0.reason)"
      }
      return reasons.isEmpty ? "the network has no channels" : reasons.joined(separator: "; ")
    }
    if allowed.isEmpty {
      return step.pruner.pattern == .head && coupling.heads.isEmpty
        ? "the network has no attention heads; take pattern channel"
        : "no group has a layer that matches; `espalier groups` names them"
    }
    let largest = allowed.map(\.size).max()!
    return largest <= step.pruner.alignment
      ? "the largest group has \(largest) channels, and counts stay multiples of "
        + "\(step.pruner.alignment); take a smaller alignment"
      : "the share, the caps and the alignment of \(step.pruner.alignment) leave every group as it is"
  }

  /// Refuses zeros that reach no layer.
  /// - Throws: `PruningError` with `.nothingDone` and each reason with its layers.
  static func check(_ report: PruningReport) throws(PruningError) {
    guard !report.layers.contains(where: { $0.reason == nil }) else { return }
    var layers: [String: [String]] = [:]
    for layer in report.layers { layers[layer.reason ?? "", default: []].append(layer.name) }
    let order = report.layers.map { $0.reason ?? "" }
    let place = { (reason: String) in order.firstIndex(of: reason) ?? 0 }
    let sorted = layers.sorted {
      ($1.value.count, place($0.key)) < ($0.value.count, place($1.key))
    }
    let causes = sorted.prefix(3).map { reason, names in
      "\(names[0])\(names.count > 1 ? " and \(names.count - 1) more" : ""): \(reason)"
    }
    throw PruningError(
      .nothingDone,
      "no layer gets zeros: "
        + (causes.isEmpty ? "the network has none with weights" : causes.joined(separator: "; ")))
  }

  /// Regular expressions in which no name is found.
  static func unmatched(_ expressions: [String], among names: [String]) -> [String] {
    expressions.filter { text in
      guard let expression = try? Regex(text) else { return false }
      return !names.contains { $0.firstMatch(of: expression) != nil }
    }
  }
}

extension Graph {
  /// What `layers` and `exclude` are searched in.
  var namesOfLayers: [String] {
    nodes.map(\.name) + values.compactMap { $0.constant == nil ? nil : $0.name }
  }
}

extension PruningStep {
  /// Refuses `layers` of which none is found: the step would be of no layer.
  /// - Throws: `PruningError` with `.nothingDone`.
  func checkLayers(_ graph: Graph) throws(PruningError) {
    let layers =
      switch self {
      case .channels(let step): step.pruner.layers
      case .zeros(let step): step.pruner.layers
      }
    let unmatched = NothingDone.unmatched(layers, among: graph.namesOfLayers)
    guard !layers.isEmpty, unmatched.count == layers.count else { return }
    throw PruningError(
      .nothingDone,
      "layers \(unmatched.map { "\"\($0)\"" }.joined(separator: ", ")) is found in no name of a layer "
        + "or a weight; `espalier inspect` names the layers")
  }

  /// What the step was told in vain, a sentence each.
  func warnings(_ graph: Graph) -> [String] {
    let (layers, exclude, caps): ([String], [String], [String]) =
      switch self {
      case .channels(let step):
        (step.pruner.layers, step.pruner.exclude, step.pruner.caps.map(\.layers))
      case .zeros(let step): (step.pruner.layers, step.pruner.exclude, [])
      }
    let names = graph.namesOfLayers
    var warnings: [String] = []
    for (option, texts) in [("layers", layers), ("exclude", exclude), ("caps", caps)] {
      warnings += NothingDone.unmatched(texts, among: names).map {
        "\(option) \"\($0)\" is found in no name of a layer or a weight"
      }
    }
    if calibration.source == nil, calibration.samples != nil {
      warnings.append("samples is not used: there is no data")
    }
    if !calibration.refits, calibration.damping != nil {
      warnings.append("damping is not used: nothing is refitted")
    }
    if isOfNothing { warnings.append("a sparsity of 0 leaves the model as it is") }
    if calibration.source != nil, !looksAtInputs {
      warnings.append(
        "data is not used: the criterion looks at weights alone, and neither a refit nor a "
          + "recalibration was asked for; give --refit")
    }
    return warnings
  }

  /// Whether the step was told to take nothing away.
  private var isOfNothing: Bool {
    switch self {
    case .channels(let step): step.pruner.budget == .channels(share: 0)
    case .zeros(let step): step.pruner.sparsity == 0
    }
  }

  /// Whether anything of the step needs inputs.
  private var looksAtInputs: Bool {
    switch self {
    case .zeros(let step): return step.calibration.refits || step.method == .obs
    case .channels(let step):
      if case .reconstruction = step.criterion { return true }
      return step.calibration.refits || step.recalibrates || step.rotates
    }
  }
}

extension ChannelPruner {
  /// That an alignment other than the usual one is not kept, where groups have too few channels for it.
  func cutAlignments(_ coupling: Coupling) -> [String] {
    guard alignment != Self.usualAlignment else { return [] }
    let cut = coupling.groups.filter {
      $0.step(coupling, alignment: alignment) < $0.uncutStep(coupling, alignment: alignment)
    }
    guard let smallest = cut.min(by: { $0.size < $1.size }) else { return [] }
    return [
      "an alignment of \(alignment) leaves too little choice in \(cut.count) of "
        + "\(coupling.groups.count) groups and is cut down there, to "
        + "\(smallest.step(coupling, alignment: alignment)) in the smallest, of \(smallest.size) channels"
    ]
  }
}

extension ChannelStep {
  /// Repairs that were asked for and found nothing to do.
  func emptyRepairs(_ report: ChannelReport) -> [String] {
    guard let refit = report.refit, refit.layers == 0 else { return [] }
    return ["no layer was refitted: none that lost inputs can be solved for"]
  }
}
