/// A group of element types that an operator accepts for one of its inputs.
public enum ElementFamily: String, Sendable {
  case floatingPoint = "a floating-point number"
  case integer = "an integer"
  case number = "a number"
  case boolean = "Boolean"
  case numberOrBoolean = "a number or Boolean"

  /// Whether an element type belongs to the group.
  public func contains(_ type: ElementType) -> Bool {
    switch self {
    case .floatingPoint: type.isFloatingPoint
    case .integer: type.isInteger
    case .number: type.isFloatingPoint || type.isInteger
    case .boolean: type == .bool
    case .numberOrBoolean: type != .string
    }
  }

  /// Checks that every present input belongs to the group.
  /// - Throws: `GraphError` with code `.badType`.
  public func check(_ inputs: [OperatorInput?]) throws(GraphError) {
    for index in inputs.indices { try check(inputs, at: index) }
  }

  /// Checks that one input belongs to the group, where it is present.
  /// - Throws: `GraphError` with code `.badType`.
  public func check(_ inputs: [OperatorInput?], at index: Int) throws(GraphError) {
    guard index < inputs.count, let type = inputs[index]?.elementType else { return }
    guard contains(type) else {
      throw GraphError(.badType, "input \(index) is \(type) but must be \(rawValue)")
    }
  }

  /// Checks that the present inputs at some positions have one element type among them.
  /// - Throws: `GraphError` with code `.badType`.
  public static func checkSame(
    _ inputs: [OperatorInput?], at positions: [Int]? = nil
  ) throws(GraphError) {
    var first: (index: Int, type: ElementType)?
    for index in positions ?? Array(inputs.indices) {
      guard index < inputs.count, let type = inputs[index]?.elementType else { continue }
      if let first, first.type != type {
        throw GraphError(
          .badType,
          "input \(index) is \(type) but input \(first.index) is \(first.type); cast one of them")
      }
      first = first ?? (index, type)
    }
  }
}
