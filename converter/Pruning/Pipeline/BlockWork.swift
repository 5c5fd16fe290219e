internal import EspalierCoupling
internal import EspalierGraph

extension ZeroStep {
  /// Whether zeros are chosen in a walk over the whole network.
  var walks: Bool {
    if case .block = pruner.pattern { pruner.scope == .global } else { false }
  }
}

/// Sets blocks to zero where a whole network loses least, and removes the channels that go with them.
struct BlockWork {
  private let step: ZeroStep
  private let graph: Graph
  private let coupling: Coupling
  private let work: PruningWork
  private let weights: [SelectedWeight]
  private let sparing: Set<String>

  init(
    _ step: ZeroStep, _ graph: Graph, _ coupling: Coupling, _ work: PruningWork,
    _ sparing: Set<String>
  ) throws(PruningError) {
    (self.step, self.graph, self.coupling) = (step, graph, coupling)
    (self.work, self.sparing) = (work, sparing)
    weights = try step.pruner.selectWeights(graph, sparing: sparing)
  }

  /// A network with zeros, and what was done.
  private struct Outcome {
    var graph: Graph
    var masked: Graph
    var refit: Refit.Report?
    var fixed: [FixedExtent] = []
    var isReached: Bool
  }

  func run(_ progress: StageProgress) throws(PruningError) -> (graph: Graph, report: PruningReport)
  {
    try step.calibration.check(reaches: coupling.graph)
    let inputs = try step.calibration.runs(of: coupling.graph, seed: work.seed, work.files)
    let flow = ChannelFlow(coupling)
    let places = places(flow)
    let choice = try BlockChoice(
      coupling, flow, step.pruner, isPruned: flow.layers.indices.map { places[$0] != nil },
      mayLoseChannels: try mayLoseChannels(flow), step.method == .obs ? inputs : nil,
      progress: progress(.score))
    let stage = progress(step.calibration.refits && inputs != nil ? .refit : .setZeros)
    let chosen = choice.chosen(orders: try order(inputs)) { stage(0.3 * $0) }
    let done = try outcome(chosen, flow, places, inputs) { stage(0.3 + 0.7 * $0) }
    var report = step.pruner.report(
      graph, done.masked, weights, method: step.method, work.inputShapes)
    (report.refit, report.fixed, report.isReached) = (done.refit, done.fixed, done.isReached)
    if sparing.isEmpty, step.pruner.sparsity > 0 { try report.checkOpaque() }
    try NothingDone.check(report)
    return (done.graph, report)
  }

  /// For each layer of the flow whose blocks may go, the weight's place.
  private func places(_ flow: ChannelFlow) -> [Int: Int] {
    var layerOfOutput: [Graph.ValueID: Int] = [:]
    for (number, layer) in flow.layers.enumerated() where !layer.isPassage {
      layerOfOutput[layer.linear.output] = number
    }
    var result: [Int: Int] = [:]
    for (place, weight) in weights.enumerated() where weight.reason == nil {
      guard weight.layers.count == 1, let matrix = weight.matrix,
        let output = graph.nodes[weight.layers[0].node].outputs.first ?? nil,
        let number = layerOfOutput[output], flow.layers[number].fits(matrix)
      else { continue }
      result[number] = place
    }
    return result
  }

  /// For each group, whether whole channels may go: none that anything but known layers makes or reads,
  /// and none that a statistic runs over.
  private func mayLoseChannels(_ flow: ChannelFlow) throws(PruningError) -> [Bool] {
    var pruner = ChannelPruner(budget: .channels(share: 0))
    (pruner.layers, pruner.exclude) = (step.pruner.layers, step.pruner.exclude)
    let allowed = try pruner.allowed(coupling)
    return coupling.groups.indices.map { number in
      let group = coupling.groups[number]
      let spared = group.members.contains { member in
        sparing.contains(coupling.graph.graph.values[coupling.uses[member.use].value].name)
      }
      return allowed[number] && group.partner == nil && group.isExact && !spared
        && flow.channelsOfGroup[number].allSatisfy { channels in
          !channels.isEmpty && channels.allSatisfy { !flow.isSource[$0] && !flow.isSink[$0] }
        }
    }
  }

  /// For each group its indices from the one that matters most on: tiles go from the end, and blocks are
  /// cut where channels of like weight stand together.
  private func order(_ inputs: Calibration?) throws(PruningError) -> [[Int]] {
    let scores =
      if step.method == .obs, let inputs {
        try ReconstructionScores(.obspa).scores(coupling, inputs.prefix(BlockChoice.samples))
      } else {
        WeightCriterion.l2.scores(coupling, aggregation: .sum, seed: work.seed)
      }
    return scores.values.map { lists in
      lists[0].indices.sorted { (lists[0][$1], $0) < (lists[0][$0], $1) }
    }
  }

  // MARK: A choice made true

  private func outcome(
    _ chosen: BlockChoice.Chosen, _ flow: ChannelFlow, _ places: [Int: Int],
    _ inputs: Calibration?, _ progress: @escaping (Double) -> Void
  ) throws(PruningError) -> Outcome {
    let masked = masked(chosen, flow, places)
    let kept = kept(chosen, coupling)
    var result = Outcome(graph: masked, masked: masked, isReached: chosen.isReached)
    if !kept.isEmpty {
      let whole = Coupling(of: try specialised(masked))
      guard whole.groups.map(\.size) == coupling.groups.map(\.size) else {
        throw PruningError(.badGraph, "zeros have changed which channels go together")
      }
      let cut = whole.sliced(self.kept(chosen, whole))
      (result.graph, result.fixed) = (cut.graph, cut.fixed)
    } else if step.calibration.refits, inputs != nil {
      let whole = try specialised(masked)
      (result.graph, result.fixed) = (whole.openGraph, whole.open?.fixed ?? [])
    }
    guard step.calibration.refits, let inputs else { return result }
    let (refitted, report) = try step.calibration.refit.refitted(
      coupling, kept, zeros: result.graph, inputs, progress: progress)
    (result.graph, result.refit) = (refitted, report)
    return result
  }

  private func kept(_ chosen: BlockChoice.Chosen, _ coupling: Coupling) -> KeptChannels {
    var kept = KeptChannels(coupling)
    for (number, order) in chosen.order { kept.arrange(order, of: coupling.groups[number]) }
    return kept
  }

  /// The graph with zeros in place of all that goes; weights that no walk knows lose their smallest
  /// blocks.
  private func masked(
    _ chosen: BlockChoice.Chosen, _ flow: ChannelFlow, _ places: [Int: Int]
  ) -> Graph {
    var result = graph
    for (number, stays) in chosen.stays {
      let layer = flow.layers[number]
      // Nothing is lost where a weight is no initializer: what is cut away is zero to nobody.
      guard let weight = weight(of: layer, number, places),
        graph.values[weight.initializer].constant?.elementType.isFloatingPoint == true
      else { continue }
      zero(weight.initializer, in: &result, layer.mask(stays, weight.matrix!))
    }
    let known = Set(places.values)
    let others = weights.indices.filter { weights[$0].reason == nil && !known.contains($0) }
    for (place, mask) in zip(
      others, step.pruner.masks(others.map { weights[$0] }, graph, flow) { _ in })
    {
      zero(weights[place].initializer, in: &result, mask)
    }
    return result
  }

  private func zero(_ value: Graph.ValueID, in graph: inout Graph, _ mask: [Bool]) {
    graph.values[value].constant = graph.values[value].constant!.zeroed(where: mask)
  }

  /// The weight of a layer of which channels go, whether its blocks may go or not.
  private func weight(
    of layer: MatrixLayer, _ number: Int, _ places: [Int: Int]
  ) -> SelectedWeight? {
    if let place = places[number] { return weights[place] }
    return weights.first { weight in
      weight.layers.count == 1 && weight.matrix.map(layer.fits) ?? false
        && graph.nodes[weight.layers[0].node].outputs.first == layer.linear.output
    }
  }

  private func specialised(_ graph: Graph) throws(PruningError) -> Specialised {
    do throws(GraphProblems) {
      return try Specialised.forRewriting(graph, inputShapes: coupling.graph.inputShapes)
    } catch {
      throw PruningError(.badGraph, "what is left of the graph does not fit together: \(error)")
    }
  }
}

extension MatrixLayer {
  /// Whether a weight's matrix is the layer's.
  func fits(_ matrix: WeightMatrix) -> Bool {
    matrix.groupStarts.count == linear.groups && matrix.rows == linear.rows
      && matrix.columns == width && matrix.tapOffsets.count == linear.taps
  }

  /// Which elements of an initializer go.
  /// - Parameter stays: Which weights stay, by group, row and column.
  func mask(_ stays: [Bool], _ matrix: WeightMatrix) -> [Bool] {
    var mask = [Bool](repeating: false, count: matrix.count)
    var place = 0
    for start in matrix.groupStarts {
      for row in 0..<matrix.rows {
        for column in 0..<matrix.columns {
          let corner = start + row * matrix.rowStride + column * matrix.columnStride
          for tap in matrix.tapOffsets {
            mask[corner + tap] = !stays[place]
            place += 1
          }
        }
      }
    }
    return mask
  }
}
