public import EspalierGraph

/// What pruning did to each layer, and to the whole.
public struct PruningReport: Sendable, Hashable {
  /// One weight of the model.
  public struct Layer: Sendable, Hashable {
    /// The node; the first one where several share the initializer.
    public var name: String
    public var initializer: String
    /// ONNX's name of the operation.
    public var operation: String
    /// Weights that are not zero.
    public var kept: Int
    /// All weights.
    public var of: Int
    /// Why the layer stays as it is; `nil` if it was pruned.
    public var reason: String?

    /// The share of zeros, whether pruning made them or found them.
    public var sparsity: Double { of == 0 ? 0 : 1 - Double(kept) / Double(of) }
  }

  public var method: String
  public var pattern: PruningPattern
  public var scope: PruningScope
  /// What a refit did afterwards, if there was one.
  public var refit: Refit.Report?
  /// Axes that the file left free and that are not any more, with the nodes that forced it.
  public var fixed: [FixedExtent] = []
  /// Whether as much went as was asked for: what is the last of its kind stays.
  public var isReached = true
  /// In the order of the graph's nodes.
  public var layers: [Layer] = []
  /// Nodes of which nothing is known; what they multiply is not counted.
  public var opaque: [OpaqueNode] = []
  /// Multiply-accumulate operations of the model before the step, and those that are live after it: that
  /// multiply what varies with the input by weights that are not zero, on the way to an output. `nil`
  /// where shapes are not known.
  public var multiplyAccumulates: Int?
  public var liveMultiplyAccumulates: Int?
  /// The former over the latter; `nil` also where nothing is live.
  public var flopsRatio: Double?
  /// All parameters over those that are not zero; `nil` where all are.
  public var parametersRatio: Double?

  /// The share of zeros in the layers that were pruned, all together; 0 if none was.
  public var sparsity: Double {
    let pruned = layers.filter { $0.reason == nil }
    let (kept, all) = pruned.reduce((0, 0)) { ($0.0 + $1.kept, $0.1 + $1.of) }
    return all == 0 ? 0 : 1 - Double(kept) / Double(all)
  }
}

extension PruningReport: Encodable {
  /// Writes `espalier.prune/1`; a layer that stays as it is stands under `frozen` too.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: PruningReportKey.self)
    try container.encodeHead(
      method: method, pattern: pattern.description, scope: scope, sparsity: sparsity,
      flopsRatio: flopsRatio,
      parametersRatio: parametersRatio, refit: refit)
    try container.encode(multiplyAccumulates, forKey: .multiplyAccumulates)
    try container.encode(liveMultiplyAccumulates, forKey: .liveMultiplyAccumulates)
    try container.encode(fixed, forKey: .fixed)
    try container.encode(layers, forKey: .layers)
    let frozen = layers.compactMap { layer in
      layer.reason.map { FrozenPart(axis: layer.initializer, reason: $0) }
    }
    try container.encode(frozen, forKey: .frozen)
    try container.encode(opaque, forKey: .opaque)
  }
}

extension PruningReport.Layer: Encodable {
  private enum Key: String, CodingKey {
    case name, initializer, operation, sparsity, kept, of, reason
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(initializer, forKey: .initializer)
    try container.encode(operation, forKey: .operation)
    try container.encode(sparsity, forKey: .sparsity)
    try container.encode(kept, forKey: .kept)
    try container.encode(of, forKey: .of)
    try container.encodeIfPresent(reason, forKey: .reason)
  }
}
