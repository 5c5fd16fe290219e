import EspalierGraph
public import EspalierSeeded

extension OperatorCase {
  /// Names of attributes that some operator reads, so that strangers meet their readers.
  private static let attributeNames: [String] = Set(
    OperatorKind.allCases.flatMap { $0.cases.flatMap(\.attributes.keys) }
      + ["axes", "shape", "block_size", "value", "k", "precision", "noop_with_empty_axes"]
  ).sorted()
  private static let words = [
    "SAME_UPPER", "SAME_LOWER", "VALID", "reverse", "bidirectional", "nearest", "linear", "cubic",
    "align_corners", "tf_crop_and_resize", "ceil", "not_larger", "reflect", "edge", "wrap",
    "ij,jk->ik", "...i->i...", "ii->i", "i,i", "->", ",", "é", "DCR", "CRD", "add", "",
  ]
  private static let numbers: [Int64] = [
    0, 1, 1, 2, 2, 3, 4, -1, -2, 5, 7, 1 << 20, 1 << 30, 1 << 33, 1 << 40, .max, .min,
  ]

  /// The node with up to three things changed, which may still be right.
  public func mutated(_ random: inout Seeded) -> OperatorCase {
    var result = self
    for _ in 0..<random.next(in: 0...3) {
      switch random.next(in: 0...9) {
      case 0: result.opset = random.next(in: 7...24)
      case 1: result.outputs = random.next(in: 1...4)
      case 2:
        result.attributes[random.pick(Self.attributeNames)] = Self.attribute(&random)
      case 3...5 where !attributes.isEmpty:
        let name = random.pick(attributes.keys.sorted())
        result.attributes[name] = Self.changed(attributes[name]!, &random)
      case 6: result.inputs.append(Self.tensor(&random))
      case 7 where !inputs.isEmpty: result.inputs[random.next(in: 0...inputs.count - 1)] = nil
      default:
        guard !inputs.isEmpty else { continue }
        let place = random.next(in: 0...inputs.count - 1)
        result.inputs[place] =
          random.next(in: 0...3) == 0
          ? Self.tensor(&random) : result.inputs[place].map { Self.changed($0, &random) }
      }
    }
    return result
  }

  private static func attribute(_ random: inout Seeded) -> Attribute {
    let list = (0..<random.next(in: 0...4)).map { _ in random.pick(numbers) }
    switch random.next(in: 0...6) {
    case 0, 1: return .integer(list.first ?? 1)
    case 2, 3: return .integers(list)
    case 4: return text(random.pick(words))
    case 5: return .float(random.pick([0, 1, -1, .nan, .infinity, 0.5]))
    default: return .floats(list.map { Float($0) })
    }
  }

  private static func changed(_ attribute: Attribute, _ random: inout Seeded) -> Attribute {
    switch attribute {
    case .integers(var values) where !values.isEmpty:
      values[random.next(in: 0...values.count - 1)] = random.pick(numbers)
      return .integers(random.next(in: 0...3) == 0 ? Array(values.dropLast()) : values)
    case .integer: return .integer(random.pick(numbers))
    case .float: return .float(random.pick([0, -1, .nan, .infinity, 1e-30, 0.5, 2]))
    case .string: return text(random.pick(words))
    default: return Self.attribute(&random)
    }
  }

  /// A tensor of few elements, often without axes or empty.
  private static func tensor(_ random: inout Seeded) -> Tensor {
    let shape = (0..<random.next(in: 0...5)).map { _ in random.pick([0, 1, 2, 2, 3, 4]) }
    let type = random.pick(
      [.float32, .float32, .float64, .float16, .int64, .int32, .uint8, .uint64, .bool]
        as [ElementType])
    let count = shape.reduce(1, *)
    guard type.isFloatingPoint else {
      return Tensor(
        elementType: type, shape: shape, integers: (0..<count).map { _ in random.pick(numbers) })
    }
    return Tensor(
      elementType: type, shape: shape,
      doubles: (0..<count).map { _ in random.pick([0, 1, -1, 0.5, 2, 3, .nan, .infinity]) })
  }

  private static func changed(_ tensor: Tensor, _ random: inout Seeded) -> Tensor {
    var shape = tensor.shape
    switch random.next(in: 0...5) {
    case 0: shape.append(1)
    case 1: shape.insert(1, at: 0)
    case 2 where !shape.isEmpty:
      shape.removeLast()
    case 3:
      let type = random.pick(
        [.int64, .int32, .uint8, .bool, .float64, .float16, .float32] as [ElementType])
      return Tensor(elementType: type, shape: shape, doubles: tensor.doubles)
    case 4:
      let odd: [Double] = [.nan, .infinity, -1, 1e30, 0]
      return Tensor(
        elementType: tensor.elementType, shape: shape,
        doubles: tensor.doubles.map { random.next(in: 0...1) == 0 ? $0 : random.pick(odd) })
    default:
      guard !shape.isEmpty else { return tensor }
      shape[random.next(in: 0...shape.count - 1)] = random.next(in: 0...3)
    }
    let values = tensor.doubles
    return Tensor(
      elementType: tensor.elementType, shape: shape,
      doubles: (0..<shape.reduce(1, *)).map { values.isEmpty ? 1 : values[$0 % values.count] })
  }
}
