import EspalierCoupling
public import EspalierGraph

/// Where weights compete with each other.
public enum PruningScope: String, Sendable, Hashable, CaseIterable {
  /// All layers together by plain magnitude: layers of small weights lose more, or nearly all.
  case global
  /// Each layer by itself: every layer has the same sparsity.
  case layer
}

/// One-shot pruning by magnitude: the smallest weights become zero, in a pattern.
///
/// Only initializers change, so the graph can be exported and run as before. The result is a function
/// of the graph alone; of equal magnitudes the later one goes first.
public struct MagnitudePruner: Sendable, Hashable {
  public let pattern: PruningPattern
  /// The share of the pruned layers' weights that become zero; what the pattern implies, for N:M.
  public let sparsity: Double
  public let scope: PruningScope
  public let criterion: MagnitudeCriterion
  /// Regular expressions; if there are any, layers whose node and initializer have no match in their
  /// names stay as they are.
  public let layers: [String]
  /// Regular expressions; layers whose node or initializer has a match in its name stay as they are.
  public let exclude: [String]
  /// Whether layers at the graph's inputs and outputs stay as they are.
  public let keepsFirstAndLast: Bool

  /// - Parameters:
  ///   - sparsity: From 0 up to, but not including, 1; may be left out where the pattern implies it.
  ///   - layers: Regular expressions that are searched for in node and initializer names, as are
  ///     those of `exclude`.
  /// - Throws: `PruningError` for a sparsity that is missing, out of range or not the pattern's, and
  ///   for a regular expression that is not one.
  public init(
    pattern: PruningPattern, sparsity: Double? = nil, scope: PruningScope = .layer,
    criterion: MagnitudeCriterion = .l2, layers: [String] = [], exclude: [String] = [],
    keepsFirstAndLast: Bool = true
  ) throws(PruningError) {
    guard let wanted = sparsity ?? pattern.impliedSparsity else {
      throw PruningError(.badSparsity, "pattern \(pattern) needs a sparsity, such as 0.7")
    }
    guard wanted >= 0, wanted < 1 else {
      throw PruningError(
        .badSparsity, "sparsity \(wanted) is not from 0 up to, but not including, 1")
    }
    if let implied = pattern.impliedSparsity, abs(wanted - implied) > 0.005 {
      throw PruningError(
        .badSparsity,
        "pattern \(pattern) means a sparsity of \(implied), not \(wanted); leave it out")
    }
    self.pattern = pattern
    self.sparsity = pattern.impliedSparsity ?? wanted
    self.scope = scope
    self.criterion = criterion
    self.layers = layers
    self.exclude = exclude
    self.keepsFirstAndLast = keepsFirstAndLast
    _ = try expressions(layers + exclude)
  }

  /// The graph with the smallest weights set to zero, and what was done.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name; for counting operations.
  ///   - sparing: Names of initializers that stay as they are, since they were pruned before.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  /// - Throws: `PruningError` for a graph that is not well formed and for a weight that is not a
  ///   finite number.
  public func pruned(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], sparing: Set<String> = [],
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> (Graph, PruningReport) {
    try pruned(
      graph, inputShapes: inputShapes, sparing: sparing, scores: [:], method: .magnitude,
      progress: progress)
  }

  /// The same by other numbers than the weights themselves.
  /// - Parameter scores: What ranks in place of a weight's elements, by initializer.
  func pruned(
    _ graph: Graph, inputShapes: [String: [Int]], sparing: Set<String>,
    scores: [Graph.ValueID: [Float]], method: ZeroStep.Method, progress: ((Double) -> Void)?
  ) throws(PruningError) -> (Graph, PruningReport) {
    if let problem = graph.validate().first {
      throw PruningError(.badGraph, problem.description)
    }
    progress?(0)
    let weights = try selectWeights(graph, sparing: sparing)
    let active = weights.filter { $0.reason == nil }
    var result = graph
    let typed = try? Specialised.forRewriting(graph, inputShapes: inputShapes)
    let flow = typed.map { ChannelFlow(Coupling(of: $0)) }
    let masks = masks(active, graph, flow, scores: scores) { progress?(0.8 * $0) }
    for (weight, mask) in zip(active, masks) {
      result.values[weight.initializer].constant =
        graph.values[weight.initializer].constant!.zeroed(where: mask)
    }
    progress?(0.9)
    let report = report(graph, result, weights, method: method, inputShapes)
    progress?(1)
    return (result, report)
  }

  /// What was done to each weight.
  /// - Parameter result: The graph with zeros.
  func report(
    _ graph: Graph, _ result: Graph, _ weights: [SelectedWeight], method: ZeroStep.Method,
    _ inputShapes: [String: [Int]]
  ) -> PruningReport {
    var report = PruningReport(method: method.rawValue, pattern: pattern, scope: scope)
    report.layers = weights.map { weight in
      let node = graph.nodes[weight.layers[0].node]
      let tensor = result.values[weight.initializer].constant
      return PruningReport.Layer(
        name: node.name, initializer: graph.values[weight.initializer].name,
        operation: node.operation, kept: tensor?.nonzeroCount ?? 0, of: tensor?.count ?? 0,
        reason: weight.reason)
    }
    report.countCosts(graph, result, inputShapes)
    return report
  }

  func expressions(_ texts: [String]) throws(PruningError) -> [Regex<AnyRegexOutput>] {
    var result: [Regex<AnyRegexOutput>] = []
    for text in texts {
      do {
        result.append(try Regex(text))
      } catch {
        throw PruningError(.badExclusion, "\"\(text)\" is not a regular expression: \(error)")
      }
    }
    return result
  }

  /// For each weight, which of its elements become zero. Every channel keeps something that makes it and
  /// something that reads it.
  /// - Parameters:
  ///   - flow: What is known of the graph's channels.
  ///   - scores: What ranks in place of a weight's elements, by initializer.
  func masks(
    _ weights: [SelectedWeight], _ graph: Graph, _ flow: ChannelFlow?,
    scores: [Graph.ValueID: [Float]] = [:], _ progress: (Double) -> Void
  ) -> [[Bool]] {
    let numbers = { (weight: SelectedWeight) in
      scores[weight.initializer] ?? graph.values[weight.initializer].constant!.floats
    }
    let needed = NeededLines.all(weights, graph, flow)
    var masks: [[Bool]] = []
    if let (kept, run) = pattern.run {
      for (index, weight) in weights.enumerated() {
        var mask = [Bool](repeating: false, count: weight.matrix!.count)
        let selection = RunSelection(
          matrix: weight.matrix!, rows: pattern.block.rows, kept: kept, run: run)
        let values = numbers(weight)
        selection.mark(values, criterion, in: &mask)
        selection.cover(values, criterion, needed[index], in: &mask)
        masks.append(mask)
        progress(Double(index + 1) / Double(weights.count))
      }
      return masks
    }
    let grids = weights.map {
      BlockGrid($0.matrix!, rows: pattern.block.rows, columns: pattern.block.columns)
    }
    var ranked: [RankedBlocks] = []
    for (index, weight) in weights.enumerated() {
      ranked.append(RankedBlocks(grids[index], numbers(weight), criterion))
      progress(0.5 * Double(index + 1) / Double(weights.count))
    }
    let keys = ranked.map(\.keys)
    let counts = weights.map { $0.matrix!.count }
    var chosen = choose(ranked, counts)
    // What is given back is kept in the next round, in which something else goes for it.
    for round in 0..<Self.coverRounds {
      var restores = false
      for index in grids.indices {
        let restored = grids[index].restore(&chosen[index], keys[index], needed[index])
        for block in restored { ranked[index].keys[block] = RankedBlocks.protected }
        restores = restores || !restored.isEmpty
      }
      guard restores, round < Self.coverRounds - 1 else { break }
      chosen = choose(ranked, counts)
    }
    for (grid, chosen) in zip(grids, chosen) { masks.append(grid.mask(chosen)) }
    return masks
  }

  /// How often blocks are chosen anew once some have been given back; the last time none goes for them.
  private static let coverRounds = 8

  /// For each layer, which of its blocks go.
  private func choose(_ ranked: [RankedBlocks], _ counts: [Int]) -> [[Bool]] {
    let target = { (count: Int) in Int((sparsity * Double(count)).rounded()) }
    switch scope {
    case .global:
      return Ranking.lowest(ranked, elements: target(counts.reduce(0, +)))
    case .layer:
      return zip(ranked, counts).map { Ranking.lowest([$0], elements: target($1))[0] }
    }
  }
}
