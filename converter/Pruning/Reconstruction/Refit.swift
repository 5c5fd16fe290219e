package import EspalierCoupling
import EspalierEvaluation
package import EspalierGraph

/// Refits what pruning left to what the dense model computes, by least squares, layer after layer.
///
/// Both models walk through the same inputs side by side. Each layer with a constant weight is solved
/// for the dense layer's outputs, given what the pruned model, refitted so far, feeds it. Where the
/// output is added to a value computed earlier, the target makes up for that value's error too. Where
/// an activation with limits follows, what lies beyond a limit in the dense model may lie anywhere
/// beyond it: weights are solved for again with targets that leave such outputs where they are.
public struct Refit: Sendable {
  /// Damping of convolutions and of other products, as a share of the inputs' mean variance; solutions
  /// are drawn towards the weights that pruning left. Of noise it is `noiseDamping` at least.
  public var convolutionDamping = 1e-2
  public var productDamping = 0.1
  public var noiseDamping = 0.1
  /// Whether other dampings are tried where places are few (`DampingSearch`); never on noise.
  public var searchesDamping = true
  /// Whether layers are left as they are of which there are fewer places than columns; always on noise,
  /// which says nothing of what is not seen.
  public var skipsUndetermined = false
  /// Whether targets make up for the error of what the output is added to.
  public var followsResiduals = true
  /// How often a layer is solved for again where an activation with limits follows.
  public var activationRounds = 3
  /// Bytes that the activations of all runs may occupy; fewer runs are taken where they exceed it.
  public var activationByteLimit = 4 << 30

  /// Bytes that the factors of one layer with zeros may occupy: rows whose zeros differ have factors of
  /// their own. Where they exceed it, such a layer is solved for once alone.
  public var factorByteLimit = 1 << 29

  public init() {}

  /// What was done.
  public struct Report: Sendable, Hashable {
    /// Layers whose weights were solved for.
    public var layers = 0
    /// Runs of the model that were used.
    public var runs = 0
    /// The most bytes that the runs' activations, and that one layer's sums and factors took.
    public var activationBytes = 0
    public var solverBytes = 0
  }

  /// Refits a graph from which channels were removed.
  /// - Returns: the pruned graph with other weights, and biases where layers had none.
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input, `.badGraph` where
  ///   what is left does not fit together.
  package func refitted(
    _ coupling: Coupling, _ keptChannels: KeptChannels, _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> (Graph, Report) {
    try refitted(
      dense: coupling.graph, pruned: coupling.pruned(keptChannels), calibration, keepsZeros: false,
      kept: { coupling.kept(of: $0, keptChannels) }, progress: progress)
  }

  /// Refits a graph whose weights have zeros, which stay zero.
  ///
  /// - Parameters:
  ///   - dense: the graph before.
  ///   - masked: the same graph with zeros among its weights.
  /// - Returns: the masked graph, folded, with other weights.
  /// - Throws: as for a graph without some channels.
  package func refitted(
    dense: Specialised, masked: Specialised, _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> (Graph, Report) {
    try refitted(
      dense: dense, pruned: masked.openGraph, calibration, keepsZeros: true,
      kept: { Array(0..<$0.groups * $0.rows) }, progress: progress)
  }

  /// Refits a graph whose weights have zeros, which stay zero, and from which channels were removed.
  /// - Parameter pruned: the coupling's graph with zeros, cut to the kept channels.
  /// - Throws: as for a graph without some channels.
  func refitted(
    _ coupling: Coupling, _ keptChannels: KeptChannels, zeros pruned: Graph,
    _ calibration: Calibration, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> (Graph, Report) {
    try refitted(
      dense: coupling.graph, pruned: pruned, calibration, keepsZeros: true,
      kept: { coupling.kept(of: $0, keptChannels) }, progress: progress)
  }

  private func refitted(
    dense whole: Specialised, pruned: Graph, _ calibration: Calibration, keepsZeros: Bool,
    kept: (LinearLayer) -> [Int]?, progress: ((Double) -> Void)?
  ) throws(PruningError) -> (Graph, Report) {
    var graph = pruned.withOwnBiases()
    let dense: Specialised
    let specialised: Specialised
    do throws(GraphProblems) {
      // One set of extents for both: what follows free ones is folded alike.
      dense = try whole.atAssumedExtents()
      specialised = try Specialised(
        graph, inputShapes: dense.inputShapes, purpose: .rewriting)
    } catch {
      throw PruningError(.badGraph, "what is left of the graph does not fit together: \(error)")
    }
    guard specialised.graph.nodes.map(\.name) == dense.graph.nodes.map(\.name) else {
      throw PruningError(.badGraph, "the pruned graph has other nodes than the dense one")
    }
    var options = self
    if calibration.isNoise {
      options.convolutionDamping = max(convolutionDamping, noiseDamping)
      options.productDamping = max(productDamping, noiseDamping)
      options.searchesDamping = false
      options.skipsUndetermined = true
    }
    var walk = try RefitWalk(options, dense: dense, pruned: specialised, calibration)
    let layers = walk.layers(keepsZeros: keepsZeros, kept: kept)
    // Multiplications are what takes the time; every node counts a little.
    let work = dense.graph.nodes.indices.map { 1e4 + Double(dense.multiplyAccumulates(ofNode: $0)) }
    let total = work.reduce(0, +)
    var done = 0.0
    for node in dense.graph.nodes.indices {
      try walk.compute(node, layers[node], keepsZeros: keepsZeros)
      done += work[node]
      progress?(done / total)
    }
    for (id, tensor) in walk.replaced { graph.values[id].constant = tensor }
    return (graph, walk.report)
  }
}

extension Coupling {
  /// Which outputs of a layer are left, in order; `nil` where that differs from place to place.
  fileprivate func kept(of layer: LinearLayer, _ keptChannels: KeptChannels) -> [Int]? {
    let axis = valueAxes[layer.output]![layer.outputAxis]
    return TensorSelection([axis], keptChannels).positions(along: 0)
  }
}
