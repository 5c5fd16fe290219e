/// What an operator that reduces whole planes does to one.
public protocol PlaneReduction: Sendable {
  static func reduce(_ plane: ArraySlice<Double>) -> Double
}

/// One value per plane of `[images, channels, ...]`; spatial axes become 1.
public struct GlobalPool<Reduction: PlaneReduction>: Operator {
  public init(_ node: NodeContext) throws(GraphError) {}

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(1, inputs)
    try Operands.floatingPoint(inputs)
    let x = inputs[0]!.type
    guard x.rank >= 3, !x.shape.dropFirst(2).contains(0) else {
      throw GraphError(.badShape, "\(x.shape) has no spatial elements to pool over")
    }
    return [TensorType(x.elementType, Self.output(x.shape))]
  }

  /// The planes of a tensor, as lines of their elements.
  package func plan(_ shape: [Int]) -> AxisLines { AxisLines(of: shape, flattenedAt: 2) }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let x = inputs[0]!
    let values = x.doubles
    let planes = plan(x.shape)
    let pooled = (0..<planes.count).map {
      Reduction.reduce(values[$0 * planes.extent..<($0 + 1) * planes.extent])
    }
    return [Tensor(elementType: x.elementType, shape: Self.output(x.shape), doubles: pooled)]
  }

  private static func output(_ shape: [Int]) -> [Int] {
    shape.prefix(2) + [Int](repeating: 1, count: shape.count - 2)
  }
}

/// The mean of each plane.
public typealias GlobalAveragePool = GlobalPool<PlaneMean>
/// The largest element of each plane; NaN wins.
public typealias GlobalMaxPool = GlobalPool<PlaneMaximum>

public enum PlaneMean: PlaneReduction {
  public static func reduce(_ plane: ArraySlice<Double>) -> Double { Moments(plane).mean }
}

public enum PlaneMaximum: PlaneReduction {
  public static func reduce(_ plane: ArraySlice<Double>) -> Double {
    plane.reduce(-.infinity) { $0.isNaN || $0 > $1 ? $0 : $1 }
  }
}

extension GlobalPool {
  public func mapChannels(_ map: inout ChannelMap) { map.pool() }
}
