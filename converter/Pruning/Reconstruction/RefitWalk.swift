import EspalierEvaluation
import EspalierGraph

/// Two graphs on their way through the same inputs.
struct RefitWalk: Sendable {
  private let options: Refit
  private let dense: Evaluator
  private var pruned: Evaluator
  private var denseValues: [Evaluator.Values] = []
  private var prunedValues: [Evaluator.Values] = []
  /// For each value, whether the two graphs compute it alike: nothing before it has been pruned.
  private var isUnchanged: [Bool]
  private(set) var replaced: [Graph.ValueID: Tensor] = [:]
  private(set) var report = Refit.Report()

  init(
    _ options: Refit, dense: Specialised, pruned: Specialised, _ calibration: Calibration
  ) throws(PruningError) {
    self.options = options
    (self.dense, self.pruned) = (Evaluator(dense), Evaluator(pruned))
    isUnchanged = [Bool](repeating: true, count: pruned.graph.values.count)
    // While a layer is solved for again, the targets of all runs are held.
    let outputs = pruned.graph.nodes.flatMap(\.outputs).compactMap {
      $0.flatMap { pruned.types[$0] }
    }
    let targets = outputs.map { $0.count * 4 }.max() ?? 0
    let bytes = self.dense.peakByteCount + self.pruned.peakByteCount + targets
    let runs = min(calibration.runs.count, options.activationByteLimit / max(bytes, 1))
    guard runs > 0 else {
      throw PruningError(
        .tooLarge,
        "one run needs \(bytes >> 20) MiB for its activations, of which "
          + "\(options.activationByteLimit >> 20) MiB are allowed; use smaller inputs")
    }
    (report.runs, report.activationBytes) = (runs, runs * bytes)
    denseValues = try self.dense.start(calibration.runs.prefix(runs))
    prunedValues = try self.pruned.start(calibration.runs.prefix(runs))
  }

  /// For each node the layer that can be refitted there.
  func layers(keepsZeros: Bool, kept: (LinearLayer) -> [Int]?) -> [RefitLayer?] {
    let surroundings = LayerSurroundings(pruned.graph)
    return pruned.nodes.indices.map { node in
      guard let layer = LinearLayer(node, of: pruned.graph),
        let whole = LinearLayer(node, of: dense.graph), surroundings.ownsWeight(layer),
        let kept = kept(whole), kept.count == layer.groups * layer.rows,
        whole.batches == layer.batches, whole.planeSize == layer.planeSize
      else { return nil }
      let bias = surroundings.bias(of: layer)
      guard !surroundings.addsMore(layer, bias) else { return nil }
      return RefitLayer(
        pruned: layer, dense: whole, kept: kept, bias: bias,
        residual: options.followsResiduals ? surroundings.residual(of: layer) : nil,
        activation: surroundings.activation(of: layer))
    }
  }

  mutating func compute(
    _ node: Int, _ layer: RefitLayer?, keepsZeros: Bool
  ) throws(PruningError) {
    try namingSample { () throws(Evaluator.SampleError) in
      try dense.compute(node, all: &denseValues)
    }
    // Rows cut from a layer that reads what the dense one reads are right as they are.
    if let layer, !isUnchanged[layer.pruned.input] || keepsZeros && !isSame(node) {
      try refit(layer, keepsZeros: keepsZeros)
    }
    let same = isSame(node)
    for case let output? in pruned.nodes[node].outputs { isUnchanged[output] = same }
    try namingSample { () throws(Evaluator.SampleError) in
      try pruned.compute(node, all: &prunedValues)
    }
  }

  /// Whether a node computes what the dense graph's does, from the same inputs.
  private func isSame(_ node: Int) -> Bool {
    let whole = dense.nodes[node].inputs
    return pruned.nodes[node].inputs.enumerated().allSatisfy { place, input in
      guard let input else { return true }
      guard let own = pruned.constant(input) else { return isUnchanged[input] }
      // A bias of zeros where there was none is no change.
      guard place < whole.count, let other = whole[place] else {
        return own.floats.allSatisfy { $0 == 0 }
      }
      return dense.constant(other) == own
    }
  }

  private mutating func refit(
    _ layer: RefitLayer, keepsZeros: Bool
  ) throws(PruningError) {
    let runs = Array(denseValues.indices)
    let places = runs.count * layer.pruned.placeCount
    guard !options.skipsUndetermined || places >= layer.pruned.columns else { return }
    let residual = layer.residual.flatMap { isKnown($0.value) ? $0 : nil }
    let hasBias = layer.bias != nil
    let searches =
      options.searchesDamping && DampingSearch.isNeeded(layer.pruned, runs: runs.count)
    // Neighbours in a file may be alike.
    let halves =
      searches ? [runs.filter { $0 % 2 == 0 }, runs.filter { $0 % 2 == 1 }] : [runs]
    let solvers = try solve(layer) { walk, group, own throws(PruningError) in
      var parts: [ColumnMoments.Result] = []
      for half in halves {
        parts.append(
          unsafe try walk.moments(layer, group, runs: half) {
            unsafe walk.targets(layer, residual, group, run: $0)
          })
      }
      let mask = keepsZeros ? own.values.map { $0 == 0 } : []
      var damping =
        layer.pruned.isWindow ? walk.options.convolutionDamping : walk.options.productDamping
      if searches {
        damping = DampingSearch(halves: parts, hasBias: hasBias, mask: mask, weights: own)
          .damping(from: damping)
      }
      let result = parts.dropFirst().reduce(parts[0]) { $0.adding($1) }
      parts = []
      let problem = LeastSquares(
        covariance: hasBias ? result.covariance : result.second,
        crossCovariance: hasBias ? result.crossCovariance : result.cross, damping: damping)
      guard
        let solver = keepsZeros
          ? problem.solver(
            mask: mask, byteLimit: walk.options.factorByteLimit / layer.pruned.groups)
          : problem.solver
      else {
        return Solution(weights: problem.solved(towards: own, mask: mask), moments: result)
      }
      return Solution(
        weights: solver.solved(problem.crossCovariance, towards: own), moments: result,
        solver: solver)
    }
    report.layers += 1
    guard let activation = layer.activation, !solvers.contains(where: { $0 == nil }),
      activation.other.map({ options.followsResiduals && isKnown($0) }) ?? true
    else { return }
    for _ in 0..<options.activationRounds {
      let targets = try self.targets(layer, activation)
      try solve(layer) { walk, group, own throws(PruningError) in
        let rows = Array(walk.rows(layer, group))
        let result = unsafe try walk.moments(layer, group, runs: runs, sumsProducts: false) { run in
          { to, stride, batch, places, spacing in
            unsafe layer.pruned.fillOutputs(
              to, stride: stride, from: targets[run], features: rows, of: layer.kept.count,
              batch: batch, places: places, every: spacing)
          }
        }
        let cross = hasBias ? result.crossCovariance : result.cross
        return Solution(
          weights: solvers[group]!.solved(cross, towards: own), moments: result)
      }
    }
  }

  /// Whether both models have computed a value and hold it.
  private func isKnown(_ value: Graph.ValueID) -> Bool {
    denseValues[0][value] != nil && prunedValues[0][value] != nil
  }

  /// Which of a layer's outputs belong to a group.
  private func rows(_ layer: RefitLayer, _ group: Int) -> Range<Int> {
    group * layer.pruned.rows..<(group + 1) * layer.pruned.rows
  }

  /// What a group of a layer is to be.
  private struct Solution: Sendable {
    var weights: Matrix
    /// Without what only solving needs.
    var moments: ColumnMoments.Result
    /// For other targets with the same inputs.
    var solver: LeastSquares.Solver?
  }

  /// Gives a layer other weights, and the bias that goes with them.
  /// - Returns: each group's solver.
  @discardableResult
  private mutating func solve(
    _ layer: RefitLayer,
    group solution: @Sendable (RefitWalk, Int, _ own: Matrix) throws(PruningError) -> Solution
  ) throws(PruningError) -> [LeastSquares.Solver?] {
    let linear = layer.pruned
    let weight = pruned.constant(linear.weight)!
    let walk = self
    let solutions = Threads.map(linear.groups) { group -> Result<Solution, PruningError> in
      Result { () throws(PruningError) in
        var solved = try solution(walk, group, linear.weights(weight, group: group))
        (solved.moments.second, solved.moments.cross) = (Matrix(zeros: 0, 0), Matrix(zeros: 0, 0))
        return solved
      }
    }
    var matrices: [Matrix] = []
    var shifts: [Double] = []
    var solvers: [LeastSquares.Solver?] = []
    for solution in solutions {
      let (solved, moments) = (try solution.get().weights, try solution.get().moments)
      matrices.append(solved)
      solvers.append(try solution.get().solver)
      let means = solved.times(Matrix(linear.columns, 1, moments.mean))
      shifts += zip(moments.targetMean, means.values).map { $0 - $1 }
    }
    replace(linear.weight, linear.constant(weight, from: matrices))
    // Solvers of all groups are held while targets change; a search holds the moments of two halves, what it
    // makes of them for each, and a factor.
    let square = 8 * linear.columns * linear.columns
    let searched =
      options.searchesDamping && DampingSearch.isNeeded(linear, runs: denseValues.count)
    report.solverBytes = max(
      report.solverBytes,
      ColumnMoments.byteCount(size: linear.columns, targetSize: linear.rows)
        + (searched ? 7 : 2) * square + solvers.reduce(0) { $0 + ($1?.byteCount ?? 0) })
    guard let bias = layer.bias else { return solvers }
    let old = pruned.constant(bias.value)!
    let numbers = zip(old.floats, shifts).map { old, shift in
      Float(bias.isInside ? shift / bias.factor : Double(old) + shift)
    }
    replace(bias.value, Tensor(numbers, shape: old.shape))
    return solvers
  }

  private mutating func replace(_ id: Graph.ValueID, _ tensor: Tensor) {
    pruned.replaceConstant(id, by: tensor)
    replaced[id] = tensor
  }

  /// Moments of what a group of the pruned layer reads, and of what it is to make of it.
  private func moments(
    _ layer: RefitLayer, _ group: Int, runs: [Int], sumsProducts: Bool = true,
    targets: (_ run: Int) -> LinearLayer.Targets
  ) throws(PruningError) -> ColumnMoments.Result {
    let linear = layer.pruned
    let moments = ColumnMoments(
      size: linear.columns, targetSize: linear.rows, sumsProducts: sumsProducts)
    for run in runs {
      let input = pruned.inputs(ofNode: linear.node, prunedValues[run])[linear.inputPlace]!.floats
      unsafe linear.add(input, group: group, run: run, to: moments, targets: targets(run))
    }
    return try moments.result(pruned.nodes[linear.node].name)
  }

  /// What the dense layer makes in one run, with what makes up for the error of a value that is added.
  private func targets(
    _ layer: RefitLayer, _ residual: RefitLayer.Residual?, _ group: Int, run: Int
  ) -> LinearLayer.Targets {
    let rows = rows(layer, group)
    let width = layer.dense.groups * layer.dense.rows
    let features = Array(layer.kept[rows])
    let output = denseValues[run][layer.dense.output]!.floats
    let before = residual.map { residual in
      (
        dense: denseValues[run][residual.value]!.floats,
        pruned: prunedValues[run][residual.value]!.floats,
        factors: Array(residual.factors[rows])
      )
    }
    return { targets, stride, batch, places, spacing in
      unsafe layer.dense.fillOutputs(
        targets, stride: stride, from: output, features: features, of: width, batch: batch,
        places: places, every: spacing)
      guard let before else { return }
      unsafe layer.dense.fillOutputs(
        targets, stride: stride, from: before.dense, features: features, of: width, batch: batch,
        places: places, every: spacing, adding: before.factors)
      unsafe layer.dense.fillOutputs(
        targets, stride: stride, from: before.pruned, features: Array(rows), of: layer.kept.count,
        batch: batch, places: places, every: spacing, adding: before.factors.map { -$0 })
    }
  }

  /// The layer's outputs in each run as they are now, brought to where the activation is right.
  private func targets(
    _ layer: RefitLayer, _ activation: LayerActivation
  ) throws(PruningError) -> [[Float]] {
    var values = prunedValues
    try namingSample { () throws(Evaluator.SampleError) in
      try pruned.compute(layer.pruned.node, all: &values)
    }
    let after = values
    return Threads.map(after.count) { run in
      let dense = denseValues[run]
      return activation.targets(
        dense: (dense[layer.dense.output]!.floats, activation.other.map { dense[$0]!.floats }),
        kept: layer.kept, of: layer.dense.groups * layer.dense.rows,
        pruned: (
          after[run][layer.pruned.output]!.floats,
          activation.other.map { prunedValues[run][$0]!.floats }
        ))
    }
  }
}
