internal import EspalierCoupling
public import EspalierGraph
internal import EspalierPruning

/// `espalier.groups/1`: what must be pruned together, and what cannot be pruned.
public struct GroupsReport: Sendable, Encodable {
  public struct Group: Sendable, Encodable {
    public var id: Int
    public var size: Int
    /// Channels go in multiples of this, so that weights fill a kernel's registers.
    public var alignment: Int
    /// Lists of its own for each index of another group or axis of this size; 0 for one list.
    public var lists: Int
    public var members: [Member]
    public var exact: Bool
  }
  public struct Member: Sendable, Encodable {
    public var tensor: String
    public var axis: Int
    public var role: String
    /// The node that has the tensor as its weight.
    public var layer: String
  }
  public struct Frozen: Sendable, Encodable {
    public var tensor: String
    /// The node that has the tensor as its weight; nil for what is none.
    public var layer: String?
    public var axis: Int
    public var reason: String
  }

  public let schema = "espalier.groups/1"
  public var groups: [Group]
  public var frozen: [Frozen]
  /// Nodes of which nothing is known: they are carried, and what they touch is held.
  public var opaque: [OpaqueNode]
  /// Share of the parameters in tensors with a prunable axis.
  public var share: Double
  /// What finding the groups took, without reading the file and folding.
  public var discoveryNanoseconds: Int

  private enum CodingKeys: String, CodingKey {
    case schema, groups, frozen, opaque, share
    case discoveryNanoseconds = "discovery_ns"
  }

  /// Finds the coupling groups of a graph.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - alignment: Channels that fill a kernel's registers.
  ///   - file: What messages call the model.
  /// - Throws: `EspalierError` (65) with every fault of the graph and every unknown extent of an input.
  public init(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], alignment: Int = 8,
    file: String = "the model"
  ) throws(EspalierError) {
    let coupling: Coupling
    do throws(GraphProblems) {
      coupling = Coupling(of: try Specialised.forRewriting(graph, inputShapes: inputShapes))
    } catch {
      throw EspalierError(error, in: file)
    }
    // Again, to be timed without reading and folding: the median of five.
    let clock = ContinuousClock()
    let times = (0..<5).map { _ in clock.measure { _ = Coupling(of: coupling.graph) } }
    self.init(coupling, alignment: alignment, discovery: times.sorted()[2])
  }

  private init(_ coupling: Coupling, alignment: Int, discovery: Duration) {
    let (seconds, attoseconds) = discovery.components
    discoveryNanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    let graph = coupling.graph.graph
    groups = coupling.groups.enumerated().map { id, group in
      Group(
        id: id, size: group.size, alignment: group.step(coupling, alignment: alignment),
        lists: group.partner.map(coupling.algebra.size) ?? 0,
        members: group.members.map { member in
          let use = coupling.uses[member.use]
          return Member(
            tensor: graph.values[use.value].name, axis: member.axis, role: member.role.rawValue,
            layer: graph.nodes[use.node].name)
        }, exact: group.isExact)
    }
    let layers = Dictionary(
      coupling.uses.map { (graph.values[$0.value].name, graph.nodes[$0.node].name) }
    ) { first, _ in first }
    frozen = coupling.frozenAxes.map {
      Frozen(tensor: $0.tensor, layer: layers[$0.tensor], axis: $0.axis, reason: $0.reason)
    }
    opaque = coupling.graph.opaqueNodes
    let prunable = Set(coupling.groups.flatMap(\.members).map { coupling.uses[$0.use].value })
    let parameters = graph.parameters()
    let all = parameters.reduce(0) { $0 + graph.values[$1].constant!.count }
    let covered = parameters.reduce(0) {
      $0 + (prunable.contains($1) ? graph.values[$1].constant!.count : 0)
    }
    share = all == 0 ? 0 : Double(covered) / Double(all)
  }
}
