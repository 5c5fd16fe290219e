import EspalierGraph
import EspalierSeeded
import Testing

/// Every operator over shapes, types and attributes that rarely fit: an error or a result of the
/// promised type, never a trap.
@Suite struct OperatorFuzzTests {
  private static let attributeNames = [
    "axis", "axes", "alpha", "beta", "auto_pad", "kernel_shape", "strides", "dilations", "pads",
    "group", "ceil_mode", "count_include_pad", "storage_order", "p", "epsilon", "num_groups",
    "transA", "transB", "output_padding", "output_shape", "hidden_size", "direction", "layout",
    "activations", "clip", "mode", "coordinate_transformation_mode", "antialias", "scales",
    "q_num_heads", "kv_num_heads", "is_causal", "num_heads", "rotary_embedding_dim", "interleaved",
    "keepdims", "perm", "to", "split", "starts", "ends", "steps", "blocksize", "size", "bias",
    "equation", "value", "repeats", "shape", "batch_dims", "largest", "sorted", "k", "upper",
    "exclusive", "reverse", "num_outputs", "allowzero", "keep_aspect_ratio_policy", "min", "max",
  ]
  private static let words = [
    "SAME_UPPER", "SAME_LOWER", "VALID", "bidirectional", "reverse", "linear", "cubic", "nearest",
    "align_corners", "tf_crop_and_resize", "asymmetric", "reflect", "edge", "wrap", "constant",
    "ij,jk->ik", "...i->i...", "ii->i", "DCR", "CRD", "add", "mul", "not_larger",
  ]
  private static let integers: [Int64] = [
    0, 1, 1, 2, 2, 3, 4, -1, -2, 7, 10, 1 << 20, 1 << 31, 1 << 40, .max, .min,
  ]

  private func attribute(_ random: inout Seeded) -> Attribute {
    let list = (0..<random.next(in: 0...4)).map { _ in
      Self.integers[random.next(in: 0...Self.integers.count - 1)]
    }
    switch random.next(in: 0...6) {
    case 0, 1: return .integer(list.first ?? 1)
    case 2, 3: return .integers(list)
    case 4: return .string(Array(Self.words[random.next(in: 0...Self.words.count - 1)].utf8))
    case 5: return .float([0, 1, -1, .nan, .infinity, 0.5][random.next(in: 0...5)])
    default: return .floats(list.map { Float($0) })
    }
  }

  private func tensor(_ random: inout Seeded) -> Tensor {
    let shape = (0..<random.next(in: 0...5)).map { _ in [0, 1, 2, 2, 3, 4][random.next(in: 0...5)] }
    let count = shape.reduce(1, *)
    switch random.next(in: 0...5) {
    case 0:
      return Tensor(
        integers: (0..<count).map { _ in Self.integers[random.next(in: 0...15)] }, shape: shape)
    case 1: return Tensor(booleans: (0..<count).map { $0 % 2 == 0 }, shape: shape)
    case 2:
      return Tensor(
        elementType: .uint8, shape: shape, integers: (0..<count).map { Int64($0) })
    default:
      let values: [Float] = [0, 1, -1, 0.5, 2, 3, .nan, .infinity]
      return Tensor((0..<count).map { _ in values[random.next(in: 0...7)] }, shape: shape)
    }
  }

  @Test(arguments: OperatorKind.allCases)
  func `odd inputs are errors, never traps`(kind: OperatorKind) throws {
    let seed = UInt64(kind.rawValue.utf8.reduce(7) { ($0 &* 31 &+ UInt64($1)) })
    var random = Seeded(seed: seed)
    for round in 0..<300 {
      var attributes: [String: Attribute] = [:]
      for _ in 0..<random.next(in: 0...4) {
        let name = Self.attributeNames[random.next(in: 0...Self.attributeNames.count - 1)]
        attributes[name] = attribute(&random)
      }
      // Inputs of one shape and type fit each other more often than independent ones.
      let model = tensor(&random)
      let inputs: [Tensor?] = (0..<random.next(in: 0...5)).map { _ in
        switch random.next(in: 0...5) {
        case 0: tensor(&random)
        case 1: nil
        default: model
        }
      }
      let node = NodeContext(
        attributes: attributes, opset: random.next(in: 7...24), inputs: inputs.map { $0 != nil },
        outputCount: random.next(in: 1...3))
      do throws(GraphError) {
        let operation = try kind.definition.init(node)
        let types = try operation.infer(inputs.map { $0.map { OperatorInput($0) } })
        // A shape rule may allow what is too large to compute in a test.
        guard types.allSatisfy({ $0.count < 1 << 20 }) else { continue }
        let results = try operation.evaluate(inputs)
        #expect(results.map(\.type) == types, "\(kind), seed \(seed), round \(round)")
        _ = operation.multiplyAccumulates(inputs.map { $0?.type }, types)
      } catch {
        continue
      }
    }
  }
}
