import EspalierGraph
import EspalierSeeded
import Testing

/// Nodes that are right, with a thing or two changed: an error or a result of the promised type,
/// never a trap.
@Suite struct OperatorMutationTests {
  private static func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

  private static let valid: [(OperatorKind, [Tensor?], [String: Attribute])] = {
    let image = ramp([1, 2, 4, 4])
    let vector = ones([2])
    let window: [String: Attribute] = [
      "kernel_shape": .integers([2, 2]), "strides": .integers([2, 1]),
      "dilations": .integers([1, 2]), "pads": .integers([1, 0, 1, 1]), "group": .integer(1),
      "auto_pad": text("NOTSET"), "ceil_mode": .integer(1),
    ]
    let recurrent: [String: Attribute] = [
      "hidden_size": .integer(2), "direction": text("forward"), "layout": .integer(0),
      "clip": .float(1),
    ]
    let resize: [String: Attribute] = [
      "mode": text("linear"), "coordinate_transformation_mode": text("half_pixel"),
      "antialias": .integer(1), "axes": .integers([2, 3]), "nearest_mode": text("floor"),
      "keep_aspect_ratio_policy": text("stretch"),
    ]
    let lengths = Tensor(elementType: .int32, shape: [2], integers: [1, 2])
    return [
      (.conv, [image, ones([3, 2, 2, 2]), ones([3])], window),
      (
        .convTranspose, [image, ones([2, 3, 2, 2]), ones([3])],
        window.merging(["output_padding": .integers([1, 0]), "output_shape": .integers([])]) { $1 }
      ),
      (.maxPool, [image], window.merging(["storage_order": .integer(1)]) { $1 }),
      (.averagePool, [image], window.merging(["count_include_pad": .integer(1)]) { $1 }),
      (.lpPool, [image], window.merging(["p": .integer(2)]) { $1 }),
      (.globalAveragePool, [image], [:]),
      (.gemm, [ramp([2, 3]), ramp([3, 2]), vector], ["transA": .integer(0), "beta": .float(2)]),
      (.matMul, [ramp([2, 2, 3]), ramp([3, 2])], [:]),
      (
        .batchNormalization, [image, vector, vector, vector, vector],
        ["training_mode": .integer(0), "epsilon": .float(1)]
      ),
      (.layerNormalization, [image, ones([4]), ones([4])], ["axis": .integer(-1)]),
      (.rmsNormalization, [image, ones([4])], ["axis": .integer(-1)]),
      (.instanceNormalization, [image, vector, vector], ["epsilon": .float(1)]),
      (.groupNormalization, [image, vector, vector], ["num_groups": .integer(2)]),
      (
        .rnn,
        [
          ramp([2, 2, 3]), ones([1, 2, 3]), ones([1, 2, 2]), ones([1, 4]), lengths,
          ones([1, 2, 2]),
        ], recurrent
      ),
      (
        .gru,
        [
          ramp([2, 2, 3]), ones([1, 6, 3]), ones([1, 6, 2]), ones([1, 12]), lengths,
          ones([1, 2, 2]),
        ], recurrent.merging(["linear_before_reset": .integer(1)]) { $1 }
      ),
      (
        .lstm,
        [
          ramp([2, 2, 3]), ones([1, 8, 3]), ones([1, 8, 2]), ones([1, 16]), lengths,
          ones([1, 2, 2]), ones([1, 2, 2]), ones([1, 6]),
        ], recurrent.merging(["input_forget": .integer(1)]) { $1 }
      ),
      (.resize, [image, nil, nil, Tensor(integers: [3, 5])], resize),
      (.resize, [image, nil, Tensor([1.5, 0.5], shape: [2])], resize),
      (.upsample, [image, Tensor([1, 1, 2, 1.5], shape: [4])], ["mode": text("linear")]),
      (
        .rotaryEmbedding,
        [image, ones([8, 2]), ones([8, 2]), Tensor(integers: [0, 1, 2, 7], shape: [1, 4])],
        ["rotary_embedding_dim": .integer(4), "num_heads": .integer(2)]
      ),
      (
        .attention,
        [
          ramp([1, 4, 2, 2]), ramp([1, 2, 3, 2]), ramp([1, 2, 3, 1]), ones([2, 4]),
          ones([1, 2, 1, 2]), ones([1, 2, 1, 1]),
        ],
        ["is_causal": .integer(1), "q_num_heads": .integer(4), "softcap": .float(1)]
      ),
    ]
  }()

  private func changed(_ attribute: Attribute, _ random: inout Seeded) -> Attribute {
    let numbers: [Int64] = [0, 1, 2, 3, -1, 5, 1 << 30, 1 << 33, .max, .min]
    func number() -> Int64 { numbers[random.next(in: 0...9)] }
    switch attribute {
    case .integers(var values) where !values.isEmpty:
      values[random.next(in: 0...values.count - 1)] = number()
      return .integers(random.next(in: 0...3) == 0 ? Array(values.dropLast()) : values)
    case .float: return .float([0, -1, .nan, .infinity, 1e-30][random.next(in: 0...4)])
    case .string:
      let words = [
        "SAME_UPPER", "VALID", "reverse", "bidirectional", "nearest", "cubic", "align_corners",
        "tf_crop_and_resize", "ceil", "not_larger", "",
      ]
      return Self.text(words[random.next(in: 0...words.count - 1)])
    default: return .integer(number())
    }
  }

  private func changed(_ tensor: Tensor, _ random: inout Seeded) -> Tensor? {
    var shape = tensor.shape
    switch random.next(in: 0...5) {
    case 0: return nil
    case 1: shape.append(1)
    case 2 where !shape.isEmpty: shape.removeLast()
    case 3:
      let type: ElementType = [.int64, .uint8, .bool, .float64, .float16][random.next(in: 0...4)]
      return Tensor(elementType: type, shape: shape, doubles: tensor.doubles)
    case 4:
      let odd: [Float] = [.nan, .infinity, -1, 1e30, 0]
      return Tensor(tensor.floats.map { _ in odd[random.next(in: 0...4)] }, shape: shape)
    default:
      guard !shape.isEmpty else { return nil }
      shape[random.next(in: 0...shape.count - 1)] = random.next(in: 0...3)
    }
    return Tensor(elementType: tensor.elementType, shape: shape, doubles: ramp(shape).doubles)
  }

  @Test(arguments: valid.indices)
  func `one wrong thing is an error, never a trap`(index: Int) throws {
    let (kind, inputs, attributes) = Self.valid[index]
    let opset = kind == .upsample ? 9 : 23
    #expect(errorCode(kind, inputs, attributes, opset: opset) == nil)
    let seed = UInt64(1000 + index)
    var random = Seeded(seed: seed)
    for round in 0..<500 {
      var (inputs, attributes) = (inputs, attributes)
      for _ in 0...random.next(in: 0...2) {
        let names = attributes.keys.sorted()
        if random.next(in: 0...1) == 0, !names.isEmpty {
          let name = names[random.next(in: 0...names.count - 1)]
          attributes[name] = changed(attributes[name]!, &random)
        } else {
          let place = random.next(in: 0...inputs.count - 1)
          inputs[place] = inputs[place].flatMap { changed($0, &random) }
        }
      }
      let node = NodeContext(
        attributes: attributes, opset: opset, inputs: inputs.map { $0 != nil },
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
