import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded
import Testing

@testable import EspalierEvaluation

/// Every fast path against the reference evaluation: every operator's cases, and random shapes and
/// attributes of those that take most of the time.
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
    graph.outputs = [graph.addNode(operation, ids, attributes: attributes)]
    return try error(graph, given)
  }

  /// The same for a graph of one node, of all its outputs.
  private func error(_ graph: Graph, _ given: [String: Tensor]) throws -> Double? {
    guard let specialised = try? Specialised(graph) else { return nil }
    let wanted = try Interpreter(specialised).run(given)
    let found = try Evaluator(specialised).run(given)
    var result = 0.0
    for (name, wanted) in wanted {
      let found = try #require(found[name])
      try #require(found.type == wanted.type)
      // Windows that see padding alone give infinities and NaN, which must be the same.
      let scale = wanted.doubles.filter(\.isFinite).map { abs($0) }.max() ?? 1
      let worst = TensorDifference(found, wanted, relative: 0, absolute: 0).maximumAbsolute
      result = max(result, scale == 0 ? worst : worst / scale)
    }
    return result
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

  @Test(arguments: OperatorKind.allCases)
  func `every case is as the reference has it`(kind: OperatorKind) throws {
    for node in kind.typedCases {
      let (graph, values) = node.graph(holding: node.decisive)
      let error = try error(graph, values)
      #expect(try #require(error) < Self.rounding, "\(node)")
    }
  }
}
