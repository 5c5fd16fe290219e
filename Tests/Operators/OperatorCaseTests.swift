import Espalier
import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded
import Testing

/// Every operator's cases on the runtime against the reference evaluation.
@Suite struct OperatorCaseTests {
  /// Kinds of which the runtime refuses some variants, by name; element types it has none of apart.
  private static let partlyRefused: Set<OperatorKind> = [
    .cumSum, .dequantizeLinear, .dropout, .gemm, .maxPool, .quantizeLinear, .reduceMax, .reduceMin,
    .resize, .trilu,
  ]

  private enum Outcome: Equatable {
    case agrees
    case differs(String)
    /// At conversion, with the error's code.
    case refused(String)
    /// The reference itself has no value for it.
    case meaningless
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
      guard let code = "\(error)".firstMatch(of: /E10\d\d/) else { throw error }
      return .refused(String(code.output))
    }
    // What converts must load and run.
    let results = try loadModel(bytes: bytes, name: node.description).run(values)
    // The reference rounds to the type, bfloat16 to 8 bits; the runtime keeps float32 throughout.
    let isCoarse =
      expected.contains { $0.tensor.elementType == .bfloat16 }
      || node.inputs.contains { $0?.elementType == .bfloat16 }
    // So does a quotient before it becomes an integer, which may then be the one beside it.
    let isQuantised = isCoarse && node.kind == .quantizeLinear
    func widened(_ tensor: Tensor) -> Tensor {
      isQuantised
        ? Tensor(elementType: .float64, shape: tensor.shape, doubles: tensor.doubles) : tensor
    }
    let verification = Verification(
      Dictionary(results.map { ($0.name, widened($0.tensor)) }) { $1 },
      against: expected.map { ($0.name, widened($0.tensor)) },
      tolerance: Tolerance(
        relative: isCoarse ? 1.0 / 128 : 1e-3, absolute: isQuantised ? 1 : 1e-5))
    return verification.pass
      ? .agrees : .differs(verification.outputs.compactMap { $0.reason }.joined(separator: "; "))
  }

  @Test(arguments: OperatorKind.allCases)
  func `every case runs as the reference does, or is refused by name`(kind: OperatorKind) throws {
    var ran = 0
    for node in kind.typedCases {
      let decisive = node.decisive
      // Once with all that can be computed, once with one computed input and constant parameters.
      for constants in Set([decisive, decisive.union(node.inputs.indices.dropFirst())]) {
        let outcome = try outcome(node, holding: constants)
        switch outcome {
        case .agrees: ran += 1
        case .refused(GraphError.Code.badType.rawValue): break
        case .refused: #expect(Self.partlyRefused.contains(kind), "\(node)")
        case .differs, .meaningless:
          Issue.record("\(node), constants \(constants.sorted()): \(outcome)")
        }
      }
    }
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
        node.inputs.allSatisfy({ $0?.doubles.allSatisfy { abs($0) < 1e4 } ?? true }),
        node.attributes.values.allSatisfy({
          if case .float(let x) = $0 { x.isFinite } else { true }
        })
      else { continue }
      // ONNX leaves open what a negative number becomes where there are none.
      if kind == .cast || kind == .castLike, types[0].elementType == .uint8 { continue }
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
