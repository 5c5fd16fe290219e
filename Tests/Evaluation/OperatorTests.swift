import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierEvaluation

/// Every fast path against the reference evaluation, over random shapes and attributes.
@Suite struct OperatorTests {
  /// The largest difference from the reference, as a share of its largest value; nil where the
  /// reference refuses the node.
  private func error(
    _ operation: String, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:],
    opset: Int = 20, constants: Set<Int> = []
  ) throws -> Double? {
    var graph = Graph()
    graph.opset = opset
    var given: [String: Tensor] = [:]
    var ids: [Graph.ValueID?] = []
    for (index, tensor) in inputs.enumerated() {
      guard let tensor else {
        ids.append(nil)
        continue
      }
      if constants.contains(index) || !tensor.elementType.isFloatingPoint {
        ids.append(graph.addConstant("c\(index)", tensor))
      } else {
        ids.append(graph.addInput("x\(index)", tensor.type))
        given["x\(index)"] = tensor
      }
    }
    let output = graph.addNode(operation, ids, attributes: attributes)
    graph.outputs = [output]
    guard let specialised = try? Specialised(graph) else { return nil }
    let name = graph.values[output].name
    let wanted = try Interpreter(specialised).run(given)[name]!
    let evaluator = Evaluator(specialised)
    let found = try evaluator.run(given)[name]!
    try #require(found.type == wanted.type)
    // Windows that see padding alone give infinities and NaN, which must be the same.
    let scale = wanted.doubles.filter(\.isFinite).map { abs($0) }.max() ?? 1
    let worst = TensorDifference(found, wanted, relative: 0, absolute: 0).maximumAbsolute
    return scale == 0 ? worst : worst / scale
  }

  private static let rounding = 2e-6

  @Test(arguments: ["Conv", "ConvTranspose"])
  func `convolutions of any rank, stride, dilation and group`(operation: String) throws {
    var random = Seeded(seed: 11)
    var compared = 0
    for round in 0..<300 {
      let rank = random.next(in: 1...3)
      let groups = [1, 1, 2, 3][random.next(in: 0...3)]
      let (channels, outputs) = (random.next(in: 1...4), random.next(in: 1...4))
      let spatial = (0..<rank).map { _ in random.next(in: 3...9) }
      let kernel = (0..<rank).map { _ in random.next(in: 1...3) }
      let weight =
        operation == "Conv"
        ? [outputs * groups, channels] + kernel : [channels * groups, outputs] + kernel
      let inputs: [Tensor?] = [
        random.tensor([random.next(in: 1...2), channels * groups] + spatial),
        random.tensor(weight),
        random.next(in: 0...1) == 0 ? nil : random.tensor([outputs * groups]),
      ]
      let list = { (range: ClosedRange<Int>, count: Int, random: inout Seeded) in
        Attribute.integers((0..<count).map { _ in Int64(random.next(in: range)) })
      }
      let attributes: [String: Attribute] = [
        "group": .integer(Int64(groups)), "strides": list(1...3, rank, &random),
        "dilations": list(1...2, rank, &random), "pads": list(0...2, 2 * rank, &random),
      ]
      guard let error = try error(operation, inputs, attributes) else { continue }
      #expect(error < Self.rounding, "seed 11, round \(round)")
      compared += 1
    }
    // The rest leave no place for an output.
    #expect(compared == (operation == "Conv" ? 296 : 294))
  }

  @Test func `a large convolution is computed in chunks`() throws {
    var random = Seeded(seed: 12)
    let inputs: [Tensor?] = [random.tensor([1, 96, 40, 40]), random.tensor([8, 96, 3, 3])]
    let error = try error("Conv", inputs, ["pads": .integers([1, 1, 1, 1])])
    #expect(try #require(error) < Self.rounding)
  }

  @Test func `matrix products with every transposition, scale and broadcast`() throws {
    var random = Seeded(seed: 13)
    for round in 0..<100 {
      let (m, k, n) = (random.next(in: 1...7), random.next(in: 1...7), random.next(in: 1...7))
      let (a, b) = (random.next(in: 0...1), random.next(in: 0...1))
      let addends: [[Int]] = [[n], [m, n], [1, n], [m, 1], [], [1]]
      let inputs: [Tensor?] = [
        random.tensor(a == 1 ? [k, m] : [m, k]), random.tensor(b == 1 ? [n, k] : [k, n]),
        random.tensor(addends[random.next(in: 0...5)]),
      ]
      let attributes: [String: Attribute] = [
        "transA": .integer(Int64(a)), "transB": .integer(Int64(b)), "alpha": .float(0.5),
        "beta": .float(round % 2 == 0 ? 1 : -2),
      ]
      let gemm = try error("Gemm", inputs, attributes)
      #expect(try #require(gemm) < Self.rounding, "seed 13, round \(round)")
      let shapes: [([Int], [Int])] = [
        ([m, k], [k, n]), ([3, m, k], [k, n]), ([2, 1, m, k], [1, 3, k, n]), ([k], [k, n]),
        ([2, m, k], [k]), ([1, m, k], [4, k, n]),
      ]
      let (left, right) = shapes[round % shapes.count]
      let matMul = try error("MatMul", [random.tensor(left), random.tensor(right)])
      #expect(try #require(matMul) < Self.rounding, "seed 13, round \(round)")
    }
  }

  @Test func `pools with padding, strides and partial windows`() throws {
    var random = Seeded(seed: 14)
    var compared = 0
    for round in 0..<200 {
      let rank = random.next(in: 1...3)
      let x = random.tensor([2, 3] + (0..<rank).map { _ in random.next(in: 3...8) })
      let list = { (range: ClosedRange<Int>, count: Int, random: inout Seeded) in
        Attribute.integers((0..<count).map { _ in Int64(random.next(in: range)) })
      }
      let attributes: [String: Attribute] = [
        "kernel_shape": list(1...3, rank, &random), "strides": list(1...3, rank, &random),
        "pads": list(0...1, 2 * rank, &random),
        "ceil_mode": .integer(Int64(round % 2)),
      ]
      for operation in ["MaxPool", "AveragePool"] {
        guard let error = try error(operation, [x], attributes) else { continue }
        #expect(error < Self.rounding, "\(operation), seed 14, round \(round)")
        compared += 1
      }
    }
    #expect(compared == 400)
    for operation in ["GlobalAveragePool", "GlobalMaxPool"] {
      let error = try error(operation, [random.tensor([2, 3, 4, 5])])
      #expect(try #require(error) < Self.rounding)
    }
  }

  @Test func `normalisations`() throws {
    var random = Seeded(seed: 15)
    let x = random.tensor([2, 6, 3, 4])
    let channels = { (random: inout Seeded) in random.tensor([6]) }
    let positive = Tensor((1...6).map { Float($0) / 4 }, shape: [6])
    let cases: [(String, [Tensor?], [String: Attribute], Int)] = [
      (
        "BatchNormalization",
        [x, channels(&random), channels(&random), channels(&random), positive], [:], 17
      ),
      ("LayerNormalization", [x, random.tensor([4]), random.tensor([4])], [:], 17),
      (
        "LayerNormalization", [x, random.tensor([6, 3, 4])],
        ["axis": .integer(1), "epsilon": .float(0.1)], 17
      ),
      ("LayerNormalization", [x, random.tensor([1]), random.tensor([4])], [:], 17),
      ("InstanceNormalization", [x, channels(&random), channels(&random)], [:], 17),
      (
        "GroupNormalization", [x, random.tensor([2]), random.tensor([2])],
        ["num_groups": .integer(2)], 18
      ),
      (
        "GroupNormalization", [x, channels(&random), channels(&random)],
        ["num_groups": .integer(3)], 21
      ),
      ("RMSNormalization", [x, random.tensor([4])], [:], 23),
      ("Softmax", [x], ["axis": .integer(-1)], 17),
      ("Softmax", [x], ["axis": .integer(1)], 17),
      ("Softmax", [x], ["axis": .integer(1)], 11),
    ]
    for (operation, inputs, attributes, opset) in cases {
      let error = try error(operation, inputs, attributes, opset: opset)
      #expect(try #require(error) < Self.rounding, "\(operation), opset \(opset)")
    }
  }

  @Test func `normalisations whose scale and bias broadcast otherwise`() throws {
    var random = Seeded(seed: 20)
    let x = random.tensor([2, 4, 3, 4])
    // As many elements as a row of the last axis has, or as many as several, at other places.
    let shapes: [[Int]] = [
      [4], [4, 1, 1], [3, 1], [1], [], [2, 1, 1, 1], [4, 1, 4], [2, 4, 3, 4], [1, 4, 1, 1],
      [3, 4], [2, 1, 3, 1],
    ]
    for scale in shapes {
      for bias in shapes + [nil] {
        for axis in [-1, 1, 2] as [Int64] {
          let error = try error(
            "LayerNormalization",
            [x, random.tensor(scale)] + (bias.map { [random.tensor($0)] } ?? []),
            ["axis": .integer(axis)], opset: 17)
          #expect(try #require(error) < Self.rounding, "\(scale) and \(bias ?? []), axis \(axis)")
        }
      }
      let error = try error("RMSNormalization", [x, random.tensor(scale)], opset: 23)
      #expect(try #require(error) < Self.rounding, "\(scale)")
    }
  }

  @Test(arguments: [
    "Relu", "Erf", "Tanh", "Sigmoid", "Clip", "HardSwish", "Gelu", "Exp", "Abs", "Softplus", "Elu",
  ])
  func `functions of one element`(operation: String) throws {
    var random = Seeded(seed: 16)
    let values = (0..<500).map { _ in random.float() * 12 } + [0, -0.0, 40, -40]
    let x = Tensor(values, shape: [2, 252])
    let error = try error(operation, [x])
    #expect(try #require(error) < Self.rounding)
  }

  @Test(arguments: ["Add", "Sub", "Mul", "Div"])
  func `functions of two broadcast tensors`(operation: String) throws {
    var random = Seeded(seed: 17)
    let shapes: [([Int], [Int])] = [
      ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([2, 3, 4], [3, 1]), ([2, 3, 4], []),
      ([3, 1, 5], [1, 4, 1]), ([1], [2, 3]), ([2, 1, 4, 1], [3, 1, 5]),
      ([2, 6, 1, 1], [2, 6, 5, 5]),
    ]
    for (a, b) in shapes {
      var divisor = random.tensor(b).floats
      for i in divisor.indices { divisor[i] += divisor[i] < 0 ? -1 : 1 }
      let error = try error(operation, [random.tensor(a), Tensor(divisor, shape: b)])
      #expect(try #require(error) < Self.rounding, "\(a) and \(b)")
    }
  }

  @Test func `movement of elements`() throws {
    var random = Seeded(seed: 18)
    let x = random.tensor([2, 3, 4, 5])
    let cases: [(String, [Tensor?], [String: Attribute])] = [
      ("Transpose", [x], ["perm": .integers([0, 2, 1, 3])]),
      ("Transpose", [x], ["perm": .integers([3, 0, 2, 1])]),
      ("Transpose", [x], [:]),
      ("Reshape", [x, Tensor(integers: [6, -1])], [:]),
      ("Flatten", [x], ["axis": .integer(2)]),
      ("Unsqueeze", [x, Tensor(integers: [1])], [:]),
      ("Expand", [random.tensor([3, 1, 5]), Tensor(integers: [2, 3, 4, 5])], [:]),
      (
        "Slice",
        [
          x, Tensor(integers: [1, 4]), Tensor(integers: [3, -9]), Tensor(integers: [1, 3]),
          Tensor(integers: [1, -2]),
        ], [:]
      ),
      ("Concat", [x, random.tensor([2, 1, 4, 5]), x], ["axis": .integer(1)]),
      ("Gather", [x, Tensor(integers: [3, 0, -1])], ["axis": .integer(2)]),
      ("Gather", [x, Tensor(integers: [1], shape: [])], ["axis": .integer(0)]),
      ("Identity", [x], [:]),
    ]
    for (operation, inputs, attributes) in cases {
      let error = try error(operation, inputs, attributes)
      #expect(try #require(error) == 0, "\(operation) \(attributes)")
    }
  }

  @Test func `what has no fast path runs as the reference does`() throws {
    var random = Seeded(seed: 19)
    let x = random.tensor([2, 3, 4])
    #expect(try error("ReduceMean", [x], ["keepdims": .integer(0)]) == 0)
    #expect(try error("CumSum", [x, Tensor(integers: [1], shape: [])]) == 0)
    let double = Tensor(elementType: .float64, shape: [2, 2], doubles: [1, 2, 3, 4])
    #expect(try error("MatMul", [double, double]) == 0)
    #expect(try error("Relu", [double]) == 0)
  }
}
