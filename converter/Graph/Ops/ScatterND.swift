/// What becomes of an element that an update names.
public enum ScatterReduction: String, Sendable {
  case none, add, mul, max, min

  /// The reduction a node asks for, as far as its opset has it.
  init(_ node: NodeContext, since opset: Int) throws(GraphError) {
    let name = node.opset >= opset ? try node.string("reduction", default: "none") : "none"
    guard let reduction = Self(rawValue: name) else {
      throw GraphError(.badAttribute, "reduction \"\(name)\" does not exist")
    }
    self = reduction
  }

  /// Checks that the reduction can be computed with an element type.
  func check(_ type: ElementType) throws(GraphError) {
    guard self == .none || ElementFamily.number.contains(type) else {
      throw GraphError(.badType, "reduction \"\(rawValue)\" needs numbers, not \(type)")
    }
  }

  /// A tensor after updates at flat positions, one after another.
  func apply(_ updates: Tensor, to data: Tensor, at positions: [Int]) -> Tensor {
    if self == .none {
      var choices = Array(0..<data.count)
      for (place, position) in positions.enumerated() { choices[position] = data.count + place }
      return Tensor.joined([data, updates]).gathering(choices, shape: data.shape)
    }
    if data.elementType.isFloatingPoint {
      var values = data.doubles
      for (position, update) in zip(positions, updates.doubles) {
        values[position] = combine(values[position], update)
      }
      return Tensor(elementType: data.elementType, shape: data.shape, doubles: values)
    }
    var values = data.integers
    for (position, update) in zip(positions, updates.integers) {
      values[position] = combine(values[position], update)
    }
    return Tensor(elementType: data.elementType, shape: data.shape, integers: values)
  }

  private func combine(_ old: Double, _ new: Double) -> Double {
    switch self {
    case .none: new
    case .add: old + new
    case .mul: old * new
    case .max: Swift.max(old, new)
    case .min: Swift.min(old, new)
    }
  }

  private func combine(_ old: Int64, _ new: Int64) -> Int64 {
    switch self {
    case .none: new
    case .add: old &+ new
    case .mul: old &* new
    case .max: Swift.max(old, new)
    case .min: Swift.min(old, new)
    }
  }
}

/// Replaces slices, or combines them, at index tuples on the last axis of the indices.
public struct ScatterND: Operator {
  public let reduction: ScatterReduction

  public init(_ node: NodeContext) throws(GraphError) {
    reduction = try ScatterReduction(node, since: 16)
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(3, inputs)
    try ElementFamily.integer.check(inputs, at: 1)
    try ElementFamily.checkSame(inputs, at: [0, 2])
    let (data, indices, updates) = (inputs[0]!.type, inputs[1]!.shape, inputs[2]!.shape)
    try reduction.check(data.elementType)
    guard let length = indices.last, length <= data.rank,
      updates == indices.dropLast() + data.shape[length...]
    else {
      throw GraphError(
        .badShape, "indices \(indices) and updates \(updates) do not suit \(data)")
    }
    return [data]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let (data, indices) = (inputs[0]!, inputs[1]!)
    let size = data.shape[indices.shape.last!...].reduce(1, *)
    let starts = try tuplePositions(indices, in: data.shape)
    return [reduction.apply(inputs[2]!, to: data, at: starts.flatMap { $0..<($0 + size) })]
  }
}
