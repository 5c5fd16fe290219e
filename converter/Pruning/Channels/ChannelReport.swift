public import EspalierCoupling
public import EspalierGraph

/// What removing channels did to each group, each weight, and the whole.
public struct ChannelReport: Sendable {
  public struct Group: Sendable, Encodable {
    public var id: Int
    public var kept: Int
    public var of: Int
    public var exact: Bool
    /// The first weight whose rows make the channels.
    public var name: String
  }

  /// One weight of the model.
  public struct Layer: Sendable, Encodable {
    public var name: String
    public var initializer: String
    public var operation: String
    public var shape: [Int]
    public var kept: Int
    public var of: Int
    public var sparsity: Double
  }

  public var method: String
  public var pattern: String
  public var scope: PruningScope
  public var groups: [Group] = []
  public var layers: [Layer] = []
  public var frozen: [FrozenAxis] = []
  /// Nodes of which nothing is known; what they multiply is not counted.
  public var opaque: [OpaqueNode] = []
  public var flopsRatio: Double
  public var parametersRatio: Double
  /// Axes that the file left free and that are not any more, with the nodes that forced it.
  public var fixed: [FixedExtent] = []
  /// The share of all channels of groups that went.
  public var sparsity: Double
  /// What of the step could not be done as it was told, a sentence each.
  public var warnings: [String] = []
  /// What a refit did afterwards, if there was one.
  public var refit: Refit.Report?

  package init(
    _ coupling: Coupling, _ keptChannels: KeptChannels, method: String, pattern: String,
    scope: PruningScope
  ) {
    (self.method, self.pattern, self.scope) = (method, pattern, scope)
    var costs = ChannelCosts(coupling)
    let (operations, parameters) = (costs.multiplyAccumulates, costs.parameters)
    costs.update(keptChannels, groups: coupling.groups.indices)
    flopsRatio = Double(operations) / Double(max(costs.multiplyAccumulates, 1))
    parametersRatio = Double(parameters) / Double(max(costs.parameters, 1))
    let graph = coupling.graph.graph
    groups = coupling.groups.enumerated().map { id, group in
      let maker = group.members.first { $0.role == .output } ?? group.members[0]
      return Group(
        id: id, kept: keptChannels.kept[group.leaf]?.count ?? group.size, of: group.size,
        exact: group.isExact, name: graph.nodes[coupling.uses[maker.use].node].name)
    }
    let (kept, all) = groups.reduce((0, 0)) { ($0.0 + $1.kept, $0.1 + $1.of) }
    sparsity = all == 0 ? 0 : 1 - Double(kept) / Double(all)
    var seen: Set<Graph.ValueID> = []
    for use in coupling.uses {
      let tensor = coupling.graph.constants[use.value]!
      guard use.isWeight(tensor), tensor.elementType.isFloatingPoint,
        seen.insert(use.value).inserted
      else { continue }
      let shape = use.axes.map { keptChannels.count($0) }
      let kept = shape.reduce(1, *)
      layers.append(
        Layer(
          name: graph.nodes[use.node].name, initializer: graph.values[use.value].name,
          operation: graph.nodes[use.node].operation, shape: shape, kept: kept, of: tensor.count,
          sparsity: 1 - Double(kept) / Double(max(tensor.count, 1))))
    }
    frozen = coupling.frozenAxes
    opaque = coupling.graph.opaqueNodes
  }
}

extension ChannelReport: Encodable {
  /// Writes `espalier.prune/1`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: PruningReportKey.self)
    try container.encodeHead(
      method: method, pattern: pattern, scope: scope, sparsity: sparsity, flopsRatio: flopsRatio,
      parametersRatio: parametersRatio, refit: refit)
    try container.encode(fixed, forKey: .fixed)
    try container.encode(layers, forKey: .layers)
    try container.encode(groups, forKey: .groups)
    try container.encode(
      frozen.map { FrozenPart(axis: "\($0.tensor).\($0.axis)", reason: $0.reason) }, forKey: .frozen
    )
    try container.encode(opaque, forKey: .opaque)
  }
}
