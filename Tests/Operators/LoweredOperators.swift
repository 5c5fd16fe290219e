import Espalier
import EspalierGraph
import Testing

/// Operators that become several steps, on the runtime against the reference evaluation.
@Suite struct LoweredOperators {
  static let seeds: [UInt64] = [1, 2, 3]

  /// Runs one node on seeded inputs both ways and expects the same outputs.
  /// - Parameter constants: Inputs, by position, that the file itself holds.
  private func expectAgreement(
    _ operation: String, _ shapes: [TensorType?], outputs: Int = 1,
    _ attributes: [String: Attribute] = [:], constants: [Int: Tensor] = [:], opset: Int = 24,
    seed: UInt64, inputs given: [Int: Tensor] = [:]
  ) throws {
    var graph = Graph()
    graph.opset = opset
    var named: [String: Tensor] = [:]
    let operands = shapes.enumerated().map { index, type -> Graph.ValueID? in
      if let constant = constants[index] { return graph.addConstant("c\(index)", constant) }
      if let tensor = given[index] { named["x\(index)"] = tensor }
      return type.map { graph.addInput("x\(index)", $0) }
    }
    graph.outputs = graph.addNode(operation, operands, outputs: outputs, attributes: attributes)
    let typed = try specialise(graph, file: operation)
    let inputs = typed.randomInputs(seed: seed).merging(named) { $1 }
    let expected = try interpret(typed, inputs: inputs, file: operation)
    let bytes = try Conversion(typed, file: operation).bytes()
    let results = try loadModel(bytes: bytes, name: operation).run(inputs)
    let verification = Verification(
      Dictionary(results.map { ($0.name, $0.tensor) }) { $1 }, against: expected,
      tolerance: Tolerance(relative: 1e-3, absolute: 1e-5))
    #expect(
      verification.pass,
      "seed \(seed): \(verification.outputs.map { "\($0.name) \($0.reason ?? "agrees")" })")
  }

  private func float(_ shape: Int...) -> TensorType { TensorType(.float32, shape) }

  @Test(arguments: seeds, [0, 1] as [Int64])
  func attention(seed: UInt64, isCausal: Int64) throws {
    // Four query heads share two key heads; two past keys, three new ones.
    let types: [TensorType?] = [
      float(2, 3, 32), float(2, 3, 16), float(2, 3, 12), float(2, 1, 3, 5), float(2, 2, 2, 8),
      float(2, 2, 2, 6),
    ]
    for mode in 0...3 as ClosedRange<Int64> {
      try expectAgreement(
        "Attention", types, outputs: 4,
        [
          "q_num_heads": .integer(4), "kv_num_heads": .integer(2),
          "is_causal": .integer(isCausal), "softcap": .float(2),
          "qk_matmul_output_mode": .integer(mode),
        ], seed: seed)
    }
  }

  @Test(arguments: seeds)
  func attentionHidesPaddingAndWhatAMaskHides(seed: UInt64) throws {
    let mask = Tensor(
      elementType: .bool, shape: [4, 4],
      integers: (0..<16).map { $0 % 4 == 0 || $0 % 5 < 2 ? 1 : 0 })
    try expectAgreement(
      "Attention",
      [
        float(2, 2, 4, 8), float(2, 2, 6, 8), float(2, 2, 6, 8), TensorType(.bool, [4, 4]), nil,
        nil, TensorType(.int64, [2]),
      ], seed: seed, inputs: [3: mask, 6: Tensor(integers: [6, 2])])
  }

  @Test(
    arguments: [
      [[4]], [[4, 1, 1]], [[3, 1], [3, 1]], [[4], [4, 1, 1]], [[4, 1, 1], [4]], [[2, 1, 1, 1]],
      [[4, 1, 4]], [[2, 4, 3, 4], [1]], [[1], [3, 4]], [[], []], [[4], [2, 1, 3, 1]],
    ] as [[[Int]]])
  func normalisationsWhoseParametersBroadcast(parameters: [[Int]]) throws {
    let types = parameters.map { TensorType(.float32, $0) }
    for axis in [-1, 1, 2] as [Int64] {
      try expectAgreement(
        "LayerNormalization", [float(2, 4, 3, 4)] + types, ["axis": .integer(axis)], seed: 4)
      try expectAgreement(
        "RMSNormalization", [float(2, 4, 3, 4), types[0]], ["axis": .integer(axis)], seed: 4)
    }
    try expectAgreement(
      "LayerNormalization", [float(2, 4, 3, 4)] + types, outputs: 3, ["axis": .integer(2)],
      seed: 4)
  }

  @Test(arguments: seeds, [0, 1] as [Int64])
  func rotaryEmbedding(seed: UInt64, isInterleaved: Int64) throws {
    let attributes: [String: Attribute] = [
      "interleaved": .integer(isInterleaved), "num_heads": .integer(3),
      "rotary_embedding_dim": .integer(4),
    ]
    let positions = Tensor(integers: [0, 3, 6, 1, 1, 5], shape: [2, 3])
    try expectAgreement(
      "RotaryEmbedding", [float(2, 3, 18), float(7, 2), float(7, 2), positions.type], attributes,
      seed: seed, inputs: [3: positions])
    try expectAgreement(
      "RotaryEmbedding", [float(2, 3, 4, 6), float(2, 4, 2), float(2, 4, 2)], attributes,
      seed: seed)
  }

  @Test(arguments: seeds, [1, 2] as [Int64])
  func computedTransposedConvolution(seed: UInt64, groups: Int64) throws {
    for axes in 1...3 {
      let types = [
        TensorType(.float32, [2, 4] + Array(repeating: 3, count: axes)),
        TensorType(.float32, [4, 3] + [3, 2, 3].prefix(axes)),
        float(3 * Int(groups)),
      ]
      try expectAgreement(
        "ConvTranspose", types,
        [
          "strides": .integers([2, 1, 3].dropLast(3 - axes)), "group": .integer(groups),
          "pads": .integers(Array(repeating: 1, count: 2 * axes)),
        ], seed: seed)
    }
  }

  @Test(arguments: seeds)
  func computedBatchNormalization(seed: UInt64) throws {
    let types = [float(2, 3, 4, 5), float(3), float(3), float(3), float(3)]
    let variance = Tensor([0.5, 1, 2], shape: [3])
    try expectAgreement("BatchNormalization", types, seed: seed, inputs: [4: variance])
    try expectAgreement(
      "BatchNormalization", types, outputs: 3, ["training_mode": .integer(1)], seed: seed,
      inputs: [4: variance])
  }

  @Test(arguments: seeds, [ElementType.uint8, .int8])
  func bytesWrapAsTheReferencesDo(seed: UInt64, type: ElementType) throws {
    let values = (0..<12).map { Int64(truncatingIfNeeded: 37 &* UInt64($0) &+ seed) }
    let a = Tensor(elementType: type, shape: [3, 4], integers: values)
    let b = Tensor(elementType: type, shape: [4], integers: [1, 3, 90, 100])
    for operation in ["Add", "Sub", "Mul", "Div", "Max", "Min", "Mod", "Less"] {
      try expectAgreement(operation, [a.type, b.type], seed: seed, inputs: [0: a, 1: b])
    }
  }

  @Test(arguments: seeds)
  func paddingWithAComputedValue(seed: UInt64) throws {
    try expectAgreement(
      "Pad", [float(2, 3), nil, float()], constants: [1: Tensor(integers: [1, 0, -1, 2])],
      seed: seed)
  }

  @Test(arguments: seeds)
  func regionsBeyondTheImage(seed: UInt64) throws {
    try expectAgreement(
      "Resize", [float(1, 2, 5, 4), nil, nil, nil],
      [
        "mode": .string([UInt8]("linear".utf8)), "extrapolation_value": .float(7),
        "coordinate_transformation_mode": .string([UInt8]("tf_crop_and_resize".utf8)),
      ],
      constants: [
        1: Tensor([0, 0, 0.4, -0.3, 1, 1, 1.2, 0.7], shape: [8]),
        3: Tensor(integers: [1, 2, 6, 7]),
      ], seed: seed)
  }

  @Test(arguments: seeds, [1, 2, 3] as [Int64])
  func normsOfWindows(seed: UInt64, power: Int64) throws {
    try expectAgreement(
      "LpPool", [float(2, 3, 7, 6)],
      [
        "kernel_shape": .integers([3, 2]), "strides": .integers([2, 1]), "p": .integer(power),
        "pads": .integers([1, 0, 1, 1]),
      ], seed: seed)
  }

  @Test func constantsTooLargeToFoldAreFilledWhenRun() throws {
    var graph = Graph()
    graph.opset = 24
    let shape = graph.addConstant("shape", Tensor(integers: [4_200, 4_096]))
    let large = graph.addNode(
      "ConstantOfShape", [shape], attributes: ["value": .tensor(Tensor([3], shape: [1]))])
    let x = graph.addInput("x", float(1))
    let sum = graph.addNode("Add", [large, x])
    graph.outputs = [graph.addNode("ReduceMax", [sum], attributes: ["keepdims": .integer(0)])]
    let bytes = try Conversion(specialise(graph, file: "large"), file: "large").bytes()
    #expect(bytes.count < 1 << 16)
    let results = try loadModel(bytes: bytes, name: "large").run(
      ["x": Tensor([0.5], shape: [1])])
    #expect(results[0].tensor.floats == [3.5])
  }

  @Test func whatTheRuntimeCannotDoIsSaidAtConversion() throws {
    var graph = Graph()
    graph.opset = 24
    let nine = TensorType(.float32, Array(repeating: 2, count: 9))
    let x = graph.addInput("x", nine)
    graph.outputs = [graph.addNode("Transpose", [x])]
    let typed = try specialise(graph, file: "nine")
    #expect {
      try Conversion(typed, file: "nine")
    } throws: { error in
      "\(error)".contains("eight axes")
    }
  }
}
