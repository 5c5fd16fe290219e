import EspalierGraph
import EspalierSeeded
import Testing

/// Names that some operator reads, so that random attributes meet their readers.
private let attributeNames = [
  "alpha", "axes", "axis", "beta", "bias", "block_size", "detect_negative", "epsilon", "equation",
  "exclusive", "fmod", "gamma", "k", "keepdims", "largest", "max", "min", "noop_with_empty_axes",
  "output_dtype", "p", "precision", "reverse", "select_last_index", "size", "upper",
]

extension Seeded {
  fileprivate mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[next(in: 0...(choices.count - 1))]
  }

  /// Mostly small, now and then at a bound.
  fileprivate mutating func integer() -> Int64 {
    next(in: 0...9) == 0
      ? pick([.min, .max, .max - 1, -(1 << 40), 1 << 31]) : Int64(next(in: -2...3))
  }

  fileprivate mutating func attribute(_ name: String) -> Attribute {
    switch next(in: 0...9) {
    case 0: .float(pick([0, -1, .nan, .infinity]))
    case 1: .integers((0..<next(in: 0...3)).map { _ in integer() })
    default:
      switch name {
      case "alpha", "beta", "bias", "gamma", "max", "min", "epsilon": .float(float() * 2)
      case "axes": .integers((0..<next(in: 0...2)).map { _ in integer() })
      case "equation":
        .string(
          Array(pick(["ij", "ij->ji", "i,i", "...i,...i->...", "ii->i", "->", ",", "é"]).utf8))
      default: .integer(integer())
      }
    }
  }

  /// A tensor of few elements, often a scalar or empty.
  fileprivate mutating func operand(_ type: ElementType, _ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return type.isFloatingPoint
      ? Tensor(
        elementType: type, shape: shape,
        doubles: (0..<count).map { _ in next(in: 0...9) == 0 ? .nan : Double(float()) * 3 })
      : Tensor(elementType: type, shape: shape, integers: (0..<count).map { _ in integer() })
  }
}

/// Operators whose whole input is elements, reductions, selections and quantisation.
private let kinds: [OperatorKind] = OperatorKind.allCases.filter { kind in
  let first = OperatorKind.allCases.firstIndex(of: .relu)!
  let last = OperatorKind.allCases.firstIndex(of: .identity)!
  return (first...last).contains(OperatorKind.allCases.firstIndex(of: kind)!)
}

@Test(arguments: kinds)
func `a random node is evaluated as inferred, or refused with an error`(kind: OperatorKind) throws {
  let seed = kind.rawValue.utf8.reduce(17) { $0 &* 31 &+ UInt64($1) }
  var random = Seeded(seed: seed)
  let types: [ElementType] = [
    .float32, .float32, .float64, .float16, .int64, .int32, .uint8, .uint64, .bool,
  ]
  var accepted = 0
  for round in 0..<4000 {
    let type = random.pick(types)
    let shape = (0..<random.next(in: 0...3)).map { _ in random.pick([0, 1, 2, 2, 3]) }
    let inputs: [Tensor?] = (0..<random.pick([1, 1, 2, 2, 3, 3, 4])).map { index in
      if index > 0 && random.next(in: 0...9) == 0 { return nil }
      let ownType = random.next(in: 0...1) == 0 ? type : random.pick(types)
      let ownShape = random.pick([shape, shape, [], [1], [2]])
      return random.operand(ownType, ownShape)
    }
    var attributes: [String: Attribute] = [:]
    for name in attributeNames where random.next(in: 0...2) == 0 {
      attributes[name] = random.attribute(name)
    }
    do {
      _ = try evaluating(
        kind, inputs, attributes, opset: random.next(in: 7...24), outputs: random.next(in: 1...2))
      accepted += 1
    } catch let error as GraphError {
      let isMismatch = error.message.contains("inferred")
      #expect(!isMismatch, "\(error), round \(round), seed \(seed)")
    }
  }
  // Random nodes that are all refused would prove nothing.
  #expect(accepted > 10, "seed \(seed)")
}
