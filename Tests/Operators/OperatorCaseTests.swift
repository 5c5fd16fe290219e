import Espalier
import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded
import Testing

/// Every operator's cases on the runtime against the reference evaluation.
@Suite struct OperatorCaseTests {
  /// Cases that the runtime refuses as a variant it lacks, at least with some of their inputs computed;
  /// element types it has none of apart.
  private static let partlyRefused: [OperatorKind: Set<String>] = [
    .bitCast: ["float16 as bfloat16", "float64 as int64"],
    .cumProd: [
      "an axis as int32", "axis -1", "axis 0", "axis 0 in bfloat16", "axis 0 in float16",
      "axis 0 in float64", "axis 0 in int32", "axis 0 in int64", "axis 0 in int8",
      "axis 0 in uint8", "both", "exclusive", "no elements", "reversed",
    ],
    .cumSum: [
      "an axis as int32", "axis -1", "axis 0", "axis 0 in bfloat16", "axis 0 in float16",
      "axis 0 in float64", "axis 0 in int32", "axis 0 in int64", "axis 0 in int8",
      "axis 0 in uint8", "both", "exclusive", "no elements", "reversed",
    ],
    .dequantizeLinear: ["one scale in int64"],
    .dropout: [
      "ratio and mode", "ratio and mode in bfloat16", "ratio and mode in float16",
      "ratio and mode in float64",
    ],
    .gemm: ["a bias in int32", "a bias in int64", "a bias in int8", "a bias in uint8"],
    .maxPool: ["two axes in int32", "two axes in int64"],
    .reduceMax: ["the last axis in bool"],
    .reduceMin: ["the last axis in bool"],
    .resize: [
      "nearest, sizes in bool", "nearest, sizes in int32", "nearest, sizes in int64",
      "nearest, sizes in int8", "nearest, sizes in uint8",
    ],
    .trilu: ["beyond the matrix", "moved to the left", "moved to the right"],
  ]

  private enum Outcome: Equatable {
    case agrees
    case differs(String)
    /// At conversion, with the error's code.
    case refused(String)
    /// The reference itself has no value for it.
    case meaningless
  }

  /// Relative to a number of the type; a little more in float32, where sums differ in order.
  private static func unitInTheLastPlace(_ type: ElementType) -> Double {
    switch type {
    case .bfloat16: 1.0 / 128
    case .float16: 1.0 / 1024
    default: 2e-5
    }
  }

  private func rounded(_ tensor: Tensor, to type: ElementType) -> Tensor {
    guard type == .bfloat16 || type == .float16, tensor.elementType == .float32 else {
      return tensor
    }
    return Tensor(elementType: type, shape: tensor.shape, doubles: tensor.doubles)
  }

  /// Integers as numbers, where they are not to be compared exactly.
  private func comparable(_ tensor: Tensor, _ isQuantised: Bool) -> Tensor {
    isQuantised
      ? Tensor(elementType: .float64, shape: tensor.shape, doubles: tensor.doubles) : tensor
  }

  /// Converts a node, runs it, and compares every output.
  private func outcome(
    _ node: EspalierOperatorCases.OperatorCase, holding constants: Set<Int>,
    finiteOnly: Bool = false
  ) throws -> Outcome {
    let (graph, values) = node.graph(holding: constants)
    guard let typed = try? specialise(graph, file: node.description),
      let expected = try? interpret(typed, inputs: values, file: node.description)
    else { return .meaningless }
    if finiteOnly, !expected.allSatisfy({ $0.tensor.doubles.allSatisfy(\.isFinite) }) {
      return .meaningless
    }
    let bytes: [UInt8]
    do {
      bytes = try Conversion(typed, file: node.description).bytes()
    } catch {
      // Anything else, such as an internal fault, is no refusal.
      guard let code = "\(error)".firstMatch(of: /E100[1278]/) else { throw error }
      return .refused(String(code.output))
    }
    // What converts must load and run.
    let results = try loadModel(bytes: bytes, name: node.description).run(values)
    // The runtime keeps float32 where the reference rounds to the type, so its results are rounded too; a
    // sum beside the middle of two numbers may still become the other one.
    let coarsest = (node.inputs.compactMap { $0?.elementType } + expected.map(\.tensor.elementType))
      .map(Self.unitInTheLastPlace).max()!
    // A quotient in a short type is rounded before it becomes an integer, which may be the one beside it.
    let isQuantised = node.kind == .quantizeLinear && coarsest > 1e-4
    let verification = Verification(
      Dictionary(
        zip(expected, results).map { expected, result in
          (
            result.name,
            comparable(rounded(result.tensor, to: expected.tensor.elementType), isQuantised)
          )
        }
      ) { $1 },
      against: expected.map { ($0.name, comparable($0.tensor, isQuantised)) },
      tolerance: Tolerance(
        relative: isQuantised ? 0 : coarsest, absolute: isQuantised ? 1 : min(1e-5, coarsest)))
    return verification.pass
      ? .agrees : .differs(verification.outputs.compactMap { $0.reason }.joined(separator: "; "))
  }

  @Test(arguments: OperatorKind.allCases)
  func `every case runs as the reference does, or is refused by name`(kind: OperatorKind) throws {
    var ran = 0
    var refused: Set<String> = []
    for node in kind.typedCases {
      let decisive = node.decisive
      // Once with all that can be computed, once with one computed input and constant parameters.
      for constants in Set([decisive, decisive.union(node.inputs.indices.dropFirst())]) {
        let outcome = try outcome(node, holding: constants)
        switch outcome {
        case .agrees: ran += 1
        case .refused(GraphError.Code.badType.rawValue) where node.usesTypesWithoutRuntime: break
        case .refused(GraphError.Code.unsupportedVariant.rawValue): refused.insert(node.name)
        case .refused(let code): Issue.record("\(node): \(code)")
        case .differs, .meaningless:
          Issue.record("\(node), constants \(constants.sorted()): \(outcome)")
        }
      }
    }
    #expect(refused == Self.partlyRefused[kind] ?? [])
    #expect(ran >= 3)
  }

  /// Where every number is moderate: what becomes of infinities and NaN is each kernel's own check.
  @Test(arguments: OperatorKind.allCases)
  func `changed cases that convert run as the reference does`(kind: OperatorKind) throws {
    let seed = kind.rawValue.utf8.reduce(23) { $0 &* 31 &+ UInt64($1) }
    var random = Seeded(seed: seed)
    let (cases, rounds) = (kind.cases, 150)
    var compared = 0
    for round in 0..<rounds {
      let node = random.pick(cases).mutated(&random)
      let all = Set(node.inputs.indices)
      guard let types = try? node.types(knowing: all),
        types.allSatisfy({ $0.count < 1 << 16 }),
        node.inputs.allSatisfy({
          $0.map { !$0.elementType.isFloatingPoint || $0.doubles.allSatisfy { abs($0) < 1e4 } }
            ?? true
        }),
        node.attributes.values.allSatisfy({
          if case .float(let x) = $0 { x.isFinite } else { true }
        })
      else { continue }
      // ONNX leaves open what a floating-point number becomes in an integer type that lacks it.
      if kind == .cast || kind == .castLike, types[0].elementType == .uint8,
        let data = node.inputs[0], data.elementType.isFloatingPoint,
        data.doubles.contains(where: { !(0..<256).contains($0.rounded(.towardZero)) })
      {
        continue
      }
      let whole = all.filter { node.inputs[$0].map { !$0.elementType.isFloatingPoint } ?? false }
      let constants = round % 2 == 0 ? node.decisive : node.decisive.union(whole)
      switch try outcome(node, holding: constants, finiteOnly: true) {
      case .agrees: compared += 1
      case .differs(let reason):
        let types = node.inputs.map { $0?.type.description ?? "-" }
        Issue.record(
          "\(node) \(node.attributes) \(types) opset \(node.opset), seed \(seed): \(reason)")
      case .refused, .meaningless: continue
      }
    }
    // Changes of which few remain to be compared would prove little.
    #expect(compared * 5 >= rounds, "seed \(seed)")
  }
}

extension EspalierOperatorCases.OperatorCase {
  /// Whether a tensor of the node has a type of which the runtime has none.
  fileprivate var usesTypesWithoutRuntime: Bool {
    let known: Set<ElementType> = [
      .float32, .float16, .bfloat16, .float64, .int64, .int32, .int8, .uint8, .bool,
    ]
    let results = (try? types(knowing: Set(inputs.indices)))?.map(\.elementType) ?? []
    return !known.isSuperset(of: inputs.compactMap { $0?.elementType } + results)
  }
}
