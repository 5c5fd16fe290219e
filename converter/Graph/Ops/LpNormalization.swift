/// Each line along an axis divided by its norm; a line of zeros stays zero.
public struct LpNormalization: AxisOperator {
  public let axis: Int
  public var flattens: Bool { false }
  /// 1 for the sum of absolute values, 2 for the Euclidean norm.
  public let order: Int

  public init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: -1)
    order = try node.integer("p", default: 2)
    guard order == 1 || order == 2 else {
      throw GraphError(.badAttribute, "p is \(order) but must be 1 or 2")
    }
  }

  public func apply(_ line: [Double]) -> [Double] {
    let norm = order == 1 ? L1Reduction.reduce(line) : L2Reduction.reduce(line)
    return norm == 0 ? line : line.map { $0 / norm }
  }
}

extension LpNormalization {
  /// Zeros add nothing to a norm: a sum like any other.
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough()
    guard let lines = try? plan(map.shape(0)) else { return map.freezeAll(.spatial) }
    map.contract(0, [lines.axis], free: [])
  }
}
